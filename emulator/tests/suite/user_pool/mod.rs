//! The user pool, asked by AWS's own client.

mod administration;
mod confirmation;
mod federation;
mod forgotten_password;
mod migration;
pub(crate) mod pool;
mod sign_in;
mod sign_up;
mod triggers;
