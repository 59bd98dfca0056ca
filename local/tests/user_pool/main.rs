//! The user pool, asked by AWS's own client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod administration;
mod confirmation;
mod forgotten_password;
mod migration;
mod pool;
mod sign_in;
mod sign_up;
mod triggers;
