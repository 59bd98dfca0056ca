//! What a format makes of a stored string: what to do with a password, and what must come of it.

use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    cost::{Budget, Cost},
    error::{Reason, Refused, UnsupportedHash},
    prepare::Prepare,
    scheme::Scheme,
    secret::Password,
};

/// A function over a password, with its parameters and its salt.
pub(crate) trait Kdf: Send + Sync {
    /// What it takes for a prepared password of this length.
    fn cost(&self, password_bytes: usize) -> Cost;

    /// Whether its parameters are such that some budget buys it.
    fn within_cap(&self) -> bool;

    /// The digest of a prepared password, in the form in which it is stored, `length` bytes where the function has
    /// no length of its own.
    ///
    /// # Errors
    /// [`Refused::Interrupted`] where the function refuses parameters that its parser let through.
    fn derive(&self, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Refused>;

    /// The shortest digest that any scheme on this function stores, in bytes or in characters where the text is
    /// compared.
    fn least_digest_bytes(&self) -> usize {
        16
    }
}

/// A stored string, read and found well-formed.
#[derive(Clone)]
pub(crate) struct Parsed {
    pub(crate) scheme: Scheme,
    pub(crate) prepare: Prepare,
    pub(crate) kdf: Arc<dyn Kdf>,
    pub(crate) digest: Vec<u8>,
}

impl Parsed {
    /// # Errors
    /// [`Reason::TruncatedDigest`] for a digest that is too short for any scheme. Each format checks its own
    /// lengths; this is the net under them.
    pub(crate) fn new(
        scheme: Scheme,
        prepare: Prepare,
        kdf: impl Kdf + 'static,
        digest: Vec<u8>,
    ) -> Result<Self, UnsupportedHash> {
        if digest.len() < kdf.least_digest_bytes() {
            return Err(UnsupportedHash::from(Reason::TruncatedDigest).of(scheme));
        }
        Ok(Self {
            scheme,
            prepare,
            kdf: Arc::new(kdf),
            digest,
        })
    }

    /// What a password of usual length takes.
    pub(crate) fn cost(&self) -> Cost {
        self.kdf.cost(16)
    }

    /// # Errors
    /// [`Refused`], for the cost that a password of usual length has.
    pub(crate) fn check(&self, budget: &Budget) -> Result<(), Refused> {
        self.cap()?;
        budget.allow(self.cost())
    }

    /// # Errors
    /// [`Refused`], before anything was allocated or computed.
    pub(crate) fn verify(&self, password: &Password, budget: &Budget) -> Result<bool, Refused> {
        self.cap()?;
        let bytes = password.expose().len();
        budget.allow(self.kdf.cost(self.prepare.length(bytes)))?;
        let prepared = self.prepare.apply(password.expose());
        let computed = self.kdf.derive(&prepared, self.digest.len())?;
        Ok(computed.as_slice().ct_eq(&self.digest).into())
    }

    fn cap(&self) -> Result<(), Refused> {
        self.kdf
            .within_cap()
            .then_some(())
            .ok_or(Refused::CostOverCap)
    }
}
