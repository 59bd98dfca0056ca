//! The `userPassword` schemes of LDAP directories, which Dovecot and others borrowed.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `{MD5}` `{SHA}` `{SHA256}` `{SHA384}` `{SHA512}` base64(digest) | H(password) | RFC 2307; OpenLDAP `pw-sha2` |
//! | `{SMD5}` `{SSHA}` `{SSHA256}` `{SSHA384}` `{SSHA512}` base64(digest ‖ salt) | H(password ‖ salt) | RFC 2307bis, OpenLDAP |
//! | `{CRYPT}` and any string of crypt(3) | crypt(password) | RFC 2307 |
//!
//! Names are read in either case, as RFC 4512 has it. `{PBKDF2…}` is in `pbkdf2.rs`, Dovecot's own names are in
//! `dovecot.rs`.

use super::digest::Digest;
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::Prepare,
    scheme::Scheme,
    text::{DigestEncoding, digest_of},
};

/// Reads the rest of a string after `{name}`, the name in lower case; `None` for another name.
pub(crate) fn read(
    name: &str,
    rest: &str,
    encoding: DigestEncoding,
) -> Option<Result<Parsed, UnsupportedHash>> {
    let (function, salted) = match name {
        "md5" => (HashFunction::Md5, false),
        "sha" => (HashFunction::Sha1, false),
        "sha256" => (HashFunction::Sha256, false),
        "sha384" => (HashFunction::Sha384, false),
        "sha512" => (HashFunction::Sha512, false),
        "smd5" => (HashFunction::Md5, true),
        "ssha" => (HashFunction::Sha1, true),
        "ssha256" => (HashFunction::Sha256, true),
        "ssha384" => (HashFunction::Sha384, true),
        "ssha512" => (HashFunction::Sha512, true),
        _ => return None,
    };
    let scheme = if salted {
        Scheme::LdapSaltedDigest
    } else {
        Scheme::LdapDigest
    };
    let parsed = encoding
        .decode(rest)
        .and_then(|bytes| digest_and_salt(function, salted, &bytes));
    Some(
        parsed
            .map_err(|reason| UnsupportedHash::from(reason).of(scheme))
            .and_then(|(digest, salt)| {
                let kdf = Digest::salt_last(function, &salt);
                Parsed::new(scheme, Prepare::Raw, kdf, digest)
            }),
    )
}

fn digest_and_salt(
    function: HashFunction,
    salted: bool,
    bytes: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Reason> {
    let length = function.digest_bytes();
    let (digest, salt) = bytes
        .split_at_checked(length)
        .ok_or(Reason::TruncatedDigest)?;
    // Without a salt the name is wrong, or bytes were lost.
    if salt.is_empty() == salted {
        return Err(Reason::Malformed);
    }
    Ok((digest_of(&[length], digest.to_vec())?, salt.to_vec()))
}
