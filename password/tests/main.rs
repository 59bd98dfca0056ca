//! The integration tests of the crate, one binary.
#![cfg(test)]

mod api;
mod docs;
mod properties;
mod vectors;
