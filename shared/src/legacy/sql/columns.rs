//! What a query calls the columns of its answer.

use serde::Deserialize;

/// What a query calls one column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Column {
    /// Its name, as the database gives it.
    pub name: String,
    /// Whether the policy says so: then the query must answer with it.
    pub is_written: bool,
}

impl Column {
    fn unwritten(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_written: false,
        }
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self {
            name,
            is_written: true,
        }
    }
}

/// What the query calls the columns of its answer. One that is named here must be in the answer, once; one that is not
/// may be there under the name of its key. The id and all columns that mean nothing here are attributes, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SqlColumns {
    /// What the database calls the record: text, a whole number or a UUID that never changes.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub id: Column,
    /// The stored hash, text or octets.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub password_hash: Column,
    /// The hash's scheme, text, where the hash does not tell by itself. May be absent.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub hash_scheme: Column,
    /// Whether the e-mail address was verified: a boolean, or 1. Absent means no.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub email_verified: Column,
    /// Whether the phone number was verified: a boolean, or 1. Absent means no.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub phone_number_verified: Column,
    /// Whether the account may sign in: a boolean, or 1. Absent means yes, NULL no.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub enabled: Column,
    /// The groups that the user is in: text with commas between them, or an array of texts. May be absent.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub groups: Column,
    /// Whether the old system asked for a second factor: a boolean, or 1. Absent means no.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub mfa: Column,
}

impl Default for SqlColumns {
    fn default() -> Self {
        Self {
            id: Column::unwritten("id"),
            password_hash: Column::unwritten("password_hash"),
            hash_scheme: Column::unwritten("hash_scheme"),
            email_verified: Column::unwritten("email_verified"),
            phone_number_verified: Column::unwritten("phone_number_verified"),
            enabled: Column::unwritten("enabled"),
            groups: Column::unwritten("groups"),
            mfa: Column::unwritten("mfa"),
        }
    }
}
