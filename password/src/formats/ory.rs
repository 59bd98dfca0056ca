//! What Ory Kratos takes at an import besides the usual formats.
//!
//! | syntax | computation |
//! | --- | --- |
//! | `$md5$digest` | MD5(password) |
//! | `$md5$pf=TEMPLATE$salt$digest`, and `$sha1$`, `$sha256$`, `$sha512$` | H(template), `{SALT}` and `{PASSWORD}` replaced in it |
//! | `$hmac-md5$digest$key`; also `md4`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512` | HMAC, the digest in hex |
//! | `$md5-crypt$…`, `$sha256-crypt$…`, `$sha512-crypt$…` | as `$1$…`, `$5$…`, `$6$…` |
//!
//! Every field is base64 with padding, that of a crypt apart. Source: Ory Kratos, `hash/hash_comparator.go`.

use super::{
    digest::{Beside, Digest},
    md5_crypt, sha_crypt,
};
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, fields, hex},
};

/// Reads `$md5$…` and `$sha…$pf=…`.
pub(crate) fn read_digest(text: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::OryDigest;
    let parse = || {
        let (name, digest, stored) = match *fields(text, '$') {
            ["", "md5", digest] => ("md5", Digest::plain(HashFunction::Md5), digest),
            ["", name, template, salt, digest] => {
                let template = template.strip_prefix("pf=").ok_or(Reason::Malformed)?;
                let template = base64(&STANDARD, template)?;
                (
                    name,
                    templated(function(name)?, &template, &base64(&STANDARD, salt)?)?,
                    digest,
                )
            }
            // Sun's MD5 crypt, which nothing here computes, has the same name.
            ["", "md5", ..] => return Err(Reason::UnsupportedVariant),
            _ => return Err(Reason::Malformed),
        };
        let length = function(name)?.digest_bytes();
        Ok((digest, digest_of(&[length], base64(&STANDARD, stored)?)?))
    };
    let (kdf, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}

/// Reads `$hmac-…`.
pub(crate) fn read_hmac(text: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::OryHmac;
    let parse = || {
        let ["", name, digest, key] = *fields(text, '$') else {
            return Err(Reason::Malformed);
        };
        let name = name.strip_prefix("hmac-").ok_or(Reason::Malformed)?;
        let function = function(name)?;
        let digest = base64(&STANDARD, digest)?;
        let digest = hex(str::from_utf8(&digest).map_err(|_| Reason::Malformed)?)?;
        let kdf = Digest {
            key: Some(Beside::Salt(base64(&STANDARD, key)?)),
            ..Digest::plain(function)
        };
        Ok((kdf, digest_of(&[function.digest_bytes()], digest)?))
    };
    let (kdf, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}

/// Reads `$md5-crypt$…`, `$sha256-crypt$…` and `$sha512-crypt$…`.
pub(crate) fn read_crypt(text: &str) -> Result<Parsed, UnsupportedHash> {
    let crypt = |name: &str, id: &str| text.strip_prefix(name).map(|rest| format!("{id}{rest}"));
    if let Some(crypt) = crypt("$md5-crypt$", "$1$") {
        return md5_crypt::read(&crypt);
    }
    let crypt = crypt("$sha256-crypt$", "$5$").or_else(|| crypt("$sha512-crypt$", "$6$"));
    sha_crypt::read(&crypt.ok_or(Reason::UnknownFormat)?)
}

fn function(name: &str) -> Result<HashFunction, Reason> {
    match name {
        "md4" => Ok(HashFunction::Md4),
        "md5" => Ok(HashFunction::Md5),
        "sha1" => Ok(HashFunction::Sha1),
        "sha224" => Ok(HashFunction::Sha224),
        "sha256" => Ok(HashFunction::Sha256),
        "sha384" => Ok(HashFunction::Sha384),
        "sha512" => Ok(HashFunction::Sha512),
        _ => Err(Reason::UnsupportedVariant),
    }
}

/// A digest of the template's text with its two words replaced. A template without the password would match
/// every one.
fn templated(function: HashFunction, template: &[u8], salt: &[u8]) -> Result<Digest, Reason> {
    let template = str::from_utf8(template).map_err(|_| Reason::Malformed)?;
    let parts: Vec<&str> = template.split("{PASSWORD}").collect();
    let beside = |part: &str| {
        let mut bytes = Vec::with_capacity(part.len() + salt.len());
        for (index, piece) in part.split("{SALT}").enumerate() {
            if index > 0 {
                bytes.extend_from_slice(salt);
            }
            bytes.extend_from_slice(piece.as_bytes());
        }
        vec![Beside::Salt(bytes)]
    };
    match *parts {
        [before, after] => Ok(Digest {
            before: beside(before),
            after: beside(after),
            ..Digest::plain(function)
        }),
        [_] => Err(Reason::Malformed),
        _ => Err(Reason::UnsupportedVariant),
    }
}
