//! What a query calls the columns of its answer.

use serde::Deserialize;

/// What the query calls the columns of its answer. The id and all columns that are not named here are attributes, by
/// their names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SqlColumns {
    /// What the database calls the record: text, a whole number or a UUID that never changes.
    pub id: String,
    /// The stored hash, text or octets.
    pub password_hash: String,
    /// The hash's scheme, text, where the hash does not tell by itself. May be absent.
    pub hash_scheme: String,
    /// Whether the e-mail address was verified: a boolean, or 1. Absent means no.
    pub email_verified: String,
    /// Whether the phone number was verified: a boolean, or 1. Absent means no.
    pub phone_number_verified: String,
    /// Whether the account may sign in: a boolean, or 1. Absent means yes, NULL no.
    pub enabled: String,
    /// The groups that the user is in: text with commas between them, or an array of texts. May be absent.
    pub groups: String,
    /// Whether the old system asked for a second factor: a boolean, or 1. Absent means no.
    pub mfa: String,
}

impl Default for SqlColumns {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            password_hash: "password_hash".to_owned(),
            hash_scheme: "hash_scheme".to_owned(),
            email_verified: "email_verified".to_owned(),
            phone_number_verified: "phone_number_verified".to_owned(),
            enabled: "enabled".to_owned(),
            groups: "groups".to_owned(),
            mfa: "mfa".to_owned(),
        }
    }
}
