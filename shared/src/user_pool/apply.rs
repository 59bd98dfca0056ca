//! A plan, carried out and verified: the pool is described again, and whatever differs is an error.

use serde_json::Value;

use super::{MfaSettings, Plan, PoolApi, PoolSettings};
use crate::{aws::SignedError, deadline::Deadline};

/// Why a plan was not carried out, or what else changed with it.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A call failed. Whether the pool has changed is not known.
    #[error(transparent)]
    Call(#[from] SignedError),
    /// The triggers are not those that were sent.
    #[error("the pool does not call what it was told to")]
    Triggers,
    /// Settings that nobody meant to change have changed.
    #[error("other settings changed: {}", .0.join(", "))]
    Others(Vec<String>),
}

/// Carries out `plan` on the pool that was `before`, and verifies it. Second factors that the update has
/// touched are brought back: UpdateUserPool does not take them all.
///
/// # Errors
/// When a call fails or a setting has not survived.
pub async fn apply(
    api: &PoolApi,
    plan: &Plan,
    before: &PoolSettings,
    mfa: &MfaSettings,
    deadline: Deadline,
) -> Result<(), ApplyError> {
    api.update(&plan.request, deadline).await?;
    let after = api.mfa(deadline).await?;
    if !mfa.differences(&after).is_empty() {
        api.set_mfa(mfa, deadline).await?;
    }
    let after = api.describe(deadline).await?;
    let mut others = before.differences(&after);
    others.extend(mfa.differences(&api.mfa(deadline).await?));
    if !others.is_empty() {
        return Err(ApplyError::Others(others));
    }
    if Value::Object(after.lambda_config()) != Value::Object(plan.lambda_config.clone()) {
        return Err(ApplyError::Triggers);
    }
    Ok(())
}
