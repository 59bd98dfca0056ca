//! The identities of the pool: a developer user has one, for good.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::{
    iam::{NoRandomness, random},
    random::uuid_of,
};

/// An identity; a guest has no developer users.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    pub(super) created_at: u64,
    pub(super) modified_at: u64,
    pub(super) developer_users: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct Identities {
    by_id: HashMap<String, Identity>,
    by_developer_user: HashMap<String, String>,
}

/// Why a developer user gets no identity.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// The identity asked for does not exist.
    Unknown,
    /// The user has another identity.
    RegisteredElsewhere,
}

impl Identities {
    pub(super) fn get(&self, identity_id: &str) -> Option<&Identity> {
        self.by_id.get(identity_id)
    }

    pub(super) fn of_developer_user(&self, user: &str) -> Option<&String> {
        self.by_developer_user.get(user)
    }

    /// A new identity without any login.
    pub(super) fn create(&mut self, region: &str, now: u64) -> Result<String, NoRandomness> {
        let id = format!("{region}:{}", uuid_of(random()?));
        let identity = Identity {
            created_at: now,
            modified_at: now,
            ..Identity::default()
        };
        self.by_id.insert(id.clone(), identity);
        Ok(id)
    }

    /// The identity of a developer user: the one it has, else `wanted`, else a new one.
    pub(super) fn link(
        &mut self,
        user: &str,
        wanted: Option<&str>,
        region: &str,
        now: u64,
    ) -> Result<String, LinkError> {
        let first = first_identity_id(user, region);
        let known = |id: &str| self.by_id.contains_key(id) || id == first;
        if wanted.is_some_and(|id| !known(id)) {
            return Err(LinkError::Unknown);
        }
        let own = self.by_developer_user.get(user);
        if let (Some(own), Some(wanted)) = (own, wanted)
            && own != wanted
        {
            return Err(LinkError::RegisteredElsewhere);
        }
        let id = own.cloned().or(wanted.map(str::to_owned)).unwrap_or(first);
        let identity = self.by_id.entry(id.clone()).or_insert(Identity {
            created_at: now,
            ..Identity::default()
        });
        if identity.developer_users.insert(user.to_owned()) {
            identity.modified_at = now;
        }
        self.by_developer_user.insert(user.to_owned(), id.clone());
        Ok(id)
    }
}

/// The identity that a developer user gets at first. It is made of the user, not of chance, so that it is
/// the same after a restart, when tables that were kept in a file still name it.
fn first_identity_id(user: &str, region: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(user).into();
    let bytes = std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default());
    format!("{region}:{}", uuid_of(bytes))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_developer_user_has_the_same_identity_after_a_restart() {
        let before = Identities::default()
            .link("user-1", None, "us-east-1", 1)
            .unwrap();
        let mut after = Identities::default();
        assert_eq!(
            after.link("user-1", Some(&before), "us-east-1", 2),
            Ok(before.clone())
        );
        assert_eq!(
            after.link("user-2", Some("us-east-1:x"), "us-east-1", 2),
            Err(LinkError::Unknown)
        );
        assert_ne!(after.link("user-2", None, "us-east-1", 2), Ok(before));
    }

    #[test]
    fn a_developer_user_keeps_its_identity_and_cannot_take_a_second() {
        let mut identities = Identities::default();
        let guest = identities.create("us-east-1", 1).unwrap();
        let first = identities.link("u1", None, "us-east-1", 1).unwrap();
        assert_eq!(identities.link("u1", None, "us-east-1", 2).unwrap(), first);
        let refused = identities.link("u1", Some(&guest), "us-east-1", 3);
        assert_eq!(refused, Err(LinkError::RegisteredElsewhere));
        assert_eq!(
            identities.link("u2", Some("us-east-1:none"), "us-east-1", 3),
            Err(LinkError::Unknown)
        );
        assert_eq!(
            identities.link("u2", Some(&guest), "us-east-1", 3).unwrap(),
            guest
        );
    }
}
