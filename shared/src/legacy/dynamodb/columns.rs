//! What a table calls its attributes.

use serde::Deserialize;

/// What a table calls its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Columns {
    /// Partition key, a string: the user name.
    pub key: String,
    /// The stored hash, a string or binary.
    pub password_hash: String,
    /// The hash's scheme, a string, where the hash does not tell by itself. May be absent.
    pub hash_scheme: String,
    /// A map of what else is known of the user.
    pub attributes: String,
    /// Whether the e-mail address was verified, a boolean. Absent means no.
    pub email_verified: String,
    /// Whether the phone number was verified, a boolean. Absent means no.
    pub phone_number_verified: String,
    /// Whether the account may sign in, a boolean. Absent means yes.
    pub enabled: String,
    /// The groups that the user is in, a set or list of strings. May be absent.
    pub groups: String,
    /// Whether the old system asked for a second factor, a boolean. Absent means no.
    pub mfa: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            key: "username".to_owned(),
            password_hash: "password_hash".to_owned(),
            hash_scheme: "hash_scheme".to_owned(),
            attributes: "attributes".to_owned(),
            email_verified: "email_verified".to_owned(),
            phone_number_verified: "phone_number_verified".to_owned(),
            enabled: "enabled".to_owned(),
            groups: "groups".to_owned(),
            mfa: "mfa".to_owned(),
        }
    }
}

/// An index of the table whose partition key is another name that people type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Index {
    /// The name of the global secondary index.
    pub name: String,
    /// Its partition key, a string: an e-mail address, say.
    pub key: String,
}
