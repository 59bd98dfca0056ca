//! What some systems do to a password before its hash function sees it.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use icu_normalizer::ComposingNormalizerBorrowed;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use super::hash_function::HashFunction;

/// A step before the hash function.
#[derive(Clone)]
pub(crate) enum Prepare {
    /// The bytes as they are.
    Raw,
    /// In another encoding than UTF-8.
    Encode(PasswordEncoding),
    /// Base64 of the digest.
    Base64(HashFunction),
    /// Lower-case hex of the digest.
    Hex(HashFunction),
    /// Base64 of the HMAC.
    HmacBase64 {
        function: HashFunction,
        key: Vec<u8>,
        /// PHP's `trim` first.
        trim: bool,
    },
    /// Lower-case hex of MD5 over `user:mongo:password`, the user being given.
    MongoDigest(String),
    /// Unicode normalization form KC.
    Nfkc,
    /// SASLprep (RFC 4013), or the bytes as they are where it refuses them.
    Saslprep,
    /// The password, then a pepper.
    Suffix(Arc<SecretString>),
}

impl Prepare {
    /// The prepared password.
    pub(crate) fn apply(&self, password: &str) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Raw => Zeroizing::new(password.as_bytes().to_vec()),
            Self::Encode(encoding) => encoding.encode(password),
            Self::Base64(function) => base64(&function.digest(&[password.as_bytes()])),
            Self::Hex(function) => hex(&function.digest(&[password.as_bytes()])),
            Self::HmacBase64 {
                function,
                key,
                trim,
            } => {
                let password = if *trim { php_trim(password) } else { password };
                base64(&function.hmac(key, &[password.as_bytes()]))
            }
            Self::MongoDigest(user) => {
                let parts = [user.as_bytes(), b":mongo:", password.as_bytes()];
                hex(&HashFunction::Md5.digest(&parts))
            }
            Self::Saslprep => {
                let prepared = stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password));
                Zeroizing::new(prepared.into_owned().into_bytes())
            }
            Self::Nfkc => {
                let normalizer = ComposingNormalizerBorrowed::new_nfkc();
                Zeroizing::new(normalizer.normalize(password).into_owned().into_bytes())
            }
            Self::Suffix(pepper) => {
                let pepper = pepper.expose_secret().as_bytes();
                // Of the final size at once: growing would leave a copy behind.
                let mut peppered =
                    Zeroizing::new(Vec::with_capacity(password.len() + pepper.len()));
                peppered.extend_from_slice(password.as_bytes());
                peppered.extend_from_slice(pepper);
                peppered
            }
        }
    }

    /// An upper bound of the prepared length, for the cost.
    pub(crate) fn length(&self, password_bytes: usize) -> usize {
        match self {
            Self::Raw => password_bytes,
            Self::Encode(_) => password_bytes * 2,
            Self::Base64(_) | Self::Hex(_) | Self::HmacBase64 { .. } | Self::MongoDigest(_) => 128,
            // Unicode TR15: NFKC grows UTF-8 by 11 at most.
            Self::Nfkc | Self::Saslprep => password_bytes * 11,
            Self::Suffix(pepper) => password_bytes + pepper.expose_secret().len(),
        }
    }
}

/// How a password became bytes. Only where the operator says so: a UTF-8 password is its own bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PasswordEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16, little-endian, without a byte-order mark: Windows and .NET.
    Utf16le,
    /// ISO 8859-1. A character outside of it becomes `?`, as iconv-less PHP (`utf8_decode`) and Java's
    /// `getBytes("ISO-8859-1")` make it.
    Latin1,
}

impl PasswordEncoding {
    fn encode(self, password: &str) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(password.len() * 2));
        match self {
            Self::Utf8 => bytes.extend_from_slice(password.as_bytes()),
            Self::Utf16le => bytes.extend(password.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Latin1 => bytes.extend(
                password
                    .chars()
                    .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')),
            ),
        }
        bytes
    }
}

/// PHP's `trim`: blank, tab, line feed, carriage return, vertical tab (and NUL, which no [`crate::Password`]
/// holds).
fn php_trim(password: &str) -> &str {
    password.trim_matches([' ', '\t', '\n', '\r', '\x0b'])
}

fn base64(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(STANDARD.encode(bytes).into_bytes())
}

fn hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = super::text::to_hex(bytes);
    let hex = Zeroizing::new(text.as_bytes().to_vec());
    text.zeroize();
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_encoded_only_as_configured() {
        let encoded = |encoding: PasswordEncoding| encoding.encode("aé€").to_vec();
        assert_eq!(encoded(PasswordEncoding::Utf8), "aé€".as_bytes());
        assert_eq!(
            encoded(PasswordEncoding::Utf16le),
            [0x61, 0, 0xe9, 0, 0xac, 0x20]
        );
        assert_eq!(encoded(PasswordEncoding::Latin1), [0x61, 0xe9, b'?']);
    }

    #[test]
    fn trimming_is_phps() {
        assert_eq!(php_trim(" \t\n\r\x0ba b\u{a0}\n"), "a b\u{a0}");
    }

    #[test]
    fn nfkc_folds_compatibility_characters() {
        assert_eq!(
            Prepare::Nfkc.apply("ﬁ①e\u{301}").as_slice(),
            "fi1é".as_bytes()
        );
        assert!(Prepare::Nfkc.length("\u{fdfa}".len()) >= Prepare::Nfkc.apply("\u{fdfa}").len());
    }
}
