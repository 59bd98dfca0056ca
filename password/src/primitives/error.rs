//! Why a stored hash cannot be used. No error here holds any part of the hash or of the password.

use thiserror::Error;

use super::scheme::Scheme;

/// A stored string that names no hash that can be verified.
///
/// Callers answer it as they answer a wrong password, and log [`UnsupportedHash::reason_code`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("unsupported stored password hash: {}", self.reason_code())]
pub struct UnsupportedHash {
    reason: Reason,
    scheme: Option<Scheme>,
}

impl UnsupportedHash {
    /// The reason, as logs, alarms and the audit count it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// [`Reason::code`] of the reason: stable, in kebab case.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        self.reason.code()
    }

    /// The scheme that the string claims, where that much could be read.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The same reason, said of a scheme, unless a more precise one is known already.
    pub(crate) fn of(mut self, scheme: Scheme) -> Self {
        self.scheme = self.scheme.or(Some(scheme));
        self
    }
}

impl From<Reason> for UnsupportedHash {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            scheme: None,
        }
    }
}

/// An enum whose variants have codes: what logs, metrics, the audit and docs/passwords.md count by.
macro_rules! coded {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$attribute])*
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every one, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable kebab-case code for logs and metrics.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

coded! {
/// The reasons of [`UnsupportedHash`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
Reason {
    /// Several schemes write this syntax: the operator has to name one.
    AmbiguousFormat = "ambiguous-format",
    /// A row names a scheme, and its string is of another one, or needs options that the hint does not give.
    AnotherScheme = "another-scheme",
    /// Locked or unusable by the store's own convention: it begins with `!`, or with `*` and is not MySQL's.
    DisabledAccount = "disabled-account",
    /// Nothing is stored.
    Empty = "empty",
    /// The scheme is known; a field of it is missing, out of range or not in its alphabet.
    Malformed = "malformed",
    /// The hint names a secret (a pepper, a signer key) that has not been resolved.
    SecretMissing = "secret-missing",
    /// Longer than [`crate::MAX_STORED_BYTES`].
    TooLong = "too-long",
    /// The digest is shorter than the scheme's own, or not of its length: a shortened digest is matched
    /// by passwords that were never set (one byte: by every 256th).
    TruncatedDigest = "truncated-digest",
    /// No scheme writes this syntax.
    UnknownFormat = "unknown-format",
    /// A row names an unknown scheme.
    UnknownScheme = "unknown-scheme",
    /// A known family, in a variant that is refused (`$2x$`, `$2$`, argon2 with `keyid`).
    UnsupportedVariant = "unsupported-variant",
}
}

coded! {
/// A verification that was not done, because of what it would cost. To the user it is a wrong password;
/// the operator is told.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
Refused {
    /// Above what this scheme is ever allowed, whatever the budget.
    #[error("the cost of the stored hash is over the cap of its scheme")]
    CostOverCap = "cost-over-cap",
    /// The work did not end (it panicked, or the runtime is shutting down).
    #[error("the verification was interrupted")]
    Interrupted = "interrupted",
    /// More memory than [`crate::Budget::memory_bytes`].
    #[error("the stored hash needs more memory than there is")]
    MemoryOverBudget = "memory-over-budget",
    /// More time than [`crate::Budget::time`].
    #[error("the stored hash needs more time than is left")]
    TimeOverBudget = "time-over-budget",
}
}

impl Refused {
    /// [`Self::code`].
    #[must_use]
    pub fn reason_code(self) -> &'static str {
        self.code()
    }
}
