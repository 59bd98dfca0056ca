//! The profile, and the event that is written with it.

use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;

use super::{
    EventKind, Recorder, User, Written,
    event::outbox_event,
    transaction::{Condition, Transacted, Transaction},
};
use crate::{
    aws::ServiceError,
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item, rfc3339, text},
};

/// The attribute of a profile that lists the groups which the user is still to join.
pub const PENDING_GROUPS: &str = "pending_groups";

/// The attribute of a profile whose user may still have an invitation to redeem.
pub const PENDING_INVITATION: &str = "pending_invitation";

/// The attribute of a profile that says what became of the invitation which the sign-up held: `redeemed`, or `lost`
/// where another account has it.
pub const INVITATION: &str = "invitation";

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
        let table = &self.directory;
        let mut both = Transaction::default();
        let profile_item = profile(user, now);
        let at = both.put(table, profile_item.clone(), Condition::New);
        let event = outbox_event(user, EventKind::Confirmed, CONFIRMED, now);
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
    let claim = |mailbox| DirectoryKey::email_claim(user.user_pool_id, mailbox).pk;
    if !user.groups.is_empty() {
        let groups = user.groups.iter().map(|group| (*group).to_owned());
        item.insert(
            PENDING_GROUPS.to_owned(),
            AttributeValue::Ss(groups.collect()),
        );
    }
    if user.redeems {
        item.insert(PENDING_INVITATION.to_owned(), AttributeValue::Bool(true));
    }
    item.extend(user.mailbox.map(|mailbox| text("claim", claim(mailbox))));
    item
}
