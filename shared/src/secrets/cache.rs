//! What was read, and whether it may still be used.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// How long a value is used without a question.
pub const KEEP: Duration = Duration::from_secs(300);
/// How long a value is used when Secrets Manager does not answer.
pub const KEEP_STALE: Duration = Duration::from_secs(3600);
/// How long nobody asks again after a question for a value that serves meanwhile.
const PAUSE: Duration = Duration::from_secs(15);

/// A secret's values. `Debug` shows none.
pub struct Versions {
    /// AWSCURRENT.
    pub current: SecretString,
    /// AWSPREVIOUS, if there is one.
    pub previous: Option<SecretString>,
}

impl Versions {
    /// The octets of each, the current one first: a signature is made under all, for its reader may not have followed a
    /// rotation yet.
    pub fn keys(&self) -> Vec<&[u8]> {
        let versions = std::iter::once(&self.current).chain(&self.previous);
        let octets = versions.map(|version| version.expose_secret().as_bytes());
        octets.collect()
    }
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Versions(***)")
    }
}

/// The values by name. In the memory of one environment: lost without harm.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    read: Instant,
    /// When somebody last set out to read it anew.
    asked: Option<Instant>,
    versions: Arc<Versions>,
}

/// A value that serves while nobody answers.
#[derive(Debug)]
pub(super) enum Stale {
    /// Whoever gets it asks for a newer one: nobody else does for [`PAUSE`].
    Ask(Arc<Versions>),
    /// Somebody has asked a moment ago.
    Serve(Arc<Versions>),
}

impl Cache {
    /// A value that needs no question.
    pub(super) fn fresh(&self, name: &str) -> Option<Arc<Versions>> {
        let cache = self.lock();
        let kept = cache.get(name).filter(|kept| kept.read.elapsed() < KEEP);
        kept.map(|kept| Arc::clone(&kept.versions))
    }

    /// A value that serves while nobody answers.
    pub(super) fn stale(&self, name: &str) -> Option<Stale> {
        let mut cache = self.lock();
        let kept = cache.get_mut(name);
        let kept = kept.filter(|kept| kept.read.elapsed() < KEEP_STALE)?;
        let versions = Arc::clone(&kept.versions);
        if kept.asked.is_some_and(|asked| asked.elapsed() < PAUSE) {
            return Some(Stale::Serve(versions));
        }
        kept.asked = Some(Instant::now());
        Some(Stale::Ask(versions))
    }

    pub(super) fn keep(&self, name: &str, versions: Arc<Versions>) {
        let kept = Kept {
            read: Instant::now(),
            asked: None,
            versions,
        };
        self.lock().insert(name.to_owned(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
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
        assert!(matches!(cache.stale("pepper"), Some(Stale::Ask(_))));
        assert!(matches!(cache.stale("pepper"), Some(Stale::Serve(_))));
        tokio::time::advance(KEEP_STALE - KEEP + Duration::from_secs(1)).await;
        assert!(cache.stale("pepper").is_none());
    }
}
