//! Django's hashers that are not in the file of their function.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `pbkdf2_sha256$N$salt$digest`, `pbkdf2_sha1$…`; the salt is its text, the digest base64 | PBKDF2 | `PBKDF2PasswordHasher` |
//! | `scrypt$N$salt$R$P$digest`; the salt is its text, the digest base64 | scrypt | `ScryptPasswordHasher` |
//! | `md5$salt$digest`, `sha1$salt$digest`, hex; hint `django` | H(salt ‖ password) | `MD5PasswordHasher`, `SHA1PasswordHasher` (removed in 5.1) |
//! | `pbkdf2_sha256$N$salt$digest`, both base64, and `pbkdf2_sha1$N$salt$digest` in hex; hint `clerk` | PBKDF2 | Clerk, `createUser`, `password_hasher` |
//!
//! `argon2$…`, `bcrypt$…` and `bcrypt_sha256$…` are in `argon2.rs` and `bcrypt.rs`.

use super::{
    digest::Digest,
    pbkdf2,
    scrypt::{self, Scrypt},
};
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, fields, hex, number},
};

/// Reads `pbkdf2_…$…`.
pub(crate) fn read_pbkdf2(text: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::DjangoPbkdf2;
    let parse = || {
        let (function, iterations, salt, digest) = pbkdf2_fields(text)?;
        let digest = base64(&STANDARD, digest)?;
        Ok((
            function,
            number(iterations)?,
            salt.as_bytes().to_vec(),
            digest,
        ))
    };
    finish_pbkdf2(scheme, parse())
}

/// Reads Clerk's `pbkdf2_…$…`; `None` for another syntax.
pub(crate) fn read_clerk(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (function, iterations, salt, digest) = pbkdf2_fields(text).ok()?;
    let parse = || {
        let (salt, digest) = match function {
            HashFunction::Sha1 => (salt.as_bytes().to_vec(), hex(digest)?),
            _ => (base64(&STANDARD, salt)?, base64(&STANDARD, digest)?),
        };
        Ok((function, number(iterations)?, salt, digest))
    };
    Some(finish_pbkdf2(Scheme::ClerkPbkdf2, parse()))
}

fn pbkdf2_fields(text: &str) -> Result<(HashFunction, &str, &str, &str), Reason> {
    match *fields(text, '$') {
        ["pbkdf2_sha256", iterations, salt, digest] => {
            Ok((HashFunction::Sha256, iterations, salt, digest))
        }
        ["pbkdf2_sha1", iterations, salt, digest] => {
            Ok((HashFunction::Sha1, iterations, salt, digest))
        }
        _ => Err(Reason::Malformed),
    }
}

fn finish_pbkdf2(
    scheme: Scheme,
    parsed: Result<(HashFunction, u32, Vec<u8>, Vec<u8>), Reason>,
) -> Result<Parsed, UnsupportedHash> {
    let checked = parsed.and_then(|(function, iterations, salt, digest)| {
        let digest = digest_of(&[function.digest_bytes()], digest)?;
        Ok((function, iterations, salt, digest))
    });
    let (function, iterations, salt, digest) =
        checked.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    pbkdf2::stored(scheme, function, iterations, salt, digest)
}

/// Reads `scrypt$…`.
pub(crate) fn read_scrypt(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let ["scrypt", n, salt, r, p, digest] = *fields(text, '$') else {
            return Err(Reason::Malformed);
        };
        let salt = salt.as_bytes().to_vec();
        let scrypt = Scrypt::from_n(number(n)?, number(r)?, number(p)?, salt)?;
        Ok((scrypt, digest_of(&[64], base64(&STANDARD, digest)?)?))
    };
    scrypt::finish(Scheme::DjangoScrypt, Prepare::Raw, parse())
}

/// Reads `md5$…` and `sha1$…`; `None` for another syntax.
pub(crate) fn read_digest(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (function, scheme, salt, digest) = match *fields(text, '$') {
        ["md5", salt, digest] => (HashFunction::Md5, Scheme::DjangoMd5, salt, digest),
        ["sha1", salt, digest] => (HashFunction::Sha1, Scheme::DjangoSha1, salt, digest),
        _ => return None,
    };
    let parsed = hex(digest).and_then(|digest| digest_of(&[function.digest_bytes()], digest));
    Some(
        parsed
            .map_err(|reason| UnsupportedHash::from(reason).of(scheme))
            .and_then(|digest| {
                let kdf = Digest::salt_first(function, salt.as_bytes());
                Parsed::new(scheme, Prepare::Raw, kdf, digest)
            }),
    )
}
