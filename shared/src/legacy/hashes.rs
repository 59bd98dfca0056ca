//! Verifies a password against a stored hash, within the memory and time of this environment.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use password::{
    Budget, Cost, DummyHash, FunctionMemory, Password, Refused, Scheme, SchemeHint, StoredHash,
    UnsupportedHash,
};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::StoreError;
use crate::{deadline::Deadline, secrets::Secrets};

/// What is kept of a deadline for the answer, after a store or a verification.
pub const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// What a policy says of a store's hashes.
#[derive(Debug, Clone)]
pub struct HashSettings {
    /// What the hashes are, where they do not tell by themselves.
    pub hint: Option<SchemeHint>,
    /// What is computed for a user who does not exist.
    pub dummy: DummyHash,
}

/// The processor of this environment. One verification at a time: nothing stops a computation once it
/// runs, and one that outlives its invocation must not slow the next one's down.
#[derive(Debug, Clone)]
pub struct Processor {
    memory: FunctionMemory,
    free: Arc<Semaphore>,
}

/// Verifies the hashes of one store.
#[derive(Debug, Clone)]
pub struct Hashes {
    processor: Processor,
    hint: Option<SchemeHint>,
    dummy: StoredHash,
    secrets: Arc<Secrets>,
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verified {
    /// The password is the user's.
    Match(Scheme),
    /// It is not.
    Mismatch,
    /// It cannot be told, for this reason.
    Unsupported(&'static str),
}

impl Processor {
    /// Of an environment with this much memory, by which Lambda gives CPU.
    pub fn new(memory: FunctionMemory) -> Self {
        let free = Arc::new(Semaphore::new(1));
        Self { memory, free }
    }

    /// What `work` takes here.
    pub fn time(&self, work: Cost) -> Duration {
        work.on(self.memory).time
    }

    async fn compute(
        &self,
        stored: StoredHash,
        password: Password,
        deadline: Deadline,
    ) -> Result<Result<bool, Refused>, StoreError> {
        let deadline = deadline.keeping(ANSWER_RESERVE);
        let free = Arc::clone(&self.free).acquire_owned();
        let Ok(Ok(permit)) = deadline.bound(free).await else {
            return Err(StoreError::Busy);
        };
        let budget = Budget::for_function(self.memory, deadline.remaining());
        let work = tokio::task::spawn_blocking(move || {
            let verified = stored.verify(&password, &budget);
            // Held by the computation, which goes on when nobody waits for it any more.
            drop(permit);
            verified
        });
        Ok(work.await.unwrap_or(Err(Refused::Interrupted)))
    }
}

impl Hashes {
    /// By what the policy says of the store.
    ///
    /// # Errors
    /// When the dummy hash cannot be computed.
    pub(super) fn new(
        settings: &HashSettings,
        processor: Processor,
        secrets: Arc<Secrets>,
    ) -> Result<Self, UnsupportedHash> {
        Ok(Self {
            processor,
            secrets,
            hint: settings.hint.clone(),
            dummy: settings.dummy.stored()?,
        })
    }

    /// What a verification is estimated to take here: the costlier of the dummy hash and of what the hint
    /// describes.
    pub fn estimate(&self) -> Duration {
        let hinted = self.hint.as_ref().and_then(SchemeHint::cost);
        let dummy = self.processor.time(self.dummy.cost());
        hinted.map_or(dummy, |cost| dummy.max(self.processor.time(cost)))
    }

    /// As much work as a wrong password, for a user who has none.
    ///
    /// # Errors
    /// When an earlier verification does not end in time, or a secret cannot be had.
    pub async fn verify_nobody(
        &self,
        password: &Password,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        // Read for everybody, or its time would tell.
        self.hint(deadline).await?;
        let work = self
            .processor
            .compute(self.dummy.clone(), password.clone(), deadline);
        // What comes of it is nobody's password: there is nothing to look at.
        work.await.map(drop)
    }

    /// The hint, with the secrets that it names.
    async fn hint(&self, deadline: Deadline) -> Result<Option<SchemeHint>, StoreError> {
        let Some(mut hint) = self.hint.clone() else {
            return Ok(None);
        };
        let mut values = BTreeMap::new();
        for name in secret_names(&hint) {
            let versions = self.secrets.get(&name, deadline).await;
            let versions = versions.map_err(StoreError::HashSecret)?;
            values.insert(name, versions.current.clone());
        }
        // Every name is there: they were asked for one by one.
        let _ = hint.resolve_secrets(|name| values.get(name).cloned());
        Ok(Some(hint))
    }

    /// Whether `password` is the one whose hash is stored; `scheme` is what the row calls it.
    pub(super) async fn verify(
        &self,
        password: &Password,
        hash: &[u8],
        scheme: Option<&str>,
        deadline: Deadline,
    ) -> Result<Verified, StoreError> {
        let hint = self.hint(deadline).await?;
        let stored = match StoredHash::parse_row(hash, scheme, hint.as_ref()) {
            Ok(stored) => stored,
            Err(unsupported) => return Ok(Verified::Unsupported(unsupported.reason_code())),
        };
        let scheme = stored.scheme();
        let work = self.processor.compute(stored, password.clone(), deadline);
        Ok(match work.await? {
            Ok(true) => Verified::Match(scheme),
            Ok(false) => Verified::Mismatch,
            Err(refused) => Verified::Unsupported(refused.reason_code()),
        })
    }
}

/// The secrets that a hint names.
fn secret_names(hint: &SchemeHint) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    let note = |name: &str| {
        names.borrow_mut().push(name.to_owned());
        Some(SecretString::from(String::new()))
    };
    // Of a copy: only the names are of interest.
    let _ = hint.clone().resolve_secrets(note);
    names.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secrets that nobody is asked for.
    fn no_secrets() -> Arc<Secrets> {
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build();
        Arc::new(Secrets::new(&config, String::new()))
    }

    #[test]
    fn the_secrets_of_a_hint_are_known_by_name() {
        let hint = serde_json::json!({"scheme": "devise", "pepper": {"name": "legacy/pepper"}});
        let hint: SchemeHint = serde_json::from_value(hint).unwrap();
        assert_eq!(secret_names(&hint), ["legacy/pepper"]);
    }

    fn hashes(free: usize) -> Hashes {
        let mut processor = Processor::new(FunctionMemory::ONE_CORE);
        processor.free = Arc::new(Semaphore::new(free));
        let settings = HashSettings {
            hint: None,
            dummy: DummyHash::Bcrypt { cost: 4 },
        };
        Hashes::new(&settings, processor, no_secrets()).unwrap()
    }

    fn password() -> Password {
        Password::parse("U*U".to_owned()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_verification_waits_for_one_that_still_runs_and_gives_up_in_time() {
        let deadline = Deadline::after(Duration::from_secs(4));
        let refused = hashes(0).verify_nobody(&password(), deadline).await;
        assert!(matches!(refused, Err(StoreError::Busy)));
        assert_eq!(deadline.remaining(), ANSWER_RESERVE);
    }

    #[tokio::test]
    async fn a_verification_gives_the_processor_back() {
        let hashes = hashes(1);
        for _ in 0..2 {
            let deadline = Deadline::after(Duration::from_secs(4));
            hashes.verify_nobody(&password(), deadline).await.unwrap();
        }
    }

    #[test]
    fn the_estimate_follows_the_memory() {
        let estimate = |megabytes| {
            let processor = Processor::new(FunctionMemory::from_megabytes(megabytes));
            let dummy = DummyHash::Bcrypt { cost: 10 };
            let settings = HashSettings { hint: None, dummy };
            Hashes::new(&settings, processor, no_secrets())
                .unwrap()
                .estimate()
        };
        assert!(estimate(128) > estimate(1769) * 10);
        assert_eq!(estimate(1769), estimate(10_240));
    }
}
