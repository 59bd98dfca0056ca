//! Werkzeug's `generate_password_hash`, which Flask applications store.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `scrypt:N:R:P$salt$digest`, hex | scrypt, 64 bytes | `werkzeug/security.py` since 2.3 |
//! | `pbkdf2:sha256:N$salt$digest`, hex; also `sha1`, `sha512` | PBKDF2 | the same |
//! | `sha256$salt$digest`, hex; also `md5`, `sha1`, `sha224`, `sha384`, `sha512`; hint `werkzeug` | HMAC keyed with the salt, or the digest where there is none | the same before 3.0 |
//!
//! The salt is its text everywhere.

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
    text::{digest_of, fields, hex, number},
};

/// Reads `scrypt:…`.
pub(crate) fn read_scrypt(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let (method, salt, digest) = split(text)?;
        let ["scrypt", n, r, p] = *fields(method, ':') else {
            return Err(Reason::Malformed);
        };
        let salt = salt.as_bytes().to_vec();
        let scrypt = Scrypt::from_n(number(n)?, number(r)?, number(p)?, salt)?;
        Ok((scrypt, digest_of(&[64], hex(digest)?)?))
    };
    scrypt::finish(Scheme::WerkzeugScrypt, Prepare::Raw, parse())
}

/// Reads `pbkdf2:…`.
pub(crate) fn read_pbkdf2(text: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::WerkzeugPbkdf2;
    let parse = || {
        let (method, salt, digest) = split(text)?;
        let ["pbkdf2", name, iterations] = *fields(method, ':') else {
            return Err(Reason::Malformed);
        };
        let function = function(name).ok_or(Reason::UnsupportedVariant)?;
        let digest = digest_of(&[function.digest_bytes()], hex(digest)?)?;
        Ok((
            function,
            number(iterations)?,
            salt.as_bytes().to_vec(),
            digest,
        ))
    };
    let (function, iterations, salt, digest) =
        parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    pbkdf2::stored(scheme, function, iterations, salt, digest)
}

/// Reads `sha256$…` and its kin; `None` for another syntax.
pub(crate) fn read_hmac(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (method, salt, digest) = split(text).ok()?;
    let function = function(method)?;
    let scheme = Scheme::WerkzeugHmac;
    let key = (!salt.is_empty()).then(|| Beside::Salt(salt.as_bytes().to_vec()));
    let parsed = hex(digest).and_then(|digest| digest_of(&[function.digest_bytes()], digest));
    Some(
        parsed
            .map_err(|reason| UnsupportedHash::from(reason).of(scheme))
            .and_then(|digest| {
                let kdf = Digest {
                    key,
                    ..Digest::plain(function)
                };
                Parsed::new(scheme, Prepare::Raw, kdf, digest)
            }),
    )
}

fn split(text: &str) -> Result<(&str, &str, &str), Reason> {
    match *fields(text, '$') {
        [method, salt, digest] => Ok((method, salt, digest)),
        _ => Err(Reason::Malformed),
    }
}

/// A name of Python's `hashlib`.
fn function(name: &str) -> Option<HashFunction> {
    match name {
        "md5" => Some(HashFunction::Md5),
        "sha1" => Some(HashFunction::Sha1),
        "sha224" => Some(HashFunction::Sha224),
        "sha256" => Some(HashFunction::Sha256),
        "sha384" => Some(HashFunction::Sha384),
        "sha512" => Some(HashFunction::Sha512),
        _ => None,
    }
}
