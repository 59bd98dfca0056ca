//! crypt(3) on DES: the oldest of all, still in LDAP directories and `.htpasswd` files.
//!
//! | syntax | source |
//! | --- | --- |
//! | salt 2, digest 11; hint `des-crypt`, or after `{CRYPT}` | Morris and Thompson, Unix V7; crypt(5) |
//! | `_` rounds 4, salt 4, digest 11 | BSDi, "extended DES"; crypt(5) |
//!
//! The first takes seven bits of each of eight characters, 25 times DES and a salt of 12 bits; the second the
//! whole password, its own number of rounds and a salt of 24 bits. The `des` crate does not have the salt, which
//! swaps bits inside the round. FIPS 46-3 has the tables.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    des::Des,
    error::{Reason, Refused, UnsupportedHash},
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
};

/// Of one DES, measured.
const DES_NANOSECONDS: u64 = 400;
/// BSDi's counter has 24 bits; passlib writes 5001. The time of these is 0.8 s.
const MAX_ROUNDS: u32 = 2_000_000;
const DIGEST_CHARACTERS: usize = 11;

/// Parameters of a DES crypt.
#[derive(Clone)]
pub(crate) struct DesCrypt {
    rounds: u32,
    salt: u32,
    /// Whether the password's bytes after the eighth count.
    extended: bool,
}

impl Kdf for DesCrypt {
    fn cost(&self, password_bytes: usize) -> Cost {
        // The extended form encrypts once more for every eight bytes of the password.
        let folded = u64::try_from(password_bytes / 8 + 1).unwrap_or(u64::MAX);
        Cost::time(u64::from(self.rounds), DES_NANOSECONDS).plus(Cost::time(folded, 10_000))
    }

    fn within_cap(&self) -> bool {
        self.rounds <= MAX_ROUNDS
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let mut blocks = password.chunks(8).map(key_block);
        let mut key = Zeroizing::new(blocks.next().unwrap_or_default());
        if self.extended {
            for block in blocks {
                *key = Des::new(*key).encrypt(*key, 0, 1) ^ block;
            }
        }
        let digest = Zeroizing::new(Des::new(*key).encrypt(0, self.salt, self.rounds));
        // Eleven groups of six bits, the highest first; the last has two bits of padding.
        let mut text = Zeroizing::new(Vec::with_capacity(DIGEST_CHARACTERS));
        for shift in (0..=60).rev().step_by(6) {
            let bits = (u128::from(*digest) << 2 >> shift) & 63;
            crypt64::push(&mut text, u32::try_from(bits).unwrap_or_default(), 1);
        }
        Ok(text)
    }

    fn least_digest_bytes(&self) -> usize {
        // 64 bits, all that DES has.
        11
    }
}

/// Seven bits of each of eight characters, in the high bits of the bytes of a key.
fn key_block(characters: &[u8]) -> u64 {
    let bytes = characters.iter().copied().chain([0; 8]).take(8);
    bytes.fold(0, |key, byte| key << 8 | u64::from(byte << 1))
}

/// Reads the thirteen characters of the traditional form; `None` for another syntax.
pub(crate) fn read(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    if text.len() > 13 || !crypt64::is_crypt64(text) {
        return None;
    }
    let parse = || {
        let (salt, digest) = text.split_at_checked(2).ok_or(Reason::TruncatedDigest)?;
        let salt = crypt64::number(salt).ok_or(Reason::Malformed)?;
        Ok((salt, 25, crypt64::crypt_digest(digest, DIGEST_CHARACTERS)?))
    };
    Some(finish(Scheme::DesCrypt, false, parse()))
}

/// Reads `_…`.
pub(crate) fn read_bsdi(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let rest = text.strip_prefix('_').ok_or(Reason::Malformed)?;
        let (rounds, rest) = rest.split_at_checked(4).ok_or(Reason::Malformed)?;
        let (salt, digest) = rest.split_at_checked(4).ok_or(Reason::Malformed)?;
        let number = |text| crypt64::number(text).ok_or(Reason::Malformed);
        let rounds = number(rounds)?;
        if rounds == 0 {
            return Err(Reason::Malformed);
        }
        Ok((
            number(salt)?,
            rounds,
            crypt64::crypt_digest(digest, DIGEST_CHARACTERS)?,
        ))
    };
    finish(Scheme::BsdiCrypt, true, parse())
}

/// Whether a string may be of the traditional form.
pub(crate) fn may_be_des(text: &str) -> bool {
    text.len() == 13 && crypt64::is_crypt64(text)
}

fn finish(
    scheme: Scheme,
    extended: bool,
    parsed: Result<(u32, u32, Vec<u8>), Reason>,
) -> Result<Parsed, UnsupportedHash> {
    let (salt, rounds, digest) =
        parsed.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    let kdf = DesCrypt {
        rounds,
        salt,
        extended,
    };
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}
