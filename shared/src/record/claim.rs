//! The claim of a mailbox: of the users of a pool, the first who was confirmed with its address holds it.
//!
//! It is taken at confirmation and not at sign-up, for an unverified stranger must not reserve an address.
//! The loser of a race is confirmed already: the profile says so, and an event tells whoever can decide.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use time::OffsetDateTime;

use super::{
    EventKind, Recorder, User,
    event::outbox_event,
    transaction::{Condition, Transacted, Transaction},
};
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, digest, key_item, rfc3339, text},
};

/// Of `user.mailbox_taken`: once for each mailbox that a user has lost.
fn event_id(user: &User<'_>, claim: &DirectoryKey) -> String {
    format!(
        "mailbox-taken#{}",
        digest("mailbox-taken", &[user.sub, &claim.pk])
    )
}

/// Who holds a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This user, from now or from before.
    Held,
    /// Another user of the pool.
    Taken,
}

impl Recorder {
    /// Claims the mailbox of `canonical_email` for a user. Where another has it, the profile and an event
    /// say so.
    ///
    /// # Errors
    /// When DynamoDB does not say by `deadline` who holds it.
    pub async fn claim_email(
        &self,
        user: &User<'_>,
        canonical_email: &str,
        deadline: Deadline,
    ) -> Result<Claim, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let key = DirectoryKey::email_claim(user.user_pool_id, canonical_email);
        let result = self
            .client
            .update_item()
            .table_name(&self.directory)
            .set_key(Some(key_item(&key)))
            .update_expression(
                "SET #sub = :sub, user_pool_id = :pool, claimed_at = if_not_exists(claimed_at, :now)",
            )
            // A delivery of the same user's before this one holds it for them.
            .condition_expression("attribute_not_exists(pk) OR #sub = :sub")
            .expression_attribute_names("#sub", "sub")
            .set_expression_attribute_values(Some(Item::from([
                text(":sub", user.sub),
                text(":pool", user.user_pool_id),
                text(":now", rfc3339(now)),
            ])))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Claim::Held),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    self.mailbox_taken(user, &key, now, deadline).await?;
                    Ok(Claim::Taken)
                }
                _ => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
            },
        }
    }

    /// The flag in the profile, and the event once per user and mailbox.
    async fn mailbox_taken(
        &self,
        user: &User<'_>,
        claim: &DirectoryKey,
        now: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let table = &self.directory;
        let profile = DirectoryKey::profile(user.user_pool_id, user.sub);
        let mut both = Transaction::default();
        let flag = both.set(table, &profile, "mailbox", "taken");
        let event = outbox_event(user, EventKind::MailboxTaken, &event_id(user, claim), now);
        both.put(table, event, Condition::New);
        match both.write(&self.client, deadline).await? {
            // Told before, and the user may have had the mailbox since: the flag alone.
            Transacted::Refused(items) if !items.contains(&flag) => {
                let mut alone = Transaction::default();
                alone.set(table, &profile, "mailbox", "taken");
                alone.write(&self.client, deadline).await.map(drop)
            }
            // There is no profile to flag.
            Transacted::Refused(_) | Transacted::Written => Ok(()),
        }
    }
}
