//! Dovecot's `{NAME}…` where it is not LDAP's, and OpenLDAP's names for other formats.
//!
//! | syntax | is |
//! | --- | --- |
//! | `{MD5-CRYPT}$1$…`, `{SHA256-CRYPT}$5$…`, `{SHA512-CRYPT}$6$…`, `{BLF-CRYPT}$2y$…`, `{DES-CRYPT}…` | the rest |
//! | `{ARGON2I}$argon2i$…`, `{ARGON2ID}$argon2id$…`; OpenLDAP's `{ARGON2}$argon2…`, `{BCRYPT}$2b$…` | the rest |
//! | `{MD5}$1$…` | the rest: Dovecot's oldest name for it |
//! | `{PLAIN-MD5}`, `{PLAIN-MD4}` hex; `{LDAP-MD5}`, `{SHA1}` base64 | H(password) |
//! | `{NTLM}` hex | MD4(UTF-16LE password) |
//! | `{PBKDF2}$1$salt$N$digest`, digest in hex, the salt its text | PBKDF2-SHA1, 20 bytes |
//! | any digest's name and `.hex`, `.b64` or `.base64` | the same, written so |
//!
//! Names are read in either case. Source: Dovecot, `password-scheme.c`; OpenLDAP, `pw-argon2`.

use super::{argon2, bcrypt, des_crypt, digest::Digest, ldap, md5_crypt, pbkdf2, sha_crypt};
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::{PasswordEncoding, Prepare},
    scheme::Scheme,
    text::{DigestEncoding, digest_of, fields, hex, number},
};

/// Reads the rest of a string after `{name}`, the name in lower case; `None` for another name.
pub(crate) fn read(name: &str, rest: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let of = |prefix: &str| {
        rest.starts_with(prefix)
            .then_some(rest)
            .ok_or(UnsupportedHash::from(Reason::Malformed))
    };
    let read = match name {
        "md5-crypt" => of("$1$").and_then(md5_crypt::read),
        "md5" if rest.starts_with("$1$") => md5_crypt::read(rest),
        "sha256-crypt" => of("$5$").and_then(sha_crypt::read),
        "sha512-crypt" => of("$6$").and_then(sha_crypt::read),
        "bcrypt" | "blf-crypt" => {
            of("$2").and_then(|rest| bcrypt::read(rest, Scheme::Bcrypt, Prepare::Raw))
        }
        "des-crypt" => des_crypt::read(rest).unwrap_or(Err(Reason::Malformed.into())),
        "argon2" | "argon2i" | "argon2id" => {
            of("$argon2").and_then(|rest| argon2::read(rest, None))
        }
        "pbkdf2" if rest.starts_with("$1$") => read_pbkdf2(rest),
        _ => return read_digest(name, rest),
    };
    Some(read)
}

fn read_digest(name: &str, rest: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (name, encoding) = match name.split_once('.') {
        None => (name, None),
        Some((name, "hex")) => (name, Some(DigestEncoding::Hex)),
        Some((name, "b64" | "base64")) => (name, Some(DigestEncoding::Base64)),
        Some(_) => return None,
    };
    let (function, prepare, usual) = match name {
        "plain-md4" => (HashFunction::Md4, Prepare::Raw, DigestEncoding::Hex),
        "plain-md5" => (HashFunction::Md5, Prepare::Raw, DigestEncoding::Hex),
        "ldap-md5" => (HashFunction::Md5, Prepare::Raw, DigestEncoding::Base64),
        "sha1" => (HashFunction::Sha1, Prepare::Raw, DigestEncoding::Base64),
        "ntlm" => {
            let utf16 = Prepare::Encode(PasswordEncoding::Utf16le);
            (HashFunction::Md4, utf16, DigestEncoding::Hex)
        }
        _ => return ldap::read(name, rest, encoding?),
    };
    let scheme = match name {
        "ntlm" => Scheme::NtHash,
        _ => Scheme::LdapDigest,
    };
    let digest = encoding
        .unwrap_or(usual)
        .decode(rest)
        .and_then(|digest| digest_of(&[function.digest_bytes()], digest))
        .map_err(|reason| UnsupportedHash::from(reason).of(scheme));
    Some(digest.and_then(|digest| Parsed::new(scheme, prepare, Digest::plain(function), digest)))
}

fn read_pbkdf2(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::DovecotPbkdf2;
    let parse = || {
        let ["", "1", salt, iterations, digest] = *fields(rest, '$') else {
            return Err(Reason::Malformed);
        };
        let digest = digest_of(&[20], hex(digest)?)?;
        Ok((number(iterations)?, salt.as_bytes().to_vec(), digest))
    };
    let (iterations, salt, digest) =
        parse().map_err(|reason: Reason| UnsupportedHash::from(reason).of(scheme))?;
    pbkdf2::stored(scheme, HashFunction::Sha1, iterations, salt, digest)
}
