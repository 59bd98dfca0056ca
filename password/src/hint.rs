//! What the operator says of a store whose strings do not say it themselves.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;

use crate::{
    formats::{
        argon2, aspnet, bcrypt, des_crypt, django,
        firebase::{self, FirebaseProject},
        generic::Descriptor,
        scrypt::{self, Scrypt},
        shop, spring,
        symfony::{self, SymfonyOptions},
        werkzeug,
    },
    primitives::{
        cost::Cost,
        error::UnsupportedHash,
        hash_function::HashFunction,
        parsed::{Kdf as _, Parsed},
        prepare::Prepare,
        scheme::Scheme,
        secret_value::SecretValue,
    },
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
    pub(crate) fn bare(name: &str) -> Option<Self> {
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
    pub(crate) fn needs_options(name: &str) -> bool {
        matches!(
            name,
            "argon2" | "devise" | "firebase-scrypt" | "generic" | "spring"
        )
    }

    /// What a verification under this hint takes where the hint alone says it; `None` where the stored string does.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        match self {
            Self::BetterAuth {} => scrypt::better_auth(Vec::new()).ok().map(|kdf| kdf.cost(16)),
            Self::FirebaseScrypt(project) => {
                let scrypt = Scrypt::new(project.mem_cost, project.rounds, 1, Vec::new());
                scrypt.ok().map(|scrypt| scrypt.cost(16))
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
    pub(crate) fn read(&self, text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
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

/// A hint names a secret that is not configured.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("no secret is named {0:?}")]
pub struct UnknownSecret(pub String);
