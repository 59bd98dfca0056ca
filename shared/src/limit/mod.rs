//! Limits: how often something may happen, counted across all environments of a function.

mod bucket;
mod level;
mod rate;
mod take;

pub use self::{bucket::Bucket, level::Level, rate::Rate, take::Limiter};
