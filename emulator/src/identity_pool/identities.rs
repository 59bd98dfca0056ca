//! The identities of a pool: a login has one, for good.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::{
    iam::{NoRandomness, random},
    random::uuid_of,
};

/// Who an identity is for, at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Login {
    /// The developer provider's name, or `cognito-idp.<region>.amazonaws.com/<pool>`.
    pub(super) provider: String,
    /// The developer user identifier, or the `sub`.
    pub(super) user: String,
}

/// An identity; a guest has no logins.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    pub(super) created_at: u64,
    pub(super) modified_at: u64,
    pub(super) logins: BTreeSet<Login>,
}

#[derive(Debug, Default)]
pub(super) struct Identities {
    by_id: HashMap<String, Identity>,
    by_login: HashMap<Login, String>,
    deleted: BTreeSet<String>,
    /// Whether a login's second call gets an identity of its own; and those that did.
    pub(super) two_first: bool,
    second: HashMap<Login, String>,
}

/// Why a login gets no identity.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// The identity asked for does not exist.
    Unknown,
    /// The login has another identity.
    RegisteredElsewhere,
}

impl Identities {
    pub(super) fn get(&self, identity_id: &str) -> Option<&Identity> {
        self.by_id.get(identity_id)
    }

    pub(super) fn of_login(&self, login: &Login) -> Option<&String> {
        self.by_login.get(login)
    }

    /// An identity is no more, and nobody gets it again.
    pub(super) fn delete(&mut self, identity_id: &str) {
        self.by_id.remove(identity_id);
        self.by_login.retain(|_, id| id != identity_id);
        self.second.retain(|_, id| id != identity_id);
        self.deleted.insert(identity_id.to_owned());
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

    /// The identity of a login: the one it has, else `wanted`, else a new one.
    pub(super) fn link(
        &mut self,
        login: Login,
        wanted: Option<&str>,
        region: &str,
        now: u64,
    ) -> Result<String, LinkError> {
        let mut first = first_identity_id(&login, region);
        if self.deleted.contains(&first) {
            let anew = Login {
                user: format!("{} again {}", login.user, self.deleted.len()),
                ..login.clone()
            };
            first = first_identity_id(&anew, region);
        }
        let unused = wanted.is_none() && self.two_first && !self.second.contains_key(&login);
        if unused && self.by_login.contains_key(&login) {
            let other = Login {
                user: format!("{} at the same time", login.user),
                ..login.clone()
            };
            let id = first_identity_id(&other, region);
            self.by_id
                .entry(id.clone())
                .or_default()
                .logins
                .insert(login.clone());
            self.second.insert(login, id.clone());
            return Ok(id);
        }
        if let Some(second) = self.second.get(&login)
            && wanted == Some(second.as_str())
        {
            return Ok(second.clone());
        }
        let known = |id: &str| self.by_id.contains_key(id) || id == first;
        if wanted.is_some_and(|id| !known(id)) {
            return Err(LinkError::Unknown);
        }
        let own = self.by_login.get(&login);
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
        if identity.logins.insert(login.clone()) {
            identity.modified_at = now;
        }
        self.by_login.insert(login, id.clone());
        Ok(id)
    }
}

/// The identity that a login gets at first. It is made of the login, not of chance, so that it is the
/// same after a restart, when tables that were kept in a file still name it.
fn first_identity_id(login: &Login, region: &str) -> String {
    let text = format!("{}\n{}", login.provider, login.user);
    let digest: [u8; 32] = Sha256::digest(text).into();
    let bytes = std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default());
    format!("{region}:{}", uuid_of(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str) -> Login {
        Login {
            provider: "developer".to_owned(),
            user: user.to_owned(),
        }
    }

    #[test]
    fn a_developer_user_has_the_same_identity_after_a_restart() {
        let before = Identities::default()
            .link(login("user-1"), None, "us-east-1", 1)
            .unwrap();
        let mut after = Identities::default();
        assert_eq!(
            after.link(login("user-1"), Some(&before), "us-east-1", 2),
            Ok(before.clone())
        );
        assert_eq!(
            after.link(login("user-2"), Some("us-east-1:x"), "us-east-1", 2),
            Err(LinkError::Unknown)
        );
        assert_ne!(
            after.link(login("user-2"), None, "us-east-1", 2),
            Ok(before)
        );
    }

    #[test]
    fn a_developer_user_keeps_its_identity_and_cannot_take_a_second() {
        let mut identities = Identities::default();
        let guest = identities.create("us-east-1", 1).unwrap();
        let first = identities.link(login("u1"), None, "us-east-1", 1).unwrap();
        assert_eq!(
            identities.link(login("u1"), None, "us-east-1", 2).unwrap(),
            first
        );
        let refused = identities.link(login("u1"), Some(&guest), "us-east-1", 3);
        assert_eq!(refused, Err(LinkError::RegisteredElsewhere));
        assert_eq!(
            identities.link(login("u2"), Some("us-east-1:none"), "us-east-1", 3),
            Err(LinkError::Unknown)
        );
        assert_eq!(
            identities
                .link(login("u2"), Some(&guest), "us-east-1", 3)
                .unwrap(),
            guest
        );
    }
}
