//! What a run did, counted: the audit line, the answer and the cursor say it in the same words.

use std::collections::BTreeMap;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Count {
    /// A user of the pool was looked at.
    Listed,
    /// A user who is not confirmed, or has changed so lately that post-confirmation may be at work.
    LeftAlone,
    /// A profile that was missing is there.
    Created,
    /// A profile follows what changed in the pool.
    Updated,
    /// A mailbox was claimed.
    Claimed,
    /// A mailbox belongs to another user.
    MailboxTaken,
    /// The claim of a mailbox that is the user's no more was released.
    Released,
    /// An invitation is held by nobody any more, whose sign-up was never confirmed.
    HoldReleased,
    /// A user is gone from the pool.
    Deleted,
    /// A user of a legacy store was seen in the pool.
    Migrated,
    /// A user joined a group.
    Joined,
    /// The groups of a user followed their tier.
    Tiered,
    /// An invitation was redeemed.
    Redeemed,
    /// A group could not be joined, or an invitation not be redeemed; the log says why.
    EnrolmentDeferred,
    /// Somebody whom post-confirmation had deferred was looked at.
    Drained,
    /// A service refused to write a user's records; the log says which.
    Refused,
}

impl Count {
    const ALL: [Self; 16] = [
        Self::Listed,
        Self::LeftAlone,
        Self::Created,
        Self::Updated,
        Self::Claimed,
        Self::MailboxTaken,
        Self::Released,
        Self::HoldReleased,
        Self::Deleted,
        Self::Migrated,
        Self::Joined,
        Self::Tiered,
        Self::Redeemed,
        Self::EnrolmentDeferred,
        Self::Drained,
        Self::Refused,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::LeftAlone => "left_alone",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Claimed => "claimed",
            Self::MailboxTaken => "mailbox_taken",
            Self::Released => "released",
            Self::HoldReleased => "holds_released",
            Self::Deleted => "deleted",
            Self::Migrated => "migrated",
            Self::Joined => "joined",
            Self::Tiered => "tiered",
            Self::Redeemed => "redeemed",
            Self::EnrolmentDeferred => "enrolment_deferred",
            Self::Drained => "drained",
            Self::Refused => "refused",
        }
    }
}

/// How often what was counted happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<Count, u64>);

impl Counts {
    pub(crate) fn add(&mut self, count: Count) {
        *self.0.entry(count).or_default() += 1;
    }

    pub(crate) fn extend(&mut self, counts: impl IntoIterator<Item = Count>) {
        counts.into_iter().for_each(|count| self.add(count));
    }

    /// By their names, those that are zero too.
    pub(crate) fn named(&self) -> BTreeMap<&'static str, u64> {
        let of = |count: Count| self.0.get(&count).copied().unwrap_or_default();
        Count::ALL.map(|count| (count.as_str(), of(count))).into()
    }
}
