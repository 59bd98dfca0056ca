//! The verification of a user who does not exist.

use serde::Deserialize;

use crate::{
    formats::{
        argon2::Argon2, bcrypt::Bcrypt, pbkdf2, phpass::Phpass, scrypt::Scrypt, sha_crypt::ShaCrypt,
    },
    primitives::{
        cost::Cost, error::UnsupportedHash, hash_function::HashFunction, parsed::Parsed,
        scheme::Scheme,
    },
    stored_hash::StoredHash,
};

/// A scheme and its cost, to be computed when there is no stored hash, so that an unknown user takes as
/// long as a wrong password. It should be what the store mostly holds:
/// `{ scheme = "bcrypt", cost = 12 }` in the policy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DummyHash {
    /// bcrypt in any of its variants.
    Bcrypt {
        /// log₂ of the rounds, 4 to 31.
        cost: u32,
    },
    /// argon2 in any of its variants.
    Argon2id {
        /// `m`, in KiB.
        memory_kib: u32,
        /// `t`.
        passes: u32,
        /// `p`.
        lanes: u32,
    },
    /// PBKDF2 in any of its syntaxes.
    Pbkdf2 {
        /// The hash function.
        digest: HashFunction,
        /// The iterations.
        iterations: u32,
    },
    /// phpass: WordPress, phpBB.
    Phpass {
        /// log₂ of the rounds, 7 to 30.
        log_rounds: u32,
    },
    /// scrypt in any of its syntaxes.
    Scrypt {
        /// log₂ of N.
        log_n: u8,
        /// r.
        r: u32,
        /// p.
        p: u32,
    },
    /// `$6$`.
    Sha512Crypt {
        /// The rounds.
        rounds: u32,
    },
}

impl DummyHash {
    /// A hash of this scheme and cost that no known password has.
    ///
    /// # Errors
    /// [`UnsupportedHash`] for parameters that the scheme does not have. To be called once, at start.
    pub fn stored(&self) -> Result<StoredHash, UnsupportedHash> {
        self.parsed().map(StoredHash::from)
    }

    fn parsed(&self) -> Result<Parsed, UnsupportedHash> {
        match *self {
            Self::Bcrypt { cost } => Bcrypt::dummy(cost),
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => Argon2::dummy([memory_kib, passes, lanes]),
            Self::Pbkdf2 { digest, iterations } => pbkdf2::stored(
                Scheme::Pbkdf2,
                digest,
                iterations,
                vec![0x5a; 16],
                vec![0; digest.digest_bytes()],
            ),
            Self::Phpass { log_rounds } => Phpass::dummy(log_rounds),
            Self::Scrypt { log_n, r, p } => Scrypt::dummy(log_n, r, p),
            Self::Sha512Crypt { rounds } => ShaCrypt::dummy(rounds),
        }
    }
}

impl DummyHash {
    /// What it takes: the price of every answer that needs no stored hash, and the least that the floor of an
    /// answer's time has to cover. [`Cost::on`] says it for a function's memory.
    ///
    /// # Errors
    /// As [`Self::stored`].
    pub fn cost(&self) -> Result<Cost, UnsupportedHash> {
        Ok(self.parsed()?.cost())
    }
}
