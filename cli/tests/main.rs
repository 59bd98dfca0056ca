//! The integration tests of `poolkeeper`, one binary: a module a command, and one that none shows a secret.
#![cfg(test)]

mod attach;
mod audit;
mod block;
mod check;
mod credentials;
mod credentials_cache;
mod credentials_input;
mod credentials_together;
mod doctor;
mod explain;
mod explain_vend;
mod export_cognito;
mod export_hashes;
mod invite;
mod pools;
mod printed;
mod readmit;
mod report;
mod revoke;
mod silent;
mod support;
mod verify;
mod web_identity;
