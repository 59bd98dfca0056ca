//! ASP.NET Identity: base64 of a marker byte and what follows.
//!
//! | bytes | computation | source |
//! | --- | --- | --- |
//! | `00`, salt 16, subkey 32; hint `aspnet-identity` | PBKDF2-HMAC-SHA1, 1000 iterations | `PasswordHasher.HashPasswordV2`; `Microsoft.AspNet.Identity.Crypto` |
//! | `01`, PRF (0 SHA-1, 1 SHA-256, 2 SHA-512), iterations, salt length, each 4 bytes big-endian; salt; subkey | PBKDF2 | `PasswordHasher.HashPasswordV3` |
//!
//! The second has thirteen bytes of header, eight of them zero or nearly: no other base64 has it by chance.
//! The first has one byte: the operator names it. ASP.NET verifies any subkey of 16 bytes or more, and writes
//! 32; its own tests have 16, 32 and 64, and so do we.

use super::pbkdf2;
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of},
};

/// Reads either format; `None` for what has none of their markers.
pub(crate) fn read(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let bytes = base64(&STANDARD, text).ok()?;
    match bytes.split_first()? {
        (0, rest) => Some(version_2(rest)),
        (1, rest) => version_3(rest),
        _ => None,
    }
}

/// Reads the unambiguous format only.
pub(crate) fn read_version_3(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let bytes = base64(&STANDARD, text).ok()?;
    match bytes.split_first()? {
        (1, rest) => version_3(rest),
        _ => None,
    }
}

/// Whether a string may be of the first format.
pub(crate) fn may_be_version_2(text: &str) -> bool {
    base64(&STANDARD, text).is_ok_and(|bytes| bytes.len() == 49 && bytes.first() == Some(&0))
}

fn version_2(rest: &[u8]) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::AspnetIdentityV2;
    let parse = || {
        let (salt, subkey) = rest.split_at_checked(16).ok_or(Reason::TruncatedDigest)?;
        Ok((salt.to_vec(), digest_of(&[32], subkey.to_vec())?))
    };
    let (salt, subkey) =
        parse().map_err(|reason: Reason| UnsupportedHash::from(reason).of(scheme))?;
    pbkdf2::stored(scheme, HashFunction::Sha1, 1000, salt, subkey)
}

fn version_3(rest: &[u8]) -> Option<Result<Parsed, UnsupportedHash>> {
    let scheme = Scheme::AspnetIdentityV3;
    let (header, rest) = rest.split_at_checked(12)?;
    let ([prf, iterations, salt_bytes], []) = header.as_chunks::<4>() else {
        return None;
    };
    let function = match u32::from_be_bytes(*prf) {
        0 => HashFunction::Sha1,
        1 => HashFunction::Sha256,
        2 => HashFunction::Sha512,
        _ => return None,
    };
    let salt_bytes = usize::try_from(u32::from_be_bytes(*salt_bytes)).ok()?;
    // `PasswordHasher.VerifyHashedPasswordV3` refuses less than 16; no writer exceeds 64.
    if !(16..=64).contains(&salt_bytes) {
        return None;
    }
    let parse = || {
        let parts = rest.split_at_checked(salt_bytes);
        let (salt, subkey) = parts.ok_or(Reason::TruncatedDigest)?;
        Ok((salt.to_vec(), digest_of(&[16, 32, 64], subkey.to_vec())?))
    };
    let parsed = parse().map_err(|reason: Reason| UnsupportedHash::from(reason).of(scheme));
    Some(parsed.and_then(|(salt, subkey)| {
        let iterations = u32::from_be_bytes(*iterations);
        pbkdf2::stored(scheme, function, iterations, salt, subkey)
    }))
}
