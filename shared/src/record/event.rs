//! Outbox events: what happened and to whom, no attributes. Consumers read the profile.
//!
//! An event is an item in the partition of the user's profile; the table's stream carries new ones to the
//! bus. docs/events/ has a JSON Schema for each kind, which the tests hold every written event to.

use time::OffsetDateTime;

use super::User;
use crate::state::{DirectoryKey, Item, key_item, number, rfc3339, text};

/// Version of the events' format. An addition keeps it.
pub const EVENT_VERSION: i64 = 1;

/// What happened to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The user was confirmed, once in their life.
    Confirmed,
    /// A forgotten password was replaced.
    PasswordReset,
    /// The user is confirmed with an e-mail address whose mailbox another user of the pool has claimed.
    MailboxTaken,
    /// The user is confirmed, and the invitation that the sign-up showed is another account's by now.
    InvitationLost,
    /// What the profile keeps of the user has changed.
    Updated,
    /// A user of a legacy store has been seen in the pool.
    Migrated,
    /// The pool knows the user no more, or an operator has erased them.
    Deleted,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Confirmed,
        Self::PasswordReset,
        Self::MailboxTaken,
        Self::InvitationLost,
        Self::Updated,
        Self::Migrated,
        Self::Deleted,
    ];

    /// As the item and the bus call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "user.confirmed",
            Self::PasswordReset => "user.password_reset",
            Self::MailboxTaken => "user.mailbox_taken",
            Self::InvitationLost => "user.invitation_lost",
            Self::Updated => "user.updated",
            Self::Migrated => "user.migrated",
            Self::Deleted => "user.deleted",
        }
    }
}

/// The event as an item, to be put where there is none yet; `id` is its own among the user's events.
pub fn outbox_event(user: &User<'_>, kind: EventKind, id: &str, now: OffsetDateTime) -> Item {
    let key = DirectoryKey::event(user.user_pool_id, user.sub, id);
    let mut item = key_item(&key);
    item.extend([
        text("type", kind.as_str()),
        number("version", EVENT_VERSION),
        text("event_id", id),
        text("user_pool_id", user.user_pool_id),
        text("sub", user.sub),
        text("source", user.source),
        text("occurred_at", rfc3339(now)),
    ]);
    item.extend(user.client_id.map(|client| text("client_id", client)));
    item
}
