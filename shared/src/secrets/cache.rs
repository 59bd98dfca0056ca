//! What was read, and whether it may still be used.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio::time::Instant;

/// How long a value is used without a question.
pub const KEEP: Duration = Duration::from_secs(300);
/// How long a value is used when Secrets Manager does not answer.
pub const KEEP_STALE: Duration = Duration::from_secs(3600);

/// A secret's values. `Debug` shows none.
pub struct Versions {
    /// AWSCURRENT.
    pub current: SecretString,
    /// AWSPREVIOUS, if there is one.
    pub previous: Option<SecretString>,
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Versions(***)")
    }
}

/// The values by name. In the memory of one environment: lost without harm.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Instant, Arc<Versions>)>>);

impl Cache {
    /// A value that needs no question.
    pub(super) fn fresh(&self, name: &str) -> Option<Arc<Versions>> {
        self.within(name, KEEP)
    }

    /// A value that serves while nobody answers.
    pub(super) fn stale(&self, name: &str) -> Option<Arc<Versions>> {
        self.within(name, KEEP_STALE)
    }

    pub(super) fn keep(&self, name: &str, versions: Arc<Versions>) {
        self.lock()
            .insert(name.to_owned(), (Instant::now(), versions));
    }

    fn within(&self, name: &str, age: Duration) -> Option<Arc<Versions>> {
        let cache = self.lock();
        let (read, versions) = cache.get(name)?;
        (read.elapsed() < age).then(|| Arc::clone(versions))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Arc<Versions>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_is_fresh_for_minutes_and_serves_for_an_hour() {
        let cache = Cache::default();
        assert!(cache.fresh("pepper").is_none());
        let versions = Versions {
            current: "canary".to_owned().into(),
            previous: None,
        };
        assert!(!format!("{versions:?}").contains("canary"));
        cache.keep("pepper", Arc::new(versions));
        assert!(cache.fresh("pepper").is_some());
        assert!(cache.fresh("another").is_none());
        tokio::time::advance(KEEP).await;
        assert!(cache.fresh("pepper").is_none());
        assert!(cache.stale("pepper").is_some());
        tokio::time::advance(KEEP_STALE - KEEP + Duration::from_secs(1)).await;
        assert!(cache.stale("pepper").is_none());
    }
}
