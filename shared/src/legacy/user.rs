//! A user of the old system.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use password::Scheme;

/// A user of the old system. `Debug` shows neither names nor attributes.
#[derive(Default)]
pub struct LegacyUser {
    /// What the store calls the record, whatever the user typed.
    pub record_id: String,
    /// What is known of the user, by the old system's names.
    pub attributes: BTreeMap<String, String>,
    /// Whether the e-mail address was verified.
    pub email_verified: bool,
    /// Whether the phone number was verified.
    pub phone_number_verified: bool,
    /// The groups that they are in, by the old system's names.
    pub groups: BTreeSet<String>,
    /// Whether the old system asked for a second factor, which cannot be taken along.
    pub mfa: bool,
    /// The scheme of the hash that was verified, if one was.
    pub scheme: Option<Scheme>,
}

impl fmt::Debug for LegacyUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyUser")
            .field("email_verified", &self.email_verified)
            .field("phone_number_verified", &self.phone_number_verified)
            .field("mfa", &self.mfa)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}
