//! The profile, and the events that are written with it or with a mark of their own.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;

use super::{
    EventKind, Recorder, User, Written,
    event::event,
    transaction::{Condition, Transacted, Transaction},
};
use crate::{
    aws::ServiceError,
    deadline::Deadline,
    state::{DirectoryKey, EphemeralKey, Item, key_item, number, rfc3339, text},
};

/// Of `user.confirmed`: a user is confirmed once.
const CONFIRMED: &str = "user-confirmed";

impl Recorder {
    /// The profile and the event `user.confirmed`, once per user.
    ///
    /// # Errors
    /// When DynamoDB does not say by `deadline` that they are there.
    pub async fn user_confirmed(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<Written, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let table = &self.tables.directory;
        let mut both = Transaction::default();
        let profile_item = profile(user, now);
        let at = both.put(table, profile_item.clone(), Condition::New);
        let event = event(user, EventKind::Confirmed, CONFIRMED, now);
        both.put(table, event, Condition::New);
        match both.write(&self.client, deadline).await? {
            Transacted::Written => Ok(Written::Now),
            Transacted::Refused(items) if items.contains(&at) => Ok(Written::Before),
            // The event has been told, and its profile is gone: only the profile is made again.
            Transacted::Refused(_) => {
                let mut alone = Transaction::default();
                alone.put(table, profile_item, Condition::New);
                match alone.write(&self.client, deadline).await? {
                    Transacted::Written => Ok(Written::Now),
                    Transacted::Refused(_) => Ok(Written::Before),
                }
            }
        }
    }

    /// The event `user.password_reset`, once per `window`: Cognito gives such events no id, so a second
    /// one of the same user within it counts as delivered again.
    ///
    /// # Errors
    /// As [`Self::user_confirmed`].
    pub async fn password_reset(
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
        let unless_recent = Condition::NewOrExpired(seconds);
        both.put(&self.tables.ephemeral, mark, unless_recent);
        // The mark decides; the event's id only has to be one of its own.
        let id = format!("password-reset#{}", now.unix_timestamp_nanos());
        let event = event(user, EventKind::PasswordReset, &id, now);
        both.put(&self.tables.directory, event, Condition::New);
        match both.write(&self.client, deadline).await? {
            Transacted::Written => Ok(Written::Now),
            Transacted::Refused(_) => Ok(Written::Before),
        }
    }
}

fn profile(user: &User<'_>, now: OffsetDateTime) -> Item {
    let mut item = key_item(&DirectoryKey::profile(user.user_pool_id, user.sub));
    let attributes = user.attributes.iter();
    let attributes = attributes.map(|(name, value)| text(name, *value)).collect();
    item.extend([
        text("user_pool_id", user.user_pool_id),
        text("sub", user.sub),
        text("user_name", user.user_name),
        text("confirmed_by", user.source),
        text("created_at", rfc3339(now)),
        ("attributes".to_owned(), AttributeValue::M(attributes)),
    ]);
    item
}
