//! How often is too often, as a token bucket.

use std::time::Duration;

/// A token bucket: this many at once, and as many again in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    burst: u32,
    interval_ms: i64,
}

/// What one attempt means for a bucket, which is one number: the time at which it is full again (the
/// theoretical arrival time of the generic cell rate algorithm, ITU-T I.371). Milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Now. A bucket that was full before counts from here.
    pub(super) now: i64,
    /// What a token costs.
    pub(super) interval: i64,
    /// The latest such time that still has a token.
    pub(super) latest: i64,
}

impl Rate {
    /// `burst` at once, and `burst` again in each `period`. Both count as one at least.
    pub fn new(burst: u32, period: Duration) -> Self {
        let burst = burst.max(1);
        let interval = period.as_millis() / u128::from(burst);
        Self {
            burst,
            interval_ms: i64::try_from(interval).unwrap_or(i64::MAX / 2).max(1),
        }
    }

    pub(super) fn attempt(self, now: i64) -> Attempt {
        let more = i64::from(self.burst) - 1;
        Attempt {
            now,
            interval: self.interval_ms,
            latest: now.saturating_add(self.interval_ms.saturating_mul(more)),
        }
    }
}

impl Attempt {
    /// When the bucket is full again if it was full before.
    pub(super) fn of_a_full_bucket(self) -> i64 {
        self.now.saturating_add(self.interval)
    }

    /// When the item may go, seconds since 1970: the bucket is full by then, whoever took from it.
    pub(super) fn expires_at(self) -> i64 {
        self.latest.saturating_add(self.interval) / 1000 + 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes from a bucket as the table does.
    fn take(full_at: &mut i64, rate: Rate, now: i64) -> bool {
        let attempt = rate.attempt(now);
        if *full_at <= attempt.now {
            *full_at = attempt.of_a_full_bucket();
            return true;
        }
        let allowed = *full_at <= attempt.latest;
        if allowed {
            *full_at += attempt.interval;
        }
        allowed
    }

    #[test]
    fn a_burst_goes_through_and_then_one_each_interval() {
        let rate = Rate::new(3, Duration::from_secs(3));
        let mut full_at = 0;
        let taken = (0..10).filter(|_| take(&mut full_at, rate, 5_000)).count();
        assert_eq!(taken, 3);
        assert!(!take(&mut full_at, rate, 5_999));
        assert!(take(&mut full_at, rate, 6_000));
        assert!(!take(&mut full_at, rate, 6_500));
        // After a period of rest the bucket is full, and not fuller.
        let taken = (0..10).filter(|_| take(&mut full_at, rate, 60_000)).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn no_rate_is_none_or_endless() {
        let rate = Rate::new(0, Duration::ZERO);
        assert_eq!(rate, Rate::new(1, Duration::from_millis(1)));
        let attempt = Rate::new(u32::MAX, Duration::MAX).attempt(i64::MAX);
        assert_eq!(attempt.of_a_full_bucket(), i64::MAX);
    }
}
