//! The verification of a user who does not exist.

use serde::Deserialize;

use super::{
    Budget, Password, Refused, StoredHash, UnsupportedHash, argon2::Argon2, bcrypt::Bcrypt,
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
    #[serde(rename_all = "kebab-case")]
    Argon2id {
        /// `m`, in KiB.
        memory_kib: u32,
        /// `t`.
        passes: u32,
        /// `p`.
        lanes: u32,
    },
}

impl DummyHash {
    /// A hash of this scheme and cost that no known password has.
    ///
    /// # Errors
    /// [`UnsupportedHash`] for parameters that the scheme does not have. To be called once, at start.
    pub fn stored(&self) -> Result<StoredHash, UnsupportedHash> {
        match *self {
            Self::Bcrypt { cost } => Bcrypt::dummy(cost),
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => Argon2::dummy([memory_kib, passes, lanes]),
        }
    }
}

impl StoredHash {
    /// Does the work of [`Self::verify`] and finds nothing. For a real stored hash too, whose cost is then
    /// paid without an answer.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn dummy(&self, password: &Password, budget: &Budget) -> Result<(), Refused> {
        self.verify(password, budget).map(|_| ())
    }
}
