//! The four hash formats that Cognito takes.
//!
//! | algorithm | format | highest parameters |
//! | --- | --- | --- |
//! | `BCRYPT` | `$2<a/b/x/y>$CC$`, 22 characters of salt, 31 of hash | cost 12 |
//! | `SCRYPT` | `N$r$p$hexSalt$hexHash` | N 65536, r 8, p 1 |
//! | `ARGON2ID` | `$argon2id$v=N$m=M,t=T,p=P$salt$hash` | m 19456, t 2, p 1 |
//! | `PBKDF2_SHA256` | `$pbkdf2-sha256$iterations$salt$hash` | 600000 iterations |
//!
//! Source: Amazon Cognito Developer Guide, "Importing users with password hashes". What it does not say is in
//! [`Algorithm::unverified`].

use base16ct::lower::encode_string as lower_hex;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use password::Scheme;

/// RFC 4648 base64, read with or without padding, written without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Bytes of the hash in the guide's examples of SCRYPT and PBKDF2_SHA256. A longer one is shortened to it: both
/// functions end in PBKDF2-HMAC-SHA256, whose first block does not depend on the length (RFC 8018, section
/// 5.2; RFC 7914, section 6), and 256 bits are all that SHA-256 gives.
const DIGEST_BYTES: usize = 32;

/// A PasswordHashingAlgorithm of CreateUserImportJob.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Algorithm {
    /// Argon2id.
    Argon2id,
    /// bcrypt.
    Bcrypt,
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256,
    /// scrypt.
    Scrypt,
}

/// Why a readable hash is none that Cognito takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotTaken {
    /// Another algorithm, or something before it (a pepper, another hash).
    Algorithm,
    /// The algorithm, in a variant that the guide does not show.
    Variant,
    /// Parameters over Cognito's.
    OverMaximum,
}

impl NotTaken {
    /// Stable, in kebab case.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "hash-not-of-cognito",
            Self::Variant => "hash-variant-not-of-cognito",
            Self::OverMaximum => "hash-over-cognito-maximum",
        }
    }
}

impl Algorithm {
    /// As CreateUserImportJob names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "ARGON2ID",
            Self::Bcrypt => "BCRYPT",
            Self::Pbkdf2Sha256 => "PBKDF2_SHA256",
            Self::Scrypt => "SCRYPT",
        }
    }

    /// What the guide leaves open about the format: assumed here, and not tried on a real pool.
    pub(crate) fn unverified(self) -> Option<&'static str> {
        match self {
            Self::Argon2id => Some(
                "its commas are escaped by a backslash, as the guide asks for attribute values; its examples show no hash with commas in a file",
            ),
            Self::Bcrypt => None,
            Self::Pbkdf2Sha256 => Some(
                "salt and hash are in passlib's base64 (. for +), because passlib writes this syntax; the guide does not name the alphabet",
            ),
            Self::Scrypt => Some(
                "hexSalt is the salt's bytes in hexadecimal; the guide does not say that it is decoded",
            ),
        }
    }

    /// A stored hash, found readable and of this scheme, as Cognito takes it.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(crate) fn convert(stored: &str, scheme: Scheme) -> Result<(Self, String), NotTaken> {
        match scheme {
            Scheme::Bcrypt => bcrypt(stored).map(|hash| (Self::Bcrypt, hash)),
            Scheme::Argon2id => argon2id(stored).map(|hash| (Self::Argon2id, hash)),
            Scheme::Scrypt | Scheme::DjangoScrypt | Scheme::WerkzeugScrypt => {
                let hash = scrypt(stored, scheme);
                hash.map(|hash| (Self::Scrypt, hash))
            }
            Scheme::Pbkdf2 | Scheme::LdapPbkdf2 | Scheme::DjangoPbkdf2 | Scheme::WerkzeugPbkdf2 => {
                let hash = pbkdf2(stored, scheme);
                hash.map(|hash| (Self::Pbkdf2Sha256, hash))
            }
            _ => Err(NotTaken::Algorithm),
        }
    }
}

/// Whatever a framework put before it (`bcrypt$`, `{bcrypt}`, `{CRYPT}`) is not part of it.
fn bcrypt(stored: &str) -> Result<String, NotTaken> {
    let from = stored.find("$2").ok_or(NotTaken::Variant)?;
    let hash = stored.get(from..).ok_or(NotTaken::Variant)?;
    let (_, rest) = hash.split_at_checked(4).ok_or(NotTaken::Variant)?;
    let (cost, rest) = rest.split_once('$').ok_or(NotTaken::Variant)?;
    if cost.len() != 2 || rest.len() != 53 {
        return Err(NotTaken::Variant);
    }
    at_most(number(cost)?, 12)?;
    Ok(hash.to_owned())
}

fn argon2id(stored: &str) -> Result<String, NotTaken> {
    let from = stored.find("$argon2id$").ok_or(NotTaken::Variant)?;
    let fields: Vec<&str> = stored.get(from..).unwrap_or_default().split('$').collect();
    // Version 1.3 only: Cognito's guide shows v=19, and a hash without it is of version 1.0.
    let ["", "argon2id", "v=19", parameters, salt, hash] = *fields else {
        return Err(NotTaken::Variant);
    };
    let parameter = |name: &str| {
        let mut pairs = parameters
            .split(',')
            .filter_map(|pair| pair.split_once('='));
        let pair = pairs
            .find(|(key, _)| *key == name)
            .ok_or(NotTaken::Variant)?;
        number(pair.1)
    };
    let (m, t, p) = (parameter("m")?, parameter("t")?, parameter("p")?);
    at_most(m, 19456)?;
    at_most(t, 2)?;
    at_most(p, 1)?;
    let (salt, hash) = (salt.trim_end_matches('='), hash.trim_end_matches('='));
    Ok(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}"))
}

fn scrypt(stored: &str, scheme: Scheme) -> Result<String, NotTaken> {
    let fields: Vec<&str> = stored.split('$').collect();
    let (n, r, p, salt, hash) = match (scheme, fields.as_slice()) {
        (Scheme::Scrypt, ["", "scrypt", parameters, salt, hash]) => {
            let parameter = |name: &str| {
                let mut pairs = parameters
                    .split(',')
                    .filter_map(|pair| pair.split_once('='));
                let pair = pairs
                    .find(|(key, _)| *key == name)
                    .ok_or(NotTaken::Variant)?;
                number(pair.1)
            };
            // The log₂ of N, or N itself where Ory wrote it: as the password crate reads it.
            let n = match parameter("ln")? {
                log_n @ ..=63 => 1 << log_n,
                n => n,
            };
            (
                n,
                parameter("r")?,
                parameter("p")?,
                base64(salt)?,
                base64(hash)?,
            )
        }
        (Scheme::DjangoScrypt, ["scrypt", n, salt, r, p, hash]) => {
            let salt = salt.as_bytes().to_vec();
            (number(n)?, number(r)?, number(p)?, salt, base64(hash)?)
        }
        (Scheme::WerkzeugScrypt, [method, salt, hash]) => {
            let parameters: Vec<&str> = method.split(':').collect();
            let ["scrypt", n, r, p] = *parameters else {
                return Err(NotTaken::Variant);
            };
            let salt = salt.as_bytes().to_vec();
            (number(n)?, number(r)?, number(p)?, salt, from_hex(hash)?)
        }
        _ => return Err(NotTaken::Variant),
    };
    at_most(n, 65536)?;
    at_most(r, 8)?;
    at_most(p, 1)?;
    if salt.is_empty() {
        return Err(NotTaken::Variant);
    }
    let hash = hash.get(..DIGEST_BYTES).ok_or(NotTaken::Variant)?;
    Ok(format!(
        "{n}${r}${p}${}${}",
        lower_hex(&salt),
        lower_hex(hash)
    ))
}

fn pbkdf2(stored: &str, scheme: Scheme) -> Result<String, NotTaken> {
    let fields: Vec<&str> = stored.split('$').collect();
    let (iterations, salt, hash) = match (scheme, fields.as_slice()) {
        (Scheme::Pbkdf2, ["", "pbkdf2-sha256", settings, salt, hash]) => {
            let mut pairs = settings.split(',').filter_map(|pair| pair.split_once('='));
            let phc = pairs.find(|(key, _)| *key == "i");
            let iterations = phc.map_or(*settings, |(_, iterations)| iterations);
            (iterations, base64(salt)?, base64(hash)?)
        }
        (Scheme::LdapPbkdf2, [iterations, salt, hash]) => {
            let (name, iterations) = iterations.split_once('}').ok_or(NotTaken::Variant)?;
            if !name.eq_ignore_ascii_case("{pbkdf2-sha256") {
                return Err(NotTaken::Algorithm);
            }
            (iterations, base64(salt)?, base64(hash)?)
        }
        (Scheme::DjangoPbkdf2, ["pbkdf2_sha256", iterations, salt, hash]) => {
            (*iterations, salt.as_bytes().to_vec(), base64(hash)?)
        }
        (Scheme::WerkzeugPbkdf2, [method, salt, hash]) => {
            let parameters: Vec<&str> = method.split(':').collect();
            let ["pbkdf2", "sha256", iterations] = *parameters else {
                return Err(NotTaken::Algorithm);
            };
            (iterations, salt.as_bytes().to_vec(), from_hex(hash)?)
        }
        _ => return Err(NotTaken::Algorithm),
    };
    let iterations = number(iterations)?;
    at_most(iterations, 600_000)?;
    if salt.is_empty() {
        return Err(NotTaken::Variant);
    }
    let hash = hash.get(..DIGEST_BYTES).ok_or(NotTaken::Variant)?;
    let (salt, hash) = (to_ab64(&salt), to_ab64(hash));
    Ok(format!("$pbkdf2-sha256${iterations}${salt}${hash}"))
}

fn at_most(value: u64, maximum: u64) -> Result<(), NotTaken> {
    (value <= maximum)
        .then_some(())
        .ok_or(NotTaken::OverMaximum)
}

fn number(text: &str) -> Result<u64, NotTaken> {
    text.parse().map_err(|_| NotTaken::Variant)
}

/// Standard, or passlib's, which has `.` for `+`.
fn base64(text: &str) -> Result<Vec<u8>, NotTaken> {
    let text = text.replace('.', "+");
    BASE64.decode(text).map_err(|_| NotTaken::Variant)
}

fn to_ab64(bytes: &[u8]) -> String {
    BASE64.encode(bytes).replace('+', ".")
}

fn from_hex(text: &str) -> Result<Vec<u8>, NotTaken> {
    base16ct::mixed::decode_vec(text).map_err(|_| NotTaken::Variant)
}
