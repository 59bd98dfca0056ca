//! From the old system's groups to the user pool's.

use std::collections::{BTreeMap, BTreeSet};

use super::LegacyUser;

/// Group of the user pool → group of the store, whose members get into it. What is not named stays behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<String, String>);

impl Groups {
    /// Of these groups.
    pub fn new(groups: BTreeMap<String, String>) -> Self {
        Self(groups)
    }

    /// Whether no group is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups of the user pool that `user` gets into.
    pub fn of(&self, user: &LegacyUser) -> BTreeSet<String> {
        let own = self.0.iter().filter(|(_, old)| user.groups.contains(*old));
        own.map(|(group, _)| group.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_groups_that_the_policy_names_are_taken_along() {
        let names = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(new, old)| ((*new).to_owned(), (*old).to_owned()));
            Groups::new(pairs.collect())
        };
        let user = LegacyUser {
            groups: ["writers", "admins"].map(str::to_owned).into(),
            ..LegacyUser::default()
        };
        let groups = names(&[
            ("editors", "writers"),
            ("staff", "writers"),
            ("guests", "none"),
        ]);
        let expected = ["editors", "staff"].map(str::to_owned);
        assert_eq!(groups.of(&user), BTreeSet::from(expected));
        assert!(names(&[]).of(&user).is_empty());
    }
}
