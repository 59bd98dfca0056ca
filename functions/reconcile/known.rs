//! What the directory knows of a user, as far as it is compared with the pool.

use std::collections::BTreeMap;

use shared::{
    enrol::Pending,
    state::{Item, read_text},
};

use crate::tier;

/// A profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) attributes: BTreeMap<String, String>,
    /// The key of the claim of the user's mailbox.
    pub(crate) claim: Option<String>,
    /// Another user has that mailbox.
    pub(crate) mailbox_taken: bool,
    /// What is still to be done for the user.
    pub(crate) pending: Pending,
    /// The groups do not follow the tier yet.
    pub(crate) tier_pending: bool,
    /// An operator has erased the user, whom the pool still has: nothing is recorded of them.
    pub(crate) erased: bool,
}

/// What is known of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) profile: Option<Profile>,
    /// The `sub` of the user who holds the mailbox that the pool says is this user's.
    pub(crate) holder: Option<String>,
}

impl Profile {
    pub(crate) fn read(item: &Item) -> Self {
        let attributes = item.get("attributes").and_then(|map| map.as_m().ok());
        let attributes = attributes.into_iter().flatten();
        let attributes =
            attributes.filter_map(|(name, value)| Some((name.clone(), value.as_s().ok()?.clone())));
        Self {
            attributes: attributes.collect(),
            claim: read_text(item, "claim").map(str::to_owned),
            mailbox_taken: read_text(item, "mailbox") == Some("taken"),
            pending: Pending::read(item),
            tier_pending: item.contains_key(tier::PENDING),
            erased: Pending::read(item).erased,
        }
    }
}
