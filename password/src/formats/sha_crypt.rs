//! crypt(3) on the SHA family.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$5$salt$digest`, `$5$rounds=N$salt$digest`: SHA-256, digest 43 | Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"; crypt(5) |
//! | `$6$…` the same on SHA-512, digest 86 | the same |
//! | `$sha1$N$salt$digest`: N times HMAC-SHA1 keyed with the password, digest 28 | NetBSD, `crypt-sha1.c`; libxcrypt |
//!
//! Without `rounds=`, 5000. Salts are cut at 16 characters by what writes them.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{fields, number},
};

/// The most rounds that are ever computed: 3 s of SHA-512 on the reference machine. The format allows 999999999.
const MAX_ROUNDS: u32 = 3_000_000;
const DEFAULT_ROUNDS: u32 = 5000;
const MAX_SALT_CHARACTERS: usize = 16;
/// NetBSD writes 8, its format allows 64.
const MAX_SHA1_SALT_CHARACTERS: usize = 64;

/// Parameters of a SHA crypt.
#[derive(Clone)]
pub(crate) struct ShaCrypt {
    variant: Variant,
    rounds: u32,
    salt: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Variant {
    /// `$sha1$`.
    Sha1,
    /// `$5$`.
    Sha256,
    /// `$6$`.
    Sha512,
}

impl ShaCrypt {
    fn sha1(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha1 = HashFunction::Sha1;
        let rounds = self.rounds.to_string();
        let mut digest = sha1.hmac(password, &[&self.salt, b"$sha1$", rounds.as_bytes()]);
        for _ in 1..self.rounds {
            digest = sha1.hmac(password, &[&digest]);
        }
        // The last group takes the first byte again.
        let order: [&[usize]; 7] = [
            &[0, 1, 2],
            &[3, 4, 5],
            &[6, 7, 8],
            &[9, 10, 11],
            &[12, 13, 14],
            &[15, 16, 17],
            &[18, 19, 0],
        ];
        crypt64::encode_shuffled(&digest, order)
    }

    /// For [`crate::DummyHash`].
    pub(crate) fn dummy(rounds: u32) -> Result<Parsed, UnsupportedHash> {
        let variant = Variant::Sha512;
        let salt = b"ZZZZZZZZZZZZZZZZ".to_vec();
        let sha_crypt = Self {
            variant,
            rounds,
            salt,
        };
        if !(1000..=999_999_999).contains(&rounds) {
            return Err(Reason::Malformed.into());
        }
        Parsed::new(Scheme::Sha512Crypt, Prepare::Raw, sha_crypt, vec![0; 86])
    }
}

impl Kdf for ShaCrypt {
    fn cost(&self, password_bytes: usize) -> Cost {
        let rounds = u64::from(self.rounds);
        let drepper = |function: HashFunction| {
            // The longest round hashes the password twice, the salt and a digest. Before the rounds, the
            // password is hashed once for each of its bytes.
            let message = 2 * password_bytes + MAX_SALT_CHARACTERS + function.digest_bytes();
            let before = function.nanoseconds(password_bytes.saturating_mul(password_bytes));
            Cost::time(rounds, function.nanoseconds(message)).plus(Cost::time(1, before))
        };
        match self.variant {
            Variant::Sha1 => Cost::time(rounds * 4, HashFunction::Sha1.nanoseconds(20)),
            Variant::Sha256 => drepper(HashFunction::Sha256),
            Variant::Sha512 => drepper(HashFunction::Sha512),
        }
    }

    fn within_cap(&self) -> bool {
        self.rounds <= MAX_ROUNDS
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let params = || sha_crypt::Params::new(self.rounds).map_err(|_| Refused::Interrupted);
        match self.variant {
            Variant::Sha1 => Ok(self.sha1(password)),
            Variant::Sha256 => {
                let digest =
                    Zeroizing::new(sha_crypt::sha256_crypt(password, &self.salt, params()?));
                let groups: Vec<Vec<usize>> = (0..10)
                    .map(|i| rotated([i, i + 10, i + 20], 3 - i % 3))
                    .collect();
                let order = groups
                    .iter()
                    .map(Vec::as_slice)
                    .chain([[31, 30].as_slice()]);
                Ok(crypt64::encode_shuffled(digest.as_slice(), order))
            }
            Variant::Sha512 => {
                let digest =
                    Zeroizing::new(sha_crypt::sha512_crypt(password, &self.salt, params()?));
                let groups: Vec<Vec<usize>> = (0..21)
                    .map(|i| rotated([i, i + 21, i + 42], i % 3))
                    .collect();
                let order = groups.iter().map(Vec::as_slice).chain([[63].as_slice()]);
                Ok(crypt64::encode_shuffled(digest.as_slice(), order))
            }
        }
    }
}

/// The specification moves the bytes of each group on by one for every group.
fn rotated(mut group: [usize; 3], by: usize) -> Vec<usize> {
    group.rotate_left(by % 3);
    group.to_vec()
}

/// Reads `$5$…` and `$6$…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let (variant, scheme, characters) = if text.starts_with("$5$") {
        (Variant::Sha256, Scheme::Sha256Crypt, 43)
    } else {
        (Variant::Sha512, Scheme::Sha512Crypt, 86)
    };
    let parse = || {
        let (rounds, salt, digest) = match *fields(text, '$') {
            ["", _, rounds, salt, digest] => {
                let rounds = rounds.strip_prefix("rounds=").ok_or(Reason::Malformed)?;
                (number(rounds)?, salt, digest)
            }
            ["", _, salt, digest] => (DEFAULT_ROUNDS, salt, digest),
            _ => return Err(Reason::Malformed),
        };
        if !(1000..=999_999_999).contains(&rounds) || salt.len() > MAX_SALT_CHARACTERS {
            return Err(Reason::Malformed);
        }
        let salt = salt.as_bytes().to_vec();
        let digest = crypt64::crypt_digest(digest, characters)?;
        Ok((
            ShaCrypt {
                variant,
                rounds,
                salt,
            },
            digest,
        ))
    };
    finish(scheme, parse())
}

/// Reads `$sha1$…`.
pub(crate) fn read_sha1(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let ["", "sha1", rounds, salt, digest] = *fields(text, '$') else {
            return Err(Reason::Malformed);
        };
        let rounds = number(rounds)?;
        if rounds == 0 || salt.len() > MAX_SHA1_SALT_CHARACTERS {
            return Err(Reason::Malformed);
        }
        let sha_crypt = ShaCrypt {
            variant: Variant::Sha1,
            rounds,
            salt: salt.as_bytes().to_vec(),
        };
        Ok((sha_crypt, crypt64::crypt_digest(digest, 28)?))
    };
    finish(Scheme::Sha1Crypt, parse())
}

fn finish(
    scheme: Scheme,
    parsed: Result<(ShaCrypt, Vec<u8>), Reason>,
) -> Result<Parsed, UnsupportedHash> {
    let (sha_crypt, digest) = parsed.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, sha_crypt, digest)
}
