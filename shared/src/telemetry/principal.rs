//! People in logs: by keyed hash.

use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::Sha256;

/// Octets of the HMAC that a log line keeps: enough to tell people apart, short enough to read.
const PRINCIPAL_OCTETS: usize = 16;

/// The per-stack key of [`Principal`]. Of low value: it comes by environment, with no fetch at start,
/// and nothing durable depends on it.
#[derive(Debug)]
pub struct LogKey(SecretString);

/// Too short for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at least 16 characters")]
pub struct InvalidLogKey;

impl LogKey {
    /// What the wiring says is expected of it.
    pub const EXPECTED: &str = "at least 16 characters, a key of this stack";

    /// A key of this process alone, for a function that must run without its own: its hashes compare
    /// with no other's.
    ///
    /// # Errors
    /// When the operating system gives no random octets.
    pub fn ephemeral() -> Result<Self, getrandom::Error> {
        let number = getrandom::u64()?;
        Ok(Self(SecretString::from(format!("{number:020}"))))
    }
}

impl FromStr for LogKey {
    type Err = InvalidLogKey;

    fn from_str(text: &str) -> Result<Self, InvalidLogKey> {
        if text.len() < 16 {
            return Err(InvalidLogKey);
        }
        Ok(Self(SecretString::from(text)))
    }
}

/// Somebody, as logs name them: 32 hex digits of HMAC-SHA-256 under the stack's [`LogKey`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Principal(String);

impl Principal {
    /// Of `name` within `realm` (a user pool's id, an issuer's name). Both count with their lengths, so
    /// that no other split of the same text is the same principal.
    pub fn new(key: &LogKey, realm: &str, name: &str) -> Self {
        let secret = key.0.expose_secret().as_bytes();
        // HMAC takes a key of any length (RFC 2104), so this branch is never taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
            return Self(String::new());
        };
        for part in [realm, name] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let mut hex = base16ct::lower::encode_string(&digest);
        hex.truncate(2 * PRINCIPAL_OCTETS);
        Self(hex)
    }

    /// Of a session's source identity: a claim of a person, so it is hashed like one.
    pub fn of_source_identity(key: &LogKey, source_identity: &str) -> Self {
        Self::new(key, "source-identity", source_identity)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_principal_depends_on_key_realm_and_name() {
        let key: LogKey = "0123456789abcdef".parse().unwrap();
        let other: LogKey = "0123456789abcdeg".parse().unwrap();
        let ana = Principal::new(&key, "pool", "ana");
        assert_eq!(ana, Principal::new(&key, "pool", "ana"));
        assert_eq!(ana.to_string().len(), 32);
        assert_ne!(ana, Principal::new(&other, "pool", "ana"));
        assert_ne!(ana, Principal::new(&key, "poola", "na"));
        assert!(!format!("{key:?}").contains("0123"));
    }
}
