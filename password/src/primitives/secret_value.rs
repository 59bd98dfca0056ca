//! A secret of the store, named or given.

use std::{collections::BTreeMap, fmt, sync::Arc};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};

use super::{
    error::{Reason, UnsupportedHash},
    secret::deserialize_secret,
};

/// A secret of the store: `{ name = "legacy/pepper" }`, to be looked up by [`crate::SchemeHint::resolve_secrets`],
/// or, in tests and on a command line, `{ literal = "…" }`.
#[derive(Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SecretValue {
    /// Where the secret is kept.
    #[cfg_attr(feature = "schema", schemars(rename = "name"))]
    Named(String),
    /// The secret itself.
    #[cfg_attr(feature = "schema", schemars(rename = "literal", with = "String"))]
    Literal(Arc<SecretString>),
}

impl<'de> Deserialize<'de> for SecretValue {
    /// By hand: every message that serde makes up quotes what it found, and that may be the secret.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = || de::Error::custom("a secret is { name = \"…\" } or { literal = \"…\" }");
        let members = BTreeMap::<String, Text>::deserialize(deserializer).map_err(|_| form())?;
        let mut members = members.into_iter();
        match (members.next(), members.next()) {
            (Some((key, Text(name))), None) if key == "name" => Ok(Self::Named(name)),
            (Some((key, Text(secret))), None) if key == "literal" => {
                Ok(Self::Literal(Arc::new(secret.into())))
            }
            _ => Err(form()),
        }
    }
}

impl SecretValue {
    /// # Errors
    /// [`Reason::SecretMissing`] while it is only named.
    pub(crate) fn value(&self) -> Result<Arc<SecretString>, UnsupportedHash> {
        match self {
            Self::Literal(value) => Ok(Arc::clone(value)),
            Self::Named(_) => Err(Reason::SecretMissing.into()),
        }
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.debug_tuple("Named").field(name).finish(),
            Self::Literal(_) => f.write_str("Literal(***)"),
        }
    }
}

/// A string whose value no error shows.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_secret(deserializer, "a secret").map(Self)
    }
}
