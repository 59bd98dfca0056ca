//! Which scheme a string is of, where its syntax says so.

use crate::{
    formats::{
        argon2, aspnet, bcrypt, database, des_crypt, django, dovecot, firebase, keycloak, ldap,
        md5_crypt, ory, pbkdf2, phpass, scram, scrypt, sha_crypt, spring, werkzeug, yescrypt,
    },
    primitives::{
        error::{Reason, UnsupportedHash},
        parsed::Parsed,
        prepare::Prepare,
        scheme::Scheme,
        text::{DigestEncoding, hex},
    },
};

/// Reads a string by its own syntax.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    match text.as_bytes().first() {
        Some(b'*') => database::read_mysql(text).unwrap_or(Err(Reason::DisabledAccount.into())),
        Some(b'!') => Err(Reason::DisabledAccount.into()),
        Some(b'$') => modular(text),
        Some(b'{') => braced(text),
        Some(b'_') => des_crypt::read_bsdi(text),
        Some(b'U') if text.starts_with("U$") => phpass::read(text),
        _ => {
            if let Some(rest) = text.strip_prefix("grub.pbkdf2.sha512.") {
                return pbkdf2::read_grub(rest);
            }
            if let Some(rest) = text.strip_prefix("SCRAM-SHA-256$") {
                return scram::read_postgresql(rest);
            }
            if let Some(read) = database::read_mssql(text) {
                return read;
            }
            if let Some((prefix, rest)) = text.split_once('$') {
                return prefixed(text, prefix, rest);
            }
            aspnet::read_version_3(text).unwrap_or(Err(unnamed(text).into()))
        }
    }
}

/// `$name$…`: the Modular Crypt Format and its successors.
fn modular(text: &str) -> Result<Parsed, UnsupportedHash> {
    match text.split('$').nth(1) {
        Some("1" | "apr1") => md5_crypt::read(text),
        Some("2" | "2a" | "2b" | "2x" | "2y") => bcrypt::read(text, Scheme::Bcrypt, Prepare::Raw),
        Some("5" | "6") => sha_crypt::read(text),
        Some("7") => scrypt::read_crypt(text),
        Some("P" | "H" | "S") => phpass::read(text),
        Some("argon2d" | "argon2i" | "argon2id") => argon2::read(text, None),
        Some("bcrypt-sha256") => bcrypt::read_passlib(text),
        Some("fbscrypt" | "firescrypt") => firebase::read(text),
        Some("md5" | "sha256" | "sha512") => ory::read_digest(text),
        Some("md5-crypt" | "sha256-crypt" | "sha512-crypt") => ory::read_crypt(text),
        Some("p5k2") => pbkdf2::read_p5k2(text),
        Some("scrypt") => scrypt::read(text),
        Some("sha1") if text.starts_with("$sha1$pf=") => ory::read_digest(text),
        Some("sha1") => sha_crypt::read_sha1(text),
        Some("wp") => bcrypt::read_wordpress(text),
        Some("y") => yescrypt::read(text),
        Some(name) if name.starts_with("hmac-") => ory::read_hmac(text),
        Some(name) if name == "pbkdf2" || name.starts_with("pbkdf2-") => pbkdf2::read(text),
        _ => Err(Reason::UnknownFormat.into()),
    }
}

/// `{name}…`: LDAP, Dovecot and Spring; and JSON, which begins alike.
fn braced(text: &str) -> Result<Parsed, UnsupportedHash> {
    let Some((name, rest)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return Err(Reason::UnknownFormat.into());
    };
    if name.trim_start().starts_with('"') {
        return scram::read_mongodb(text).unwrap_or_else(|| keycloak::read(text));
    }
    // Spring's ids first, in their own case.
    if let Some(read) = spring::read(name, rest, None) {
        return read;
    }
    match name {
        "argon2@SpringSecurity_v5_8" if rest.starts_with("$argon2") => {
            return argon2::read(rest, None);
        }
        "ldap" if rest.starts_with('{') => {
            let (name, rest) = rest.split_once('}').unwrap_or_default();
            let name = name.trim_start_matches('{').to_ascii_lowercase();
            return ldap::read(&name, rest, DigestEncoding::Base64)
                .unwrap_or(Err(Reason::UnknownFormat.into()));
        }
        _ => {}
    }
    let name = name.to_ascii_lowercase();
    if name == "crypt" {
        return read_crypt(rest);
    }
    if let Some(read) = dovecot::read(&name, rest).or_else(|| scram::read_dovecot(&name, rest)) {
        return read;
    }
    if name == "pkcs5s2" {
        return pbkdf2::read_atlassian(rest);
    }
    if name.starts_with("pbkdf2") {
        return pbkdf2::read_ldap(&name, rest);
    }
    ldap::read(&name, rest, DigestEncoding::Base64).unwrap_or(Err(Reason::UnknownFormat.into()))
}

/// `name$…`: Django and Werkzeug.
fn prefixed(text: &str, prefix: &str, rest: &str) -> Result<Parsed, UnsupportedHash> {
    match prefix {
        "argon2" => argon2::read(&format!("${rest}"), None),
        "bcrypt" => bcrypt::read_django(rest, false),
        "bcrypt_sha256" => bcrypt::read_django(rest, true),
        "pbkdf2_sha1" | "pbkdf2_sha256" => django::read_pbkdf2(text),
        "scrypt" => django::read_scrypt(text),
        "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" => {
            Err(Reason::AmbiguousFormat.into())
        }
        _ if prefix.starts_with("pbkdf2:") => werkzeug::read_pbkdf2(text),
        _ if prefix.starts_with("scrypt:") => werkzeug::read_scrypt(text),
        _ => Err(Reason::UnknownFormat.into()),
    }
}

/// What a string without a name may be: hex of a digest, with or without a salt behind a colon; the
/// traditional crypt(3); ASP.NET's first format. Several systems write each.
fn unnamed(text: &str) -> Reason {
    let digest = text.split(':').next().unwrap_or_default();
    let is_hex_digest = digest.len() >= 32 && hex(digest).is_ok();
    if is_hex_digest || des_crypt::may_be_des(text) || aspnet::may_be_version_2(text) {
        Reason::AmbiguousFormat
    } else {
        Reason::UnknownFormat
    }
}

/// Here, and only here, thirteen characters are the traditional form without being named.
fn read_crypt(rest: &str) -> Result<Parsed, UnsupportedHash> {
    match des_crypt::read(rest) {
        Some(read) => read,
        None if rest.starts_with(['$', '_', '!', '*']) => read(rest),
        None => Err(Reason::UnknownFormat.into()),
    }
}
