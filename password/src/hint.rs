//! What the operator says of a store whose strings do not say it themselves.

use std::{collections::BTreeMap, fmt, sync::Arc};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use super::{
    StoredHash, argon2, aspnet, bcrypt,
    cost::Cost,
    des_crypt, django,
    error::{Reason, UnsupportedHash},
    firebase,
    generic::Descriptor,
    hash_function::HashFunction,
    prepare::Prepare,
    scheme::Scheme,
    scrypt::{self, Scrypt},
    secret::deserialize_secret,
    shop, spring,
    symfony::{self, SymfonyOptions},
    text::{self, STANDARD},
    werkzeug,
};

/// A scheme that the operator names, because no syntax tells it: `{ scheme = "meteor" }` in the policy.
///
/// It speaks of strings of its own syntax only; others are read as without a hint.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SchemeHint {
    /// `$argon2…` with the secret K of RFC 9106.
    Argon2 {
        /// The secret.
        secret: SecretValue,
    },
    /// ASP.NET Identity in both of its formats.
    AspnetIdentity {},
    /// Better Auth's `salt:digest`.
    BetterAuth {},
    /// Clerk's `pbkdf2_sha256$…`, which looks like Django's and is not.
    Clerk {},
    /// The thirteen characters of the traditional crypt(3).
    DesCrypt {},
    /// `$2a$…` over the password and Devise's `config.pepper`.
    Devise {
        /// The pepper.
        pepper: SecretValue,
    },
    /// Django's `md5$salt$hex` and `sha1$salt$hex`.
    Django {},
    /// Firebase's columns, `digest$salt`.
    FirebaseScrypt(FirebaseProject),
    /// A computation that no scheme here has.
    Generic(Descriptor),
    /// Joomla's `hex:salt`.
    Joomla {},
    /// Magento's `hex:salt` and `hex:salt:versions`.
    Magento {},
    /// `$2b$…`, and `$argon2id$…` since 3.3, over the hex SHA-256 that Meteor's clients send.
    Meteor {},
    /// The secret of Spring's `{pbkdf2}` and `{sha256}`.
    Spring {
        /// The secret.
        secret: SecretValue,
    },
    /// Symfony's `digest{salt}`.
    Symfony(SymfonyOptions),
    /// Werkzeug's `sha256$salt$hex` before 3.0, and its kin.
    Werkzeug {},
}

impl SchemeHint {
    /// Replaces the secrets that the hint names by their values, as `look_up` gives them. To be called
    /// before the hint is used: a hash that needs an unresolved secret is unsupported
    /// (`secret-missing`).
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

    /// Its name: the value of `scheme` in the policy.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Argon2 { .. } => "argon2",
            Self::AspnetIdentity {} => "aspnet-identity",
            Self::BetterAuth {} => "better-auth",
            Self::Clerk {} => "clerk",
            Self::DesCrypt {} => "des-crypt",
            Self::Devise { .. } => "devise",
            Self::Django {} => "django",
            Self::FirebaseScrypt(_) => "firebase-scrypt",
            Self::Generic(_) => "generic",
            Self::Joomla {} => "joomla",
            Self::Magento {} => "magento",
            Self::Meteor {} => "meteor",
            Self::Spring { .. } => "spring",
            Self::Symfony(_) => "symfony",
            Self::Werkzeug {} => "werkzeug",
        }
    }

    /// The hint of this name, where it needs no options.
    pub(super) fn bare(name: &str) -> Option<Self> {
        match name {
            "aspnet-identity" => Some(Self::AspnetIdentity {}),
            "better-auth" => Some(Self::BetterAuth {}),
            "clerk" => Some(Self::Clerk {}),
            "des-crypt" => Some(Self::DesCrypt {}),
            "django" => Some(Self::Django {}),
            "joomla" => Some(Self::Joomla {}),
            "magento" => Some(Self::Magento {}),
            "meteor" => Some(Self::Meteor {}),
            "symfony" => Some(Self::Symfony(SymfonyOptions::default())),
            "werkzeug" => Some(Self::Werkzeug {}),
            _ => None,
        }
    }

    /// Whether a hint has this name that says nothing without its options.
    pub(super) fn needs_options(name: &str) -> bool {
        matches!(
            name,
            "argon2" | "devise" | "firebase-scrypt" | "generic" | "spring"
        )
    }

    /// What a verification under this hint takes where the hint alone says it; `None` where the stored string does.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        match self {
            Self::BetterAuth {} => scrypt::better_auth(Vec::new()).ok().map(|kdf| kdf.cost()),
            Self::FirebaseScrypt(project) => {
                let scrypt = Scrypt::new(project.mem_cost, project.rounds, 1, Vec::new());
                scrypt.ok().map(|scrypt| scrypt.cost())
            }
            Self::Generic(descriptor) => Some(descriptor.cost()),
            Self::Symfony(options) => Some(options.cost()),
            Self::Argon2 { .. }
            | Self::AspnetIdentity {}
            | Self::Clerk {}
            | Self::DesCrypt {}
            | Self::Devise { .. }
            | Self::Django {}
            | Self::Joomla {}
            | Self::Magento {}
            | Self::Meteor {}
            | Self::Spring { .. }
            | Self::Werkzeug {} => None,
        }
    }

    fn secrets(&mut self) -> Vec<&mut SecretValue> {
        match self {
            Self::Argon2 { secret } | Self::Spring { secret } => vec![secret],
            Self::Devise { pepper } => vec![pepper],
            Self::FirebaseScrypt(project) => vec![&mut project.signer_key],
            Self::Generic(descriptor) => descriptor.secrets(),
            Self::AspnetIdentity {}
            | Self::BetterAuth {}
            | Self::Clerk {}
            | Self::DesCrypt {}
            | Self::Django {}
            | Self::Joomla {}
            | Self::Magento {}
            | Self::Meteor {}
            | Self::Symfony(_)
            | Self::Werkzeug {} => vec![],
        }
    }

    /// Reads a string of the hinted syntax; `None` where it is not of that syntax.
    pub(super) fn read(&self, text: &str) -> Option<Result<StoredHash, UnsupportedHash>> {
        match self {
            Self::Argon2 { secret } => {
                let read = |secret| argon2::read(text, Some(secret));
                let is_argon2 = text.starts_with("$argon2");
                is_argon2.then(|| secret.value().and_then(read))
            }
            Self::AspnetIdentity {} => aspnet::read(text),
            Self::BetterAuth {} => scrypt::read_better_auth(text),
            Self::Clerk {} => django::read_clerk(text),
            Self::DesCrypt {} => des_crypt::read(text),
            Self::Devise { pepper } => {
                let read = |pepper| bcrypt::read(text, Scheme::Devise, Prepare::Suffix(pepper));
                is_bcrypt(text).then(|| pepper.value().and_then(read))
            }
            Self::Django {} => django::read_digest(text),
            Self::FirebaseScrypt(project) => firebase::read_project(text, project),
            Self::Generic(descriptor) => descriptor.read(text),
            Self::Joomla {} => shop::read_joomla(text),
            Self::Magento {} => shop::read_magento(text),
            Self::Meteor {} if text.starts_with("$argon2") => Some(argon2::read_meteor(text)),
            Self::Meteor {} => is_bcrypt(text).then(|| {
                let prepare = Prepare::Hex(HashFunction::Sha256);
                bcrypt::read(text, Scheme::Meteor, prepare)
            }),
            Self::Spring { secret } => {
                let (id, rest) = text.strip_prefix('{')?.split_once('}')?;
                match secret.value() {
                    Ok(secret) => spring::read(id, rest, Some(&secret)),
                    Err(missing) => spring::read(id, rest, None).map(|_| Err(missing)),
                }
            }
            Self::Symfony(options) => symfony::read(text, options),
            Self::Werkzeug {} => werkzeug::read_hmac(text),
        }
    }
}

fn is_bcrypt(text: &str) -> bool {
    text.starts_with("$2")
}

/// The settings of a Firebase project ("Password hash parameters" in its console).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FirebaseProject {
    /// `base64_signer_key`.
    pub signer_key: SecretValue,
    /// `base64_salt_separator`.
    #[serde(default = "firebase_separator")]
    pub salt_separator: String,
    /// `rounds`.
    #[serde(default = "firebase_rounds")]
    pub rounds: u32,
    /// `mem_cost`.
    #[serde(default = "firebase_mem_cost")]
    pub mem_cost: u8,
}

fn firebase_separator() -> String {
    "Bw==".to_owned()
}

fn firebase_rounds() -> u32 {
    8
}

fn firebase_mem_cost() -> u8 {
    14
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DigestEncoding {
    /// In hexadecimal, in either case.
    Hex,
    /// In base64, padded or not.
    Base64,
}

impl DigestEncoding {
    /// # Errors
    /// [`Reason::Malformed`].
    pub(super) fn decode(self, text: &str) -> Result<Vec<u8>, Reason> {
        match self {
            Self::Hex => text::hex(text),
            Self::Base64 => text::base64(&STANDARD, text),
        }
    }
}

/// A secret of the store: `{ name = "legacy/pepper" }`, to be looked up by [`SchemeHint::resolve_secrets`],
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

/// A string whose value no error shows.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_secret(deserializer, "a secret").map(Self)
    }
}

/// A hint names a secret that is not configured.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("no secret is named {0:?}")]
pub struct UnknownSecret(pub String);
