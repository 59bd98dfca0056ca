//! The password itself: readable only where it is verified.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// Longest password accepted, in bytes. Cognito takes 256 characters (`PasswordPolicyType`), which are at
/// most 1024 bytes of UTF-8; a longer one only buys an attacker computing time.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A clear password as a client sent it. `Debug` shows nothing, there is no `Display` and no
/// `Serialize`, and the memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes the password over, without copying it.
    ///
    /// # Errors
    /// [`InvalidPassword`] for a NUL, where C implementations stop reading and so would accept any
    /// continuation, and for more than [`MAX_PASSWORD_BYTES`].
    pub fn parse(password: String) -> Result<Self, InvalidPassword> {
        // Owned by the secret first, so that a refused password is wiped too.
        let password = Self(SecretString::from(password));
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Err(InvalidPassword::TooLong);
        }
        if password.expose().as_bytes().contains(&0) {
            return Err(InvalidPassword::ContainsNul);
        }
        Ok(password)
    }

    /// The clear text, for a hash function or for the store that takes it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(deserialize_secret(deserializer, "a password")?).map_err(de::Error::custom)
    }
}

/// Why a password cannot be verified. Never holds the password.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidPassword {
    /// A NUL byte.
    #[error("the password holds a NUL")]
    ContainsNul,
    /// More than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
}

/// Reads a string whose value no error may show. serde's own message for a wrong type quotes it
/// (`invalid type: integer 1234`), and that reaches logs.
pub(crate) fn deserialize_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
) -> Result<String, D::Error> {
    struct Visitor(&'static str);

    impl Visitor {
        fn refuse<T, E: de::Error>(&self) -> Result<T, E> {
            Err(E::custom(format_args!("{} must be a string", self.0)))
        }
    }

    impl<'de> de::Visitor<'de> for Visitor {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} as a string", self.0)
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
            Ok(value.to_owned())
        }
        fn visit_string<E: de::Error>(self, value: String) -> Result<String, E> {
            Ok(value)
        }
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<String, E> {
            self.refuse()
        }
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<String, E> {
            self.refuse()
        }
        fn visit_u64<E: de::Error>(self, _: u64) -> Result<String, E> {
            self.refuse()
        }
        fn visit_f64<E: de::Error>(self, _: f64) -> Result<String, E> {
            self.refuse()
        }
        fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<String, E> {
            self.refuse()
        }
        fn visit_unit<E: de::Error>(self) -> Result<String, E> {
            self.refuse()
        }
    }

    // `deserialize_string` lets serde_json write the error, value included, without asking the visitor.
    deserializer.deserialize_any(Visitor(what))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_password() {
        let password = Password::parse("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(***)");
    }

    #[test]
    fn a_nul_is_refused_and_so_is_one_byte_too_many() {
        assert_eq!(
            Password::parse("a\0b".to_owned()).unwrap_err(),
            InvalidPassword::ContainsNul
        );
        assert!(Password::parse("é".repeat(512)).is_ok());
        assert_eq!(
            Password::parse("a".repeat(1025)).unwrap_err(),
            InvalidPassword::TooLong
        );
    }

    #[test]
    fn no_deserialization_error_shows_the_value() {
        for json in [
            "12345678",
            "-87654321",
            "1.25",
            "true",
            "[\"hunter2\"]",
            "{\"hunter2\":1}",
            "\"hunter2\\u0000\"",
            "null",
        ] {
            let error = serde_json::from_str::<Password>(json)
                .unwrap_err()
                .to_string();
            for secret in ["1234", "8765", "1.25", "true", "hunter2"] {
                assert!(!error.contains(secret), "{json} gave: {error}");
            }
        }
    }
}
