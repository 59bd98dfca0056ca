//! Symfony's and FOSUserBundle's MessageDigestPasswordHasher (`sha512`, 5000 times, base64 by default).
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `digest` or `digest{salt}`, hint `symfony` | H(message), then H(digest ‖ message) n − 1 times, the message being `password{salt}`, or the password without a salt | Symfony, `MessageDigestPasswordHasher` |
//!
//! Symfony keeps the salt in a column of its own: an import writes it after the digest in braces, which it may
//! not contain and no encoding of a digest does.

use serde::Deserialize;

use super::digest::{Again, Digest};
use crate::primitives::{
    cost::Cost,
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf as _, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::DigestEncoding,
    text::digest_of,
};

/// The options of the hasher, as `security.yaml` has them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SymfonyOptions {
    /// `algorithm`.
    pub algorithm: HashFunction,
    /// `iterations`.
    pub iterations: u32,
    /// `encode_as_base64`, or hex.
    pub encoding: DigestEncoding,
}

impl Default for SymfonyOptions {
    fn default() -> Self {
        Self {
            algorithm: HashFunction::Sha512,
            iterations: 5000,
            encoding: DigestEncoding::Base64,
        }
    }
}

impl SymfonyOptions {
    /// What it takes for a usual password with a salt.
    pub(crate) fn cost(&self) -> Cost {
        self.digest(b"{a usual salt of 31 characters.}").cost(16)
    }

    fn digest(&self, salt: &[u8]) -> Digest {
        Digest {
            rounds: self.iterations,
            again: Again::DigestThenMessage,
            ..Digest::salt_last(self.algorithm, salt)
        }
    }
}

/// Reads `digest` and `digest{salt}`; `None` for another syntax.
pub(crate) fn read(
    text: &str,
    options: &SymfonyOptions,
) -> Option<Result<Parsed, UnsupportedHash>> {
    let (digest, salt) = match text.find('{') {
        Some(start) if text.ends_with('}') => text.split_at_checked(start)?,
        _ => (text, ""),
    };
    let scheme = Scheme::Symfony;
    let digest = options.encoding.decode(digest).ok()?;
    if options.iterations == 0 {
        return Some(Err(UnsupportedHash::from(Reason::Malformed).of(scheme)));
    }
    let checked = digest_of(&[options.algorithm.digest_bytes()], digest);
    Some(
        checked
            .map_err(|reason| UnsupportedHash::from(reason).of(scheme))
            .and_then(|digest| {
                let kdf = options.digest(salt.as_bytes());
                Parsed::new(scheme, Prepare::Raw, kdf, digest)
            }),
    )
}
