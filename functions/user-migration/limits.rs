//! How often somebody may try: online guessing, and spraying one password over many names.
//!
//! Cognito's own lock-out is not documented to count what the trigger refuses.

use shared::{
    aws::ServiceError,
    deadline::Deadline,
    limit::{Limiter, Rate},
    state::EphemeralKey,
};

/// The limits.
pub(crate) struct Limits {
    limiter: Limiter,
    per_name: Rate,
    per_client: Option<Rate>,
}

/// Who tries.
pub(crate) struct Attempt<'a> {
    pub(crate) user_pool_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) typed: &'a str,
}

impl Limits {
    pub(crate) fn new(limiter: Limiter, per_name: Rate, per_client: Option<Rate>) -> Self {
        Self {
            limiter,
            per_name,
            per_client,
        }
    }

    /// The reason code of the limit that is reached, if one is.
    ///
    /// The name's limit comes first: guesses at one name must not use up the budget of the app client, by
    /// which everybody else moves in.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn reached(
        &self,
        attempt: &Attempt<'_>,
        deadline: Deadline,
    ) -> Result<Option<&'static str>, ServiceError> {
        let Attempt {
            user_pool_id,
            client_id,
            typed,
        } = *attempt;
        // However it is written, it is the same person's.
        let name = typed.trim().to_lowercase();
        let parts = [user_pool_id, client_id, &name];
        let bucket = EphemeralKey::limit("user-migration", "name", &parts);
        if !self.limiter.take(&bucket, self.per_name, deadline).await? {
            return Ok(Some("limited-name"));
        }
        if let Some(rate) = self.per_client {
            let parts = [user_pool_id, client_id];
            let bucket = EphemeralKey::limit("user-migration", "client", &parts);
            if !self.limiter.take(&bucket, rate, deadline).await? {
                return Ok(Some("limited-client"));
            }
        }
        Ok(None)
    }
}
