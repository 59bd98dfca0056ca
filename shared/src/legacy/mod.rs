//! Legacy directories: where the users of an old system still are.

mod dynamodb;

use std::{collections::BTreeMap, fmt};

pub use dynamodb::DynamoDbDirectory;

/// A user of the old system. `Debug` shows neither hash nor attributes.
pub struct LegacyUser {
    /// The stored hash, as it was stored.
    pub password_hash: Vec<u8>,
    /// The hash's scheme, where the store names it.
    pub hash_scheme: Option<String>,
    /// What else is known, by the old system's names.
    pub attributes: BTreeMap<String, String>,
    /// Whether the e-mail address was verified.
    pub email_verified: bool,
    /// Whether the account may sign in.
    pub enabled: bool,
}

impl fmt::Debug for LegacyUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyUser")
            .field("hash_scheme", &self.hash_scheme)
            .field("email_verified", &self.email_verified)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}
