//! Everything that a pool remembers, and who of its users owns which sign-in name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    attributes::Attributes,
    group::Group,
    session::Session,
    settings::{Contact, Settings},
    srp::Exchange,
    users::User,
};
use crate::iam::JsonError;

/// Everything the pool remembers.
#[derive(Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    /// By refresh token.
    pub(super) sessions: BTreeMap<String, Session>,
    /// Who has to choose a password, by the challenge's session.
    pub(super) challenges: BTreeMap<String, String>,
    /// Sign-ins by the Secure Remote Password protocol, by the block that comes back.
    pub(super) exchanges: BTreeMap<Vec<u8>, Exchange>,
}

impl State {
    /// Ends every sign-in of a user.
    pub(super) fn sign_out(&mut self, username: &str) {
        self.sessions
            .retain(|_, session| session.username != username);
    }

    /// The user whom `name` signs in: by user name, by an attribute that replaces it, or by a
    /// verified alias. Case does not matter, as in pools made since 2020.
    pub(super) fn find(&self, settings: &Settings, name: &str) -> Option<&User> {
        // By user name at once: a pool may hold very many.
        self.users.get(name).or_else(|| {
            let mut users = self.users.values();
            users.find(|user| user.answers_to(settings, name))
        })
    }

    pub(super) fn find_mut(&mut self, settings: &Settings, name: &str) -> Option<&mut User> {
        let found = self.find(settings, name)?.username.clone();
        self.users.get_mut(&found)
    }

    /// Whether `user` could be added beside those who are there.
    pub(super) fn refuse_duplicate(
        &self,
        settings: &Settings,
        username: &str,
        attributes: &Attributes,
    ) -> Result<(), JsonError> {
        let exists = |message| Err(JsonError::new("UsernameExistsException", message));
        for user in self.users.values() {
            if user.username.eq_ignore_ascii_case(username) {
                return exists("User already exists".to_owned());
            }
            for contact in &settings.username_attributes {
                let name = contact.attribute();
                if user.attributes.same(name, attributes) {
                    return exists(format!("An account with the given {name} already exists."));
                }
            }
        }
        Ok(())
    }

    /// Marks the attribute as verified. As an alias it has one owner: `force` takes it away from
    /// whoever had it.
    pub(super) fn verify(
        &mut self,
        settings: &Settings,
        username: &str,
        contact: Contact,
        force: bool,
    ) -> Result<(), JsonError> {
        let Some(user) = self.users.get(username) else {
            return Err(JsonError::user_not_found());
        };
        let attributes = user.attributes.clone();
        if settings.alias_attributes.contains(&contact) {
            for other in self
                .users
                .values_mut()
                .filter(|other| other.username != username)
            {
                if !other.is_verified(contact)
                    || !other.attributes.same(contact.attribute(), &attributes)
                {
                    continue;
                }
                if !force {
                    let message = format!(
                        "An account with the {} already exists.",
                        contact.attribute()
                    );
                    return Err(JsonError::new("AliasExistsException", message));
                }
                other.attributes.set(contact.verified_attribute(), "false");
            }
        }
        if let Some(user) = self.users.get_mut(username) {
            user.attributes.set(contact.verified_attribute(), "true");
        }
        Ok(())
    }
}

impl State {
    /// No users yet, and these groups; what is no group is left out.
    pub(super) fn with_groups(groups: &[Value]) -> Self {
        let groups = groups.iter().cloned();
        let groups = groups.filter_map(|group| serde_json::from_value::<Group>(group).ok());
        Self {
            groups: groups
                .map(|group| (group.group_name.clone(), group))
                .collect(),
            ..Self::default()
        }
    }

    /// A user's groups, the one that counts most first.
    pub(super) fn groups_of(&self, user: &User) -> Vec<&Group> {
        let mut groups: Vec<&Group> = user
            .groups
            .iter()
            .filter_map(|name| self.groups.get(name))
            .collect();
        groups.sort_by_key(|group| group.rank());
        groups
    }
}
