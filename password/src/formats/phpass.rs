//! phpass' portable hashes, and Drupal's.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `$P$` or `$H$`, log₂ of the rounds (1 character), salt 8, digest 22 | MD5(salt ‖ password), then MD5(digest ‖ password) 2^log₂ times | Openwall phpass, `crypt_private`; WordPress before 6.8 (`$P$`), phpBB 3 (`$H$`) |
//! | `$S$`, the same fields, 55 characters in all | the same over SHA-512, cut | Drupal 7, `includes/password.inc` |
//! | `U$S$…`, `U$P$…`, `U$H$…` | the same over hex MD5(password) | Drupal 7's update of Drupal 6 hashes |

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
};

/// The highest log₂ that is ever computed. phpass itself allows 30; WordPress writes 13, Drupal 15 and 16.
const MAX_LOG_ROUNDS: u32 = 20;
/// Drupal's `DRUPAL_HASH_LENGTH` less its twelve characters of settings.
const DRUPAL_DIGEST_CHARACTERS: usize = 43;

/// Parameters of a phpass.
#[derive(Clone)]
pub(crate) struct Phpass {
    function: HashFunction,
    log_rounds: u32,
    salt: Vec<u8>,
    characters: usize,
}

impl Phpass {
    /// For [`crate::DummyHash`].
    pub(crate) fn dummy(log_rounds: u32) -> Result<Parsed, UnsupportedHash> {
        if !(7..=30).contains(&log_rounds) {
            return Err(Reason::Malformed.into());
        }
        let kdf = Self {
            function: HashFunction::Md5,
            log_rounds,
            salt: b"ZZZZZZZZ".to_vec(),
            characters: 22,
        };
        Parsed::new(Scheme::Phpass, Prepare::Raw, kdf, vec![0; 22])
    }
}

impl Kdf for Phpass {
    fn cost(&self, password_bytes: usize) -> Cost {
        let message = self.function.digest_bytes() + password_bytes;
        // `log_rounds` is at most 30.
        Cost::time(1 << self.log_rounds, self.function.nanoseconds(message))
    }

    fn within_cap(&self) -> bool {
        self.log_rounds <= MAX_LOG_ROUNDS
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let mut digest = self.function.digest(&[&self.salt, password]);
        for _ in 0..1_u32 << self.log_rounds {
            digest = self.function.digest(&[&digest, password]);
        }
        let mut text = crypt64::encode(&digest);
        text.truncate(self.characters);
        Ok(text)
    }
}

/// Reads `$P$…`, `$H$…`, `$S$…` and each with a `U` in front.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let (updated, text) = match text.strip_prefix('U') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (function, scheme, characters, rest) = match text.split_at_checked(3) {
        Some(("$P$" | "$H$", rest)) => (HashFunction::Md5, Scheme::Phpass, 22, rest),
        Some(("$S$", rest)) => (
            HashFunction::Sha512,
            Scheme::Drupal7,
            DRUPAL_DIGEST_CHARACTERS,
            rest,
        ),
        _ => return Err(Reason::UnknownFormat.into()),
    };
    let (scheme, prepare) = if updated {
        (Scheme::Drupal7Md5, Prepare::Hex(HashFunction::Md5))
    } else {
        (scheme, Prepare::Raw)
    };
    let parse = || {
        let (log_rounds, rest) = rest.split_at_checked(1).ok_or(Reason::Malformed)?;
        let log_rounds = crypt64::number(log_rounds).ok_or(Reason::Malformed)?;
        let (salt, digest) = rest.split_at_checked(8).ok_or(Reason::Malformed)?;
        if !(7..=30).contains(&log_rounds) {
            return Err(Reason::Malformed);
        }
        if digest.len() < characters {
            return Err(Reason::TruncatedDigest);
        }
        if digest.len() > characters || !crypt64::is_crypt64(digest) {
            return Err(Reason::Malformed);
        }
        let phpass = Phpass {
            function,
            log_rounds,
            salt: salt.as_bytes().to_vec(),
            characters,
        };
        Ok((phpass, digest.as_bytes().to_vec()))
    };
    let (phpass, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, prepare, phpass, digest)
}
