//! Passwords, kept as the hash that the Secure Remote Password protocol needs. Good enough for a pool on
//! a developer's machine, and for nothing else.

use serde::{Deserialize, Serialize};

use super::{settings::PasswordPolicy, srp::inner_hash};
use crate::iam::JsonError;

/// Not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PasswordHash(Vec<u8>);

impl PasswordHash {
    /// `name` is the pool's id and the user name, which are hashed with the password.
    pub(super) fn new((pool_id, username): (&str, &str), password: &str) -> Self {
        Self(inner_hash(pool_id, username, password))
    }

    pub(super) fn matches(&self, name: (&str, &str), password: &str) -> bool {
        *self == Self::new(name, password)
    }

    pub(super) fn inner(&self) -> &[u8] {
        &self.0
    }
}

/// The characters that count as symbols (developer guide, "Password policy"); a space within counts too.
const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-";

impl PasswordPolicy {
    /// # Errors
    /// The first demand that the password does not meet, in the service's words.
    pub(super) fn check(&self, password: &str) -> Result<(), JsonError> {
        let has = |test: fn(char) -> bool| password.chars().any(test);
        let symbol = password.chars().any(|letter| SYMBOLS.contains(letter))
            || password.trim().contains(' ');
        let demands = [
            (
                password.chars().count() >= self.minimum_length,
                "Password not long enough",
            ),
            (
                !self.lowercase || has(|letter| letter.is_ascii_lowercase()),
                "Password must have lowercase characters",
            ),
            (
                !self.uppercase || has(|letter| letter.is_ascii_uppercase()),
                "Password must have uppercase characters",
            ),
            (
                !self.numbers || has(|letter| letter.is_ascii_digit()),
                "Password must have numeric characters",
            ),
            (
                !self.symbols || symbol,
                "Password must have symbol characters",
            ),
        ];
        match demands.into_iter().find(|(met, _)| !met) {
            None => Ok(()),
            Some((_, demand)) => Err(JsonError::new(
                "InvalidPasswordException",
                format!("Password did not conform with policy: {demand}"),
            )),
        }
    }
}
