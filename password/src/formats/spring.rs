//! Spring Security's DelegatingPasswordEncoder: an id in braces, then what that encoder writes.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `{bcrypt}$2a$…`, `{argon2}$argon2id$…`, `{argon2@SpringSecurity_v5_8}…` | as without the id | `PasswordEncoderFactories` |
//! | `{pbkdf2}` hex(salt 8 ‖ digest 32) | PBKDF2-SHA1, 185000 iterations, salt ‖ secret | `Pbkdf2PasswordEncoder` |
//! | `{pbkdf2@SpringSecurity_v5_8}` hex(salt 16 ‖ digest 32) | PBKDF2-SHA256, 310000, salt ‖ secret | `defaultsForSpringSecurity_v5_8` (from memory: no vector of it here) |
//! | `{scrypt}$PARAMS$salt$digest`, `{scrypt@SpringSecurity_v5_8}…` base64; PARAMS is hex of log₂N ‖ r ‖ p, the last two one byte each | scrypt, 32 bytes | `SCryptPasswordEncoder` |
//! | `{sha256}` hex(salt 8 ‖ digest 32) | SHA-256 1024 times over salt ‖ secret ‖ password | `StandardPasswordEncoder` |
//! | `{MD4}` `{MD5}` `{SHA-1}` `{SHA-256}` hex, or `{salt}`hex after them | H(password ‖ `{salt}`) | `MessageDigestPasswordEncoder` |
//! | `{ldap}{SSHA}…` | as without the id | `LdapShaPasswordEncoder` |
//! | `{noop}password` | the clear password | `NoOpPasswordEncoder` |
//!
//! Ids are read in their own case, which keeps `{sha256}` and `{SHA256}` (LDAP's, base64) apart; `{MD5}` is
//! LDAP's in base64 and Spring's in hex, which differ in length. The hint `spring` brings the secret of the
//! encoders that have one.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{
    digest::{Beside, Digest},
    pbkdf2,
    scrypt::{self, Scrypt},
};
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, fields, hex},
};

/// Reads the rest of a string after `{id}`; `None` for an id that Spring does not have.
pub(crate) fn read(
    id: &str,
    rest: &str,
    secret: Option<&Arc<SecretString>>,
) -> Option<Result<Parsed, UnsupportedHash>> {
    match id {
        "pbkdf2" => Some(read_pbkdf2(rest, HashFunction::Sha1, 185_000, 8, secret)),
        "pbkdf2@SpringSecurity_v5_8" => {
            Some(read_pbkdf2(rest, HashFunction::Sha256, 310_000, 16, secret))
        }
        "scrypt" | "scrypt@SpringSecurity_v5_8" => Some(read_scrypt(rest)),
        "sha256" => Some(read_standard(rest, secret)),
        "noop" => Some(read_noop(rest)),
        "MD4" => Some(read_digest(HashFunction::Md4, rest)),
        "MD5" if base64_md5(rest) || rest.starts_with("$1$") => None,
        "MD5" => Some(read_digest(HashFunction::Md5, rest)),
        "SHA-1" => Some(read_digest(HashFunction::Sha1, rest)),
        "SHA-256" => Some(read_digest(HashFunction::Sha256, rest)),
        _ => None,
    }
}

fn base64_md5(rest: &str) -> bool {
    matches!(rest.len(), 22 | 24) && base64(&STANDARD, rest).is_ok()
}

fn read_pbkdf2(
    rest: &str,
    function: HashFunction,
    iterations: u32,
    salt_bytes: usize,
    secret: Option<&Arc<SecretString>>,
) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::SpringPbkdf2;
    let (mut salt, digest) = salt_and_digest(rest, salt_bytes)
        .map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    if let Some(secret) = secret {
        salt.extend(secret.expose_secret().as_bytes());
    }
    pbkdf2::stored(scheme, function, iterations, salt, digest)
}

fn read_standard(
    rest: &str,
    secret: Option<&Arc<SecretString>>,
) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::SpringSha256;
    let (salt, digest) =
        salt_and_digest(rest, 8).map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    let secret = secret.map(|secret| Beside::Secret(Arc::clone(secret)));
    let kdf = Digest {
        before: [Beside::Salt(salt)].into_iter().chain(secret).collect(),
        rounds: 1024,
        ..Digest::plain(HashFunction::Sha256)
    };
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}

/// Both parts of the hex that two encoders write.
fn salt_and_digest(rest: &str, salt_bytes: usize) -> Result<(Vec<u8>, Vec<u8>), Reason> {
    let bytes = hex(rest)?;
    let parts = bytes.split_at_checked(salt_bytes);
    let (salt, digest) = parts.ok_or(Reason::TruncatedDigest)?;
    Ok((salt.to_vec(), digest_of(&[32], digest.to_vec())?))
}

fn read_scrypt(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let ["", settings, salt, digest] = *fields(rest, '$') else {
            return Err(Reason::Malformed);
        };
        if settings.len() > 8 || settings.starts_with('+') {
            return Err(Reason::Malformed);
        }
        let settings = u32::from_str_radix(settings, 16).map_err(|_| Reason::Malformed)?;
        let [log_n_high, log_n, r, p] = settings.to_be_bytes();
        if log_n_high != 0 {
            return Err(Reason::Malformed);
        }
        let scrypt = Scrypt::new(log_n, r.into(), p.into(), base64(&STANDARD, salt)?)?;
        Ok((scrypt, digest_of(&[32], base64(&STANDARD, digest)?)?))
    };
    scrypt::finish(Scheme::SpringScrypt, Prepare::Raw, parse())
}

fn read_digest(function: HashFunction, rest: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::SpringDigest;
    let parse = || {
        let (salt, digest) = match rest.rfind('}') {
            Some(end) if rest.starts_with('{') => {
                rest.split_at_checked(end + 1).ok_or(Reason::Malformed)?
            }
            _ => ("", rest),
        };
        Ok((salt, digest_of(&[function.digest_bytes()], hex(digest)?)?))
    };
    let (salt, digest) =
        parse().map_err(|reason: Reason| UnsupportedHash::from(reason).of(scheme))?;
    let kdf = Digest::salt_last(function, salt.as_bytes());
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}

/// Kept as its SHA-256, so that neither the comparison nor the value tells its length. An empty one is no
/// password but a missing one.
fn read_noop(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::SpringNoop;
    if rest.is_empty() {
        return Err(UnsupportedHash::from(Reason::Empty).of(scheme));
    }
    let digest = HashFunction::Sha256.digest(&[rest.as_bytes()]);
    let kdf = Digest::plain(HashFunction::Sha256);
    Parsed::new(scheme, Prepare::Raw, kdf, digest.to_vec())
}
