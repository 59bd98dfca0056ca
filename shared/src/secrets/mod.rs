//! Secrets of Secrets Manager, by the names that the policy gives them.
//!
//! A secret is read at its first use, never at start, and kept for [`KEEP`]. Two versions count while a
//! secret rotates: what goes out is signed under both, or shows the current one; what comes in may be made with the
//! previous one.
//! While Secrets Manager does not answer, what was read before serves up to [`KEEP_STALE`]; who asks then gives the
//! question a part of their time only, and those who come next do not ask again for some seconds.

mod cache;
mod fetch;

pub use self::{
    cache::{KEEP, KEEP_STALE, Versions},
    fetch::{SecretError, Secrets},
};
