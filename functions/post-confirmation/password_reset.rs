//! The event of a password reset, which Cognito gives no id: a mark says for a while that it has been told.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    record::{Condition, EventKind, Transacted, Transaction, User, Written, outbox_event},
    state::{EphemeralKey, Item, number, text},
};
use time::OffsetDateTime;

/// Tells of password resets.
pub(crate) struct PasswordResets {
    pub(crate) client: Client,
    pub(crate) directory: String,
    pub(crate) ephemeral: String,
}

impl PasswordResets {
    /// The event `user.password_reset`, once per `window`: a second one of the same user within it counts as
    /// delivered again.
    ///
    /// # Errors
    /// When DynamoDB does not say by `deadline` that it is there.
    pub(crate) async fn tell(
        &self,
        user: &User<'_>,
        window: Duration,
        deadline: Deadline,
    ) -> Result<Written, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let seconds = now.unix_timestamp();
        let expires_at = seconds.saturating_add_unsigned(window.as_secs());
        let who = [user.user_pool_id, user.sub];
        let key = EphemeralKey::recent("post-confirmation", "password-reset", &who);
        let mark = Item::from([text("pk", key.0), number("expires_at", expires_at)]);
        let mut both = Transaction::default();
        both.put(&self.ephemeral, mark, Condition::NewOrExpired(seconds));
        // The mark decides; the event's id only has to be one of its own.
        let id = format!("password-reset#{}", now.unix_timestamp_nanos());
        let event = outbox_event(user, EventKind::PasswordReset, &id, now);
        both.put(&self.directory, event, Condition::New);
        match both.write(&self.client, deadline).await? {
            Transacted::Written => Ok(Written::Now),
            Transacted::Refused(_) => Ok(Written::Before),
        }
    }
}
