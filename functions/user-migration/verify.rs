//! Verifies a password against a legacy hash, within the memory and time of this environment.

use std::time::Duration;

use serde_json::json;
use shared::{
    deadline::Deadline,
    legacy::LegacyUser,
    password::{Budget, Password, SchemeHint, StoredHash},
};

/// What is kept of the deadline for the answer, after the verification.
pub(crate) const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// Verifies within limits.
pub(crate) struct Verifier {
    function_memory_bytes: u64,
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
    /// For an environment of `megabytes`.
    pub(crate) fn with_memory(megabytes: u64) -> Self {
        let function_memory_bytes = megabytes.saturating_mul(1024 * 1024);
        Self {
            function_memory_bytes,
        }
    }

    /// Off the async thread, so that the deadline can pass meanwhile.
    pub(crate) async fn verify(
        &self,
        password: Password,
        user: &LegacyUser,
        deadline: Deadline,
    ) -> Verified {
        let stored = match stored_hash(user) {
            Ok(stored) => stored,
            Err(code) => return Verified::Unsupported(code),
        };
        let remaining = deadline.keeping(ANSWER_RESERVE).remaining();
        let budget = Budget::for_function(self.function_memory_bytes, remaining);
        match stored.verify_off_thread(password, budget).await {
            Ok(true) => Verified::Match,
            Ok(false) => Verified::Mismatch,
            Err(refused) => Verified::Unsupported(refused.reason_code()),
        }
    }
}

/// The stored hash, read by the scheme that the row names, if it names one.
fn stored_hash(user: &LegacyUser) -> Result<StoredHash, &'static str> {
    let named = user.hash_scheme.as_deref();
    let hint = named.and_then(|name| serde_json::from_value(json!({ "scheme": name })).ok());
    let stored = StoredHash::parse(&user.password_hash, hint.as_ref() as Option<&SchemeHint>)
        .map_err(|unsupported| unsupported.reason_code())?;
    // A name that is no hint says what the syntax must turn out to be.
    match named {
        Some(name) if hint.is_none() && name != stored.scheme().name() => Err("another_scheme"),
        _ => Ok(stored),
    }
}
