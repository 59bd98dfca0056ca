//! Limits: how often something may happen, counted across all environments of a function.

mod rate;
mod take;

pub use self::{rate::Rate, take::Limiter};
