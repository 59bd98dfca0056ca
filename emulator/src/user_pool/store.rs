//! The users in a file, so that they are there after a restart. Sign-ins, challenges and codes are not:
//! whoever was signed in signs in again.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    UserPool,
    attributes::Attributes,
    group::Group,
    users::{Status, User},
};

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    users: Vec<User>,
    groups: Vec<Group>,
}

impl UserPool {
    /// Reads the users and groups of `path`, if there is such a file, and keeps them there from now on.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn keep_in(&self, path: &Path) -> io::Result<()> {
        match fs::read(path) {
            Ok(bytes) => {
                let kept: Kept = serde_json::from_slice(&bytes)?;
                let mut state = self.state();
                for user in kept.users {
                    state.users.insert(user.username.clone(), user);
                }
                for group in kept.groups {
                    // What the template says of a group is newer.
                    let name = group.group_name.clone();
                    state.groups.entry(name).or_insert(group);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // A pool that keeps its users already goes on where it does.
        let _ = self.0.file.set(path.to_owned());
        Ok(())
    }

    /// Adds users as if they had been confirmed with a verified address, by their `sub`, which is the user name
    /// too. No trigger runs and nothing is checked: for tests that need very many.
    pub fn add_confirmed(&self, users: impl IntoIterator<Item = (String, String)>) {
        let settings = self.settings();
        let mut state = self.state();
        for (sub, email) in users {
            let mut attributes = Attributes::default();
            attributes.set("email", &email);
            attributes.set("email_verified", "true");
            let user = User::new(
                (&settings.pool_id, &sub),
                &sub,
                attributes,
                Status::Confirmed,
                None,
            );
            state.users.insert(sub, user);
        }
    }

    /// Writes the file anew, if there is one. That it cannot is told in the log: the operation is done.
    pub(super) fn keep(&self) {
        let Some(path) = self.0.file.get() else {
            return;
        };
        let text = {
            let state = self.state();
            let users: Vec<&User> = state.users.values().collect();
            let groups: Vec<&Group> = state.groups.values().collect();
            serde_json::json!({ "users": users, "groups": groups }).to_string()
        };
        let beside = path.with_extension("new");
        if let Err(error) = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)) {
            tracing::error!(%error, "the users cannot be kept");
        }
    }
}
