//! Verifies a password against a legacy hash, within the memory and time of this environment.

use std::time::Duration;

use password::{Budget, FunctionMemory, Password, SchemeHint, StoredHash, UnsupportedHash};
use shared::{deadline::Deadline, legacy::LegacyUser, policy::UserMigration};

/// What is kept of the deadline for the answer, after the verification.
pub(crate) const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// Verifies within limits.
pub(crate) struct Verifier {
    memory: FunctionMemory,
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
            memory: FunctionMemory::from_megabytes(megabytes),
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
        let row_scheme = user.hash_scheme.as_deref();
        let stored =
            match StoredHash::parse_row(&user.password_hash, row_scheme, self.hint.as_ref()) {
                Ok(stored) => stored,
                Err(unsupported) => return Verified::Unsupported(unsupported.reason_code()),
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

    fn budget(&self, deadline: Deadline) -> Budget {
        let remaining = deadline.keeping(ANSWER_RESERVE).remaining();
        Budget::for_function(self.memory, remaining)
    }
}
