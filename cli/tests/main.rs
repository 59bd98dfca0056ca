//! The integration tests of `poolkeeper`, one binary: a module a command, and one that none shows a secret.
#![cfg(test)]

mod audit;
mod check;
mod explain;
mod explain_vend;
mod export_cognito;
mod export_hashes;
mod readmit;
mod report;
mod silent;
mod support;
mod verify;
