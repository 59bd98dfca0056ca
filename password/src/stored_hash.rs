//! A stored password hash: read, priced, verified.

use std::fmt;

use crate::{
    detect,
    hint::SchemeHint,
    primitives::{
        cost::{Budget, Cost},
        error::{Reason, Refused, UnsupportedHash},
        parsed::Parsed,
        scheme::Scheme,
        secret::Password,
    },
};

/// Longest stored string that is read at all, in bytes. The longest that a supported system writes, Keycloak's
/// JSON, stays under 1 KiB.
pub const MAX_STORED_BYTES: usize = 4096;

/// A stored password hash, read and found well-formed. `Debug` shows its scheme only.
#[derive(Clone)]
pub struct StoredHash(Parsed);

impl From<Parsed> for StoredHash {
    fn from(parsed: Parsed) -> Self {
        Self(parsed)
    }
}

impl StoredHash {
    /// Reads a stored string. Computes nothing.
    ///
    /// A hint has the first word on strings of the syntax that it describes; any other string is read by
    /// its own unambiguous syntax, so that a store may hold several schemes.
    ///
    /// # Errors
    /// [`UnsupportedHash`], with a reason code.
    pub fn parse(stored: &[u8], hint: Option<&SchemeHint>) -> Result<Self, UnsupportedHash> {
        if stored.is_empty() {
            return Err(Reason::Empty.into());
        }
        if stored.len() > MAX_STORED_BYTES {
            return Err(Reason::TooLong.into());
        }
        let text = str::from_utf8(stored).map_err(|_| Reason::UnknownFormat)?;
        match hint.and_then(|hint| hint.read(text)) {
            Some(read) => read,
            None => detect::read(text),
        }
        .map(Self::from)
    }

    /// Reads a stored string of a store whose rows may name their schemes: the one place where a row's word, the
    /// operator's hint and the syntax are weighed.
    ///
    /// | the row names | read |
    /// | --- | --- |
    /// | nothing | as [`Self::parse`] with the hint |
    /// | the hint's own name (`devise` under a hint of `devise`) | the same: the hint brings the options |
    /// | a hint that needs no options (`meteor`) | as [`Self::parse`] with that hint |
    /// | a scheme (`bcrypt`, `django-md5`) | with the hint, or else without it; what is read must be of that scheme |
    ///
    /// # Errors
    /// As [`Self::parse`]; [`Reason::UnknownScheme`] for a name that nothing has, [`Reason::AnotherScheme`] for a
    /// string that is not of the named scheme.
    pub fn parse_row(
        stored: &[u8],
        row_scheme: Option<&str>,
        hint: Option<&SchemeHint>,
    ) -> Result<Self, UnsupportedHash> {
        let Some(name) = row_scheme.filter(|name| hint.is_none_or(|hint| hint.name() != *name))
        else {
            return Self::parse(stored, hint);
        };
        if let Some(named) = SchemeHint::bare(name) {
            return Self::parse(stored, Some(&named));
        }
        let Some(scheme) = Scheme::named(name) else {
            return Err(if SchemeHint::needs_options(name) {
                Reason::AnotherScheme.into()
            } else {
                Reason::UnknownScheme.into()
            });
        };
        let hinted = Self::parse(stored, hint);
        if hinted.as_ref().is_ok_and(|read| read.scheme() == scheme) {
            return hinted;
        }
        let read = Self::parse(stored, None)?;
        if read.scheme() == scheme {
            Ok(read)
        } else {
            Err(UnsupportedHash::from(Reason::AnotherScheme).of(read.scheme()))
        }
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// What a verification of a password of usual length takes. Schemes that hash the password again in
    /// every round take longer for a long one; [`Self::verify`] counts that in.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.0.cost()
    }

    /// Whether a verification would be done at all.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn check(&self, budget: &Budget) -> Result<(), Refused> {
        self.0.check(budget)
    }

    /// Whether this is the password. Takes as long as [`Self::cost`] says: not for an async thread
    /// ([`Self::verify_off_thread`] is).
    ///
    /// # Errors
    /// [`Refused`], before anything was allocated or computed, for a hash that costs more than its scheme
    /// or the budget allows.
    pub fn verify(&self, password: &Password, budget: &Budget) -> Result<bool, Refused> {
        self.0.verify(password, budget)
    }

    /// [`Self::verify`] on the blocking pool of the current tokio runtime.
    ///
    /// # Errors
    /// As [`Self::verify`], and [`Refused::Interrupted`].
    pub async fn verify_off_thread(
        self,
        password: Password,
        budget: Budget,
    ) -> Result<bool, Refused> {
        tokio::task::spawn_blocking(move || self.verify(&password, &budget))
            .await
            .unwrap_or(Err(Refused::Interrupted))
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHash")
            .field("scheme", &self.scheme())
            .finish_non_exhaustive()
    }
}
