//! What the operator says of a store whose strings do not say it themselves.

use std::{fmt, sync::Arc};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::{
    StoredHash, argon2, bcrypt,
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    prepare::Prepare,
    scheme::Scheme,
    secret::deserialize_secret,
};

/// A scheme that the operator names, because no syntax tells it: `{ scheme = "meteor" }` in the policy.
///
/// It speaks of strings of its own syntax only; others are read as without a hint.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SchemeHint {
    /// `$argon2…` with the secret K of RFC 9106.
    #[serde(rename_all = "kebab-case")]
    Argon2 {
        /// The secret.
        secret: SecretValue,
    },
    /// `$2a$…` over the password and Devise's `config.pepper`.
    #[serde(rename_all = "kebab-case")]
    Devise {
        /// The pepper.
        pepper: SecretValue,
    },
    /// `$2b$…` over the hex SHA-256 that Meteor's client sends (and `$argon2id$…` since Meteor 3.3).
    Meteor {},
}

impl SchemeHint {
    /// Replaces the secrets that the hint names by their values, as `look_up` gives them. To be called
    /// before the hint is used: a hash that needs an unresolved secret is unsupported
    /// (`secret_missing`).
    ///
    /// # Errors
    /// [`UnknownSecret`] for the first that `look_up` does not know.
    pub fn resolve_secrets(
        &mut self,
        look_up: impl Fn(&str) -> Option<SecretString>,
    ) -> Result<(), UnknownSecret> {
        for secret in self.secrets() {
            if let SecretValue::Named(name) = secret {
                let value = look_up(name).ok_or_else(|| UnknownSecret(name.clone()))?;
                *secret = SecretValue::Literal(Arc::new(value));
            }
        }
        Ok(())
    }

    fn secrets(&mut self) -> Vec<&mut SecretValue> {
        match self {
            Self::Argon2 { secret } => vec![secret],
            Self::Devise { pepper } => vec![pepper],
            Self::Meteor {} => vec![],
        }
    }

    /// Reads a string of the hinted syntax; `None` where it is not of that syntax.
    pub(super) fn read(&self, text: &str) -> Option<Result<StoredHash, UnsupportedHash>> {
        let is_bcrypt = text.starts_with("$2");
        match self {
            Self::Argon2 { secret } if text.starts_with("$argon2") => Some(
                secret
                    .value()
                    .and_then(|secret| argon2::read(text, Some(secret))),
            ),
            Self::Devise { pepper } if is_bcrypt => Some(
                pepper
                    .value()
                    .and_then(|pepper| bcrypt::read(text, Scheme::Devise, Prepare::Suffix(pepper))),
            ),
            Self::Meteor {} if is_bcrypt => {
                let prepare = Prepare::Hex(HashFunction::Sha256);
                Some(bcrypt::read(text, Scheme::Meteor, prepare))
            }
            _ => None,
        }
    }
}

/// A secret of the store: `{ name = "legacy/pepper" }`, to be looked up by [`SchemeHint::resolve_secrets`],
/// or, in tests and on a command line, `{ literal = "…" }`.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecretValue {
    /// Where the secret is kept.
    #[serde(rename = "name")]
    Named(String),
    /// The secret itself.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "literal")]
    Literal(Arc<SecretString>),
}

impl SecretValue {
    /// # Errors
    /// [`Reason::SecretMissing`] while it is only named.
    pub(super) fn value(&self) -> Result<Arc<SecretString>, UnsupportedHash> {
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

fn literal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<SecretString>, D::Error> {
    Ok(Arc::new(
        deserialize_secret(deserializer, "a secret")?.into(),
    ))
}

/// A hint names a secret that is not configured.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("no secret is named {0:?}")]
pub struct UnknownSecret(pub String);
