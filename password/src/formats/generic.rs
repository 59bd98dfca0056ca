//! Whatever else an old system computed of a hash function, described in the policy: after the model of
//! Auth0's `custom_password_hash`.
//!
//! The message is pepper and salt around the password, each where its `position` says, the pepper outermost:
//! `pepper ‖ salt ‖ password` or `password ‖ salt ‖ pepper`, or one on either side. An HMAC takes a key besides,
//! which may be the salt. Further rounds hash the digest again.

use serde::Deserialize;

use super::digest::{Again, Beside, Digest};
use crate::primitives::{
    cost::Cost,
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf as _, Parsed},
    prepare::{PasswordEncoding, Prepare},
    scheme::Scheme,
    secret_value::SecretValue,
    text::DigestEncoding,
    text::digest_of,
};

/// Of a salt, and of a password.
const TYPICAL_BYTES: usize = 16;

/// A computation, and how its result and its salt are stored.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    /// The hash function.
    pub digest: HashFunction,
    /// The key, where it is an HMAC.
    #[serde(default)]
    pub hmac_key: Option<HmacKey>,
    /// Where the salt is, in the stored string and in the message; none without it.
    #[serde(default)]
    pub salt: Option<Salt>,
    /// The same secret for all users.
    #[serde(default)]
    pub pepper: Option<Pepper>,
    /// How many times it is hashed in all.
    #[serde(default = "one")]
    pub rounds: u32,
    /// What the rounds after the first hash.
    #[serde(default)]
    pub rehash: Rehash,
    /// How the digest is written.
    pub encoding: DigestEncoding,
    /// How the password became bytes.
    #[serde(default)]
    pub password_encoding: PasswordEncoding,
}

/// The key of an HMAC.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HmacKey {
    /// The salt, which then is not in the message.
    Salt,
    /// A secret of the store.
    Secret(SecretValue),
}

/// A salt in the stored string.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Salt {
    /// Where it is written.
    pub stored: SaltStored,
    /// What stands between it and the digest.
    #[serde(default = "colon")]
    pub separator: String,
    /// How it is written. The bytes of the text, unless said otherwise.
    #[serde(default)]
    pub encoding: SaltEncoding,
    /// Where it is in the message.
    #[serde(default)]
    pub position: Position,
}

/// Where a salt is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SaltStored {
    /// `salt:digest`.
    BeforeDigest,
    /// `digest:salt`.
    AfterDigest,
    /// After the digest, inside the same encoding, as LDAP's `{SSHA}` has it.
    InsideDigest,
}

/// How a salt is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SaltEncoding {
    /// As the bytes of its text.
    #[default]
    Text,
    /// In hexadecimal.
    Hex,
    /// In base64.
    Base64,
}

/// The same secret for all users.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pepper {
    /// The secret.
    pub value: SecretValue,
    /// Where it is in the message.
    #[serde(default)]
    pub position: Position,
}

/// Before or after the password.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// Before the password.
    #[default]
    Prefix,
    /// After the password.
    Suffix,
}

/// What the rounds after the first hash.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Rehash {
    /// The digest.
    #[default]
    Digest,
    /// The digest, then the message of the first round.
    DigestThenMessage,
}

impl Descriptor {
    /// The secrets that it names.
    pub(crate) fn secrets(&mut self) -> Vec<&mut SecretValue> {
        let key = match &mut self.hmac_key {
            Some(HmacKey::Secret(secret)) => Some(secret),
            _ => None,
        };
        let pepper = self.pepper.as_mut().map(|pepper| &mut pepper.value);
        key.into_iter().chain(pepper).collect()
    }

    /// Reads a string of the described syntax; `None` for another syntax.
    pub(crate) fn read(&self, text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
        let (digest, salt) = self.split(text)?;
        let stored = self.digest(salt).and_then(|kdf| {
            if self.rounds == 0 {
                return Err(Reason::Malformed.into());
            }
            let digest = digest_of(&[self.digest.digest_bytes()], digest)?;
            let prepare = Prepare::Encode(self.password_encoding);
            Parsed::new(Scheme::Generic, prepare, kdf, digest)
        });
        Some(stored.map_err(|error| error.of(Scheme::Generic)))
    }

    /// What it takes, but for the length of salt and pepper.
    pub(crate) fn cost(&self) -> Cost {
        let digest = Digest {
            rounds: self.rounds,
            key: self
                .hmac_key
                .as_ref()
                .map(|_| Beside::Salt(vec![0; TYPICAL_BYTES])),
            ..Digest::plain(self.digest)
        };
        digest.cost(2 * TYPICAL_BYTES)
    }

    fn split(&self, text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let Some(salt) = &self.salt else {
            return Some((self.encoding.decode(text).ok()?, Vec::new()));
        };
        let (digest, text) = match salt.stored {
            SaltStored::BeforeDigest => {
                let (salt, digest) = text.rsplit_once(&salt.separator)?;
                (digest, salt)
            }
            SaltStored::AfterDigest => text.split_once(&salt.separator)?,
            SaltStored::InsideDigest => {
                let mut bytes = self.encoding.decode(text).ok()?;
                let length = bytes.len().min(self.digest.digest_bytes());
                let salt = bytes.split_off(length);
                return Some((bytes, salt));
            }
        };
        let salt = match salt.encoding {
            SaltEncoding::Text => text.as_bytes().to_vec(),
            SaltEncoding::Hex => DigestEncoding::Hex.decode(text).ok()?,
            SaltEncoding::Base64 => DigestEncoding::Base64.decode(text).ok()?,
        };
        Some((self.encoding.decode(digest).ok()?, salt))
    }

    fn digest(&self, salt: Vec<u8>) -> Result<Digest, UnsupportedHash> {
        let mut digest = Digest {
            rounds: self.rounds,
            again: match self.rehash {
                Rehash::Digest => Again::Digest,
                Rehash::DigestThenMessage => Again::DigestThenMessage,
            },
            ..Digest::plain(self.digest)
        };
        let position = self.salt.as_ref().map(|salt| salt.position);
        match (&self.hmac_key, position) {
            (Some(HmacKey::Salt), None) => return Err(Reason::Malformed.into()),
            (Some(HmacKey::Salt), Some(_)) => digest.key = Some(Beside::Salt(salt)),
            (_, Some(Position::Prefix)) => digest.before.push(Beside::Salt(salt)),
            (_, Some(Position::Suffix)) => digest.after.push(Beside::Salt(salt)),
            (_, None) => {}
        }
        if let Some(HmacKey::Secret(secret)) = &self.hmac_key {
            digest.key = Some(Beside::Secret(secret.value()?));
        }
        if let Some(pepper) = &self.pepper {
            let secret = Beside::Secret(pepper.value.value()?);
            match pepper.position {
                Position::Prefix => digest.before.insert(0, secret),
                Position::Suffix => digest.after.push(secret),
            }
        }
        Ok(digest)
    }
}

fn one() -> u32 {
    1
}

fn colon() -> String {
    ":".to_owned()
}
