//! bcrypt, and what is put in front of it.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `$2a$CC$` `$2b$CC$` `$2y$CC$`, 22 characters of salt, 31 of digest | bcrypt(password) | OpenBSD `bcrypt.c`, crypt(5) |
//! | `bcrypt$$2b$…` | the same | Django, `BCryptPasswordHasher` |
//! | `bcrypt_sha256$$2b$…` | bcrypt(hex SHA-256(password)) | Django, `BCryptSHA256PasswordHasher` |
//! | `$bcrypt-sha256$v=2,t=2b,r=CC$salt22$digest31` | bcrypt(base64 HMAC-SHA256(key = salt22, password)) | passlib, `bcrypt_sha256` |
//! | `$bcrypt-sha256$2b,CC$salt22$digest31` | bcrypt(base64 SHA-256(password)) | passlib before 1.7.3 |
//! | `$wp$2y$…` | bcrypt(base64 HMAC-SHA384(key = `wp-sha384`, trim(password))) | WordPress 6.8, `wp_hash_password` |
//! | `$2b$…`, hint `meteor` | bcrypt(hex SHA-256(password)) | Meteor, `accounts-password` |
//! | `$2a$…`, hint `devise` | bcrypt(password ‖ pepper) | Devise, `Devise::Encryptor` |
//!
//! Only the first 72 bytes count, as in every implementation that wrote these strings. `$2x$` (the sign
//! extension bug of crypt_blowfish 1.0, which nothing here computes) and `$2$` are refused.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{BCRYPT, base64, exactly, fields, number, parameters},
};

/// The highest cost that is ever computed: 14 takes 2.8 s on the reference machine, 15 outlasts Cognito.
const MAX_COST: u32 = 14;
/// Of one of the 2^cost key schedules, measured at cost 12.
const ROUND_NANOSECONDS: u64 = 170_000;
/// What the key schedule reads of a password.
const MAX_KEY_BYTES: usize = 72;
/// The digest is 24 bytes, of which 23 are stored.
const DIGEST_BYTES: usize = 23;

/// Parameters of a bcrypt.
#[derive(Clone)]
pub(crate) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
}

impl Bcrypt {
    /// For [`crate::DummyHash`].
    pub(crate) fn dummy(cost: u32) -> Result<Parsed, UnsupportedHash> {
        let salt = [0x5a; 16];
        let cost = Some(cost).filter(|cost| (4..=31).contains(cost));
        let kdf = Self {
            cost: cost.ok_or(Reason::Malformed)?,
            salt,
        };
        Parsed::new(Scheme::Bcrypt, Prepare::Raw, kdf, vec![0; DIGEST_BYTES])
    }
}

impl Kdf for Bcrypt {
    fn cost(&self, _password_bytes: usize) -> Cost {
        // `cost` is at most 31.
        Cost::time(1 << self.cost, ROUND_NANOSECONDS)
    }

    fn within_cap(&self) -> bool {
        self.cost <= MAX_COST
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        // The terminating NUL belongs to the key, unless the 72 bytes are used up.
        let mut key = Zeroizing::new(Vec::with_capacity(MAX_KEY_BYTES));
        key.extend(password.iter().take(MAX_KEY_BYTES));
        if key.len() < MAX_KEY_BYTES {
            key.push(0);
        }
        let mut digest = Zeroizing::new(bcrypt::bcrypt(self.cost, self.salt, &key).to_vec());
        digest.truncate(DIGEST_BYTES);
        Ok(digest)
    }
}

/// Reads `$2…`.
pub(crate) fn read(
    text: &str,
    scheme: Scheme,
    prepare: Prepare,
) -> Result<Parsed, UnsupportedHash> {
    let parse = || match *fields(text, '$') {
        ["", "2a" | "2b" | "2y", cost, rest] => {
            let (salt, digest) = rest.split_at_checked(22).ok_or(Reason::TruncatedDigest)?;
            parts(cost, salt, digest)
        }
        ["", "2" | "2x", _, _] => Err(Reason::UnsupportedVariant),
        _ => Err(Reason::Malformed),
    };
    finish(parse(), scheme, prepare)
}

/// Reads `bcrypt$…` and `bcrypt_sha256$…`, given without the prefix and its `$`.
pub(crate) fn read_django(text: &str, hashed: bool) -> Result<Parsed, UnsupportedHash> {
    if hashed {
        let prepare = Prepare::Hex(HashFunction::Sha256);
        read(text, Scheme::DjangoBcryptSha256, prepare)
    } else {
        read(text, Scheme::Bcrypt, Prepare::Raw)
    }
}

/// Reads `$wp$2y$…`.
pub(crate) fn read_wordpress(text: &str) -> Result<Parsed, UnsupportedHash> {
    let prepare = Prepare::HmacBase64 {
        function: HashFunction::Sha384,
        key: b"wp-sha384".to_vec(),
        trim: true,
    };
    let bcrypt = text.strip_prefix("$wp").unwrap_or_default();
    read(bcrypt, Scheme::WordpressBcrypt, prepare)
}

/// Reads `$bcrypt-sha256$…`.
pub(crate) fn read_passlib(text: &str) -> Result<Parsed, UnsupportedHash> {
    let scheme = Scheme::PasslibBcryptSha256;
    let (["", _, settings, salt, digest], function) = (&*fields(text, '$'), HashFunction::Sha256)
    else {
        return Err(UnsupportedHash::from(Reason::Malformed).of(scheme));
    };
    let (variant, cost, prepare) = if settings.contains('=') {
        let key = salt.as_bytes().to_vec();
        let trim = false;
        match parameters(settings, ["v", "t", "r"]) {
            Ok([Some("2"), Some(variant), Some(cost)]) => (
                variant,
                cost,
                Prepare::HmacBase64 {
                    function,
                    key,
                    trim,
                },
            ),
            _ => return Err(UnsupportedHash::from(Reason::Malformed).of(scheme)),
        }
    } else {
        let (variant, cost) = settings.split_once(',').unwrap_or_default();
        (variant, cost, Prepare::Base64(function))
    };
    let read = match variant {
        "2a" | "2b" | "2y" => parts(cost, salt, digest),
        _ => Err(Reason::UnsupportedVariant),
    };
    finish(read, scheme, prepare)
}

fn finish(
    read: Result<(Bcrypt, Vec<u8>), Reason>,
    scheme: Scheme,
    prepare: Prepare,
) -> Result<Parsed, UnsupportedHash> {
    let (bcrypt, digest) = read.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, prepare, bcrypt, digest)
}

fn parts(cost: &str, salt: &str, digest: &str) -> Result<(Bcrypt, Vec<u8>), Reason> {
    if cost.len() > 2 || salt.len() != 22 {
        return Err(Reason::Malformed);
    }
    if digest.len() < 31 {
        return Err(Reason::TruncatedDigest);
    }
    let cost = number(cost)?;
    if !(4..=31).contains(&cost) {
        return Err(Reason::Malformed);
    }
    let salt = exactly(&base64(&BCRYPT, salt)?)?;
    let digest = base64(&BCRYPT, digest)?;
    if digest.len() != DIGEST_BYTES {
        return Err(Reason::Malformed);
    }
    Ok((Bcrypt { cost, salt }, digest))
}
