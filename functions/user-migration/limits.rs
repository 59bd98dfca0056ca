//! How often somebody may try: online guessing, and spraying one password over many names.
//!
//! Cognito's own lock-out is not documented to count what the trigger refuses.

use shared::{
    aws::ServiceError,
    deadline::Deadline,
    limit::{Limiter, Rate},
    state::EphemeralKey,
    trigger::{Failure, TriggerEvent},
};

/// The limits.
pub(crate) struct Limits {
    limiter: Limiter,
    per_name: Rate,
    per_client: Option<Rate>,
}

/// By which app client of which pool somebody tries.
pub(crate) struct Attempt<'a> {
    pub(crate) user_pool_id: &'a str,
    pub(crate) client_id: &'a str,
}

impl<'a> Attempt<'a> {
    /// # Errors
    /// When the event does not say of which pool it is.
    pub(crate) fn of(event: &'a TriggerEvent) -> Result<Self, Failure> {
        Ok(Self {
            user_pool_id: event.user_pool_id()?,
            client_id: event.caller().client_id.as_deref().unwrap_or_default(),
        })
    }
}

impl Limits {
    pub(crate) fn new(limiter: Limiter, per_name: Rate, per_client: Option<Rate>) -> Self {
        Self {
            limiter,
            per_name,
            per_client,
        }
    }

    /// Whether the app client may try the user of this record once more.
    ///
    /// A store may know one user by many names, more than anybody can fold here (a database compares without accents, a
    /// query looks into several columns), and each name has a budget of its own. The record has one, of the same rate, so
    /// that whoever keeps to one name never feels it.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn admits_record(
        &self,
        attempt: &Attempt<'_>,
        store: &str,
        record_id: &str,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let parts = [attempt.user_pool_id, attempt.client_id, store, record_id];
        let bucket = EphemeralKey::limit("user-migration", "record", &parts);
        self.limiter.take(&bucket, self.per_name, deadline).await
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
        typed: &str,
        deadline: Deadline,
    ) -> Result<Option<&'static str>, ServiceError> {
        let Attempt {
            user_pool_id,
            client_id,
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
