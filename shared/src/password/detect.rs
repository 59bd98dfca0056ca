//! Which scheme a string is of, where its syntax says so.

use super::{
    StoredHash, argon2, bcrypt,
    error::{Reason, UnsupportedHash},
    prepare::Prepare,
    scheme::Scheme,
};

/// Reads a string by its own syntax.
pub(super) fn read(text: &str) -> Result<StoredHash, UnsupportedHash> {
    if text.starts_with(['!', '*']) {
        return Err(Reason::DisabledAccount.into());
    }
    if let Some(rest) = text.strip_prefix('$') {
        return match rest.split_once('$').map(|(name, _)| name) {
            Some("2" | "2a" | "2b" | "2x" | "2y") => {
                bcrypt::read(text, Scheme::Bcrypt, Prepare::Raw)
            }
            Some("argon2d" | "argon2i" | "argon2id") => argon2::read(text, None),
            Some("bcrypt-sha256") => bcrypt::read_passlib(text),
            Some("wp") => bcrypt::read_wordpress(text),
            _ => Err(Reason::UnknownFormat.into()),
        };
    }
    if let Some((prefix, rest)) = text.split_once('$') {
        return match prefix {
            "argon2" => argon2::read(&format!("${rest}"), None),
            "bcrypt" => bcrypt::read_django(rest, false),
            "bcrypt_sha256" => bcrypt::read_django(rest, true),
            _ => Err(Reason::UnknownFormat.into()),
        };
    }
    Err(Reason::UnknownFormat.into())
}
