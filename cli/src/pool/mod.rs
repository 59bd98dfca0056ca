//! `poolkeeper attach`, `detach` and `doctor`: a user pool's triggers, put there, taken off, looked at.

pub(crate) mod attach;
mod backup;
mod by_policy;
pub(crate) mod detach;
pub(crate) mod doctor;
mod lambda;
mod session;
mod wanted;

use shared::user_pool::Change;

/// One trigger that changes, for the screen.
fn told(change: &Change) -> String {
    let function = |arn: &Option<String>| arn.clone().unwrap_or_else(|| "none".to_owned());
    format!(
        "{}: {} -> {}",
        change.trigger,
        function(&change.from),
        function(&change.to)
    )
}
