//! The integration tests of `shared`, one binary.
#![cfg(test)]

mod start;
