//! Verifies a password against a legacy hash, within the memory and time of this environment.

use std::time::Duration;

use shared::{
    deadline::Deadline,
    legacy::LegacyUser,
    password::{Budget, Password, SchemeHint, StoredHash},
};

/// What is left of the deadline for the answer, after the verification.
const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// Verifies within limits.
pub(crate) struct Verifier {
    memory_bytes: u64,
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verified {
    /// The password is the user's.
    Match,
    /// It is not.
    Mismatch,
    /// It cannot be told: the reason's code.
    Unsupported(&'static str),
}

impl Verifier {
    /// For an environment of `megabytes`. Half of it may go into one hash.
    pub(crate) fn with_memory(megabytes: u64) -> Self {
        let memory_bytes = megabytes.saturating_mul(1024 * 1024) / 2;
        Self { memory_bytes }
    }

    /// Off the async thread, so that the deadline can pass meanwhile.
    pub(crate) async fn verify(
        &self,
        password: Password,
        user: &LegacyUser,
        deadline: Deadline,
    ) -> Verified {
        let hint = match user.hash_scheme.as_deref().map(SchemeHint::named) {
            None => None,
            Some(Ok(hint)) => Some(hint),
            Some(Err(_)) => return Verified::Unsupported("unknown-scheme-name"),
        };
        let stored = match StoredHash::parse(&user.password_hash, hint.as_ref()) {
            Ok(stored) => stored,
            Err(unsupported) => return Verified::Unsupported(unsupported.reason_code()),
        };
        let budget = Budget {
            memory_bytes: self.memory_bytes,
            time: deadline.keeping(ANSWER_RESERVE).remaining(),
        };
        match stored.verify_off_thread(password, budget).await {
            Ok(true) => Verified::Match,
            Ok(false) => Verified::Mismatch,
            Err(refused) => Verified::Unsupported(refused.reason_code()),
        }
    }
}
