//! The computation of a stored hash: one variant a family, each with its cost, its cap and its digest.

use zeroize::Zeroizing;

use super::{argon2::Argon2, bcrypt::Bcrypt, cost::Cost, error::Refused};

/// The function that was applied, with its parameters and its salt.
#[derive(Clone)]
pub(super) enum Kdf {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
}

impl Kdf {
    /// What it takes for a prepared password of this length.
    pub(super) fn cost(&self, password_bytes: usize) -> Cost {
        let _ = password_bytes;
        match self {
            Self::Argon2(argon2) => argon2.cost(),
            Self::Bcrypt(bcrypt) => bcrypt.cost(),
        }
    }

    /// # Errors
    /// [`Refused::CostOverCap`] for parameters that no budget buys.
    pub(super) fn cap(&self) -> Result<(), Refused> {
        let within = match self {
            Self::Argon2(argon2) => argon2.within_cap(),
            Self::Bcrypt(bcrypt) => bcrypt.within_cap(),
        };
        within.then_some(()).ok_or(Refused::CostOverCap)
    }

    /// The shortest digest that any scheme on this function stores.
    pub(super) fn least_digest_bytes(&self) -> usize {
        16
    }

    /// The digest of a prepared password, in the form in which it is stored.
    ///
    /// # Errors
    /// [`Refused::Interrupted`] where the function refuses parameters that its parser let through.
    pub(super) fn derive(
        &self,
        password: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match self {
            Self::Argon2(argon2) => argon2.derive(password, length),
            Self::Bcrypt(bcrypt) => Ok(bcrypt.derive(password)),
        }
    }
}
