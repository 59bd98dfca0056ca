//! Accounts of database servers, which old applications used as their users, or whose functions they called.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `*` and 40 hex digits | SHA-1(SHA-1(password)) | MySQL 4.1, `mysql_native_password`, `PASSWORD()` |
//! | `0x0100`, hex of salt 4 and digest 20 | SHA-1(UTF-16LE password ‖ salt) | SQL Server 2005 |
//! | the same and a digest 20 of the upper-case password | the first of them | SQL Server 2000 |
//! | `0x0200`, hex of salt 4 and digest 64 | SHA-512(UTF-16LE password ‖ salt) | SQL Server 2012 |
//!
//! A SQL Server 2000 that ignored case compared the second digest. Here the password has to be the one that was set.
//! Hex is read in either case.

use super::digest::Digest;
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::{PasswordEncoding, Prepare},
    scheme::Scheme,
    text::hex,
};

/// Reads MySQL's; `None` for another string that begins with an asterisk.
pub(crate) fn read_mysql(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let digest = hex(text.strip_prefix('*')?).ok()?;
    let kdf = Digest {
        rounds: 2,
        ..Digest::plain(HashFunction::Sha1)
    };
    (digest.len() == 20).then(|| Parsed::new(Scheme::Mysql, Prepare::Raw, kdf, digest))
}

/// Reads SQL Server's; `None` for another syntax.
pub(crate) fn read_mssql(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (function, rest) = if let Some(rest) = text.strip_prefix("0x0100") {
        (HashFunction::Sha1, rest)
    } else {
        (HashFunction::Sha512, text.strip_prefix("0x0200")?)
    };
    let length = function.digest_bytes();
    let parse = || {
        let bytes = hex(rest)?;
        let (salt, digests) = bytes.split_at_checked(4).ok_or(Reason::TruncatedDigest)?;
        let (digest, upper_case) = digests
            .split_at_checked(length)
            .ok_or(Reason::TruncatedDigest)?;
        match (function, upper_case.len()) {
            (_, 0) | (HashFunction::Sha1, 20) => Ok((salt.to_vec(), digest.to_vec())),
            _ => Err(Reason::Malformed),
        }
    };
    let scheme = Scheme::Mssql;
    Some(
        parse()
            .map_err(|reason| UnsupportedHash::from(reason).of(scheme))
            .and_then(|(salt, digest)| {
                let prepare = Prepare::Encode(PasswordEncoding::Utf16le);
                Parsed::new(scheme, prepare, Digest::salt_last(function, &salt), digest)
            }),
    )
}
