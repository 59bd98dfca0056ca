//! Verifies a password against a legacy hash, within the memory and time of this environment.

use std::time::Duration;

use password::{Budget, Password, SchemeHint, StoredHash, UnsupportedHash};
use serde_json::json;
use shared::{deadline::Deadline, legacy::LegacyUser, policy::UserMigration};

/// What is kept of the deadline for the answer, after the verification.
pub(crate) const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// Verifies within limits.
pub(crate) struct Verifier {
    function_memory_bytes: u64,
    hint: Option<SchemeHint>,
    dummy: StoredHash,
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
    /// For an environment of `megabytes`, by the policy's rules for hashes.
    ///
    /// # Errors
    /// When the policy's dummy hash cannot be computed.
    pub(crate) fn new(megabytes: u64, policy: &UserMigration) -> Result<Self, UnsupportedHash> {
        Ok(Self {
            function_memory_bytes: megabytes.saturating_mul(1024 * 1024),
            hint: policy.hash.as_ref().map(|hint| hint.get_ref().clone()),
            dummy: policy.dummy_hash.get_ref().stored()?,
        })
    }

    /// As much work as a wrong password, for a user who has none.
    pub(crate) async fn verify_nobody(&self, password: Password, deadline: Deadline) {
        // What comes of it is nobody's password: there is nothing to look at.
        let _ = self
            .dummy
            .clone()
            .verify_off_thread(password, self.budget(deadline))
            .await;
    }

    /// Off the async thread, so that the deadline can pass meanwhile.
    pub(crate) async fn verify(
        &self,
        password: Password,
        user: &LegacyUser,
        deadline: Deadline,
    ) -> Verified {
        let stored = match self.stored_hash(user) {
            Ok(stored) => stored,
            Err(code) => return Verified::Unsupported(code),
        };
        match stored
            .verify_off_thread(password, self.budget(deadline))
            .await
        {
            Ok(true) => Verified::Match,
            Ok(false) => Verified::Mismatch,
            Err(refused) => Verified::Unsupported(refused.reason_code()),
        }
    }

    /// The stored hash, read by the scheme that the row names, else by the policy's.
    fn stored_hash(&self, user: &LegacyUser) -> Result<StoredHash, &'static str> {
        let named = user.hash_scheme.as_deref();
        let of_row: Option<SchemeHint> =
            named.and_then(|name| serde_json::from_value(json!({ "scheme": name })).ok());
        let hint = of_row.as_ref().or(self.hint.as_ref());
        let stored = StoredHash::parse(&user.password_hash, hint)
            .map_err(|unsupported| unsupported.reason_code())?;
        // A name that is no hint by itself says what the syntax must turn out to be.
        match named {
            Some(name) if of_row.is_none() && name != stored.scheme().name() => {
                Err("another_scheme")
            }
            _ => Ok(stored),
        }
    }

    fn budget(&self, deadline: Deadline) -> Budget {
        let remaining = deadline.keeping(ANSWER_RESERVE).remaining();
        Budget::for_function(self.function_memory_bytes, remaining)
    }
}
