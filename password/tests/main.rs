//! The integration tests of the crate, one binary.
#![cfg(test)]

mod api;
mod properties;
mod vectors;
