//! How often is too often, as a token bucket.

use std::time::Duration;

use time::OffsetDateTime;

use super::Level;

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

    /// At most `count` in any second: a fifth of them at once, and the others spread over the second. (A bucket lets
    /// through its burst and, meanwhile, what flows into it.)
    pub fn in_any_second(count: u32) -> Self {
        let burst = (count / 5).max(1);
        let flow = count.saturating_sub(burst).max(1);
        // Rounded up: an interval that is too short lets more through.
        let interval = 1000_u32.div_ceil(flow);
        Self {
            burst,
            interval_ms: interval.into(),
        }
    }

    /// How many at once.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// One attempt, after which `kept` tokens must be left.
    pub(super) fn attempt(self, now: i64, kept: u32) -> Attempt {
        let more = i64::from(self.burst) - 1 - i64::from(kept);
        Attempt {
            now,
            interval: self.interval_ms,
            latest: now.saturating_add(self.interval_ms.saturating_mul(more)),
        }
    }

    /// What is in a bucket now whose item says `full_at`; `None` if there is none.
    pub fn level_now(self, full_at: Option<i64>) -> Level {
        self.level(full_at, now_ms())
    }

    fn level(self, full_at: Option<i64>, now: i64) -> Level {
        let missing = full_at.map_or(0, |full_at| full_at.saturating_sub(now));
        if missing <= 0 {
            return Level::Full;
        }
        let taken = missing.saturating_add(self.interval_ms - 1) / self.interval_ms;
        match u32::try_from(i64::from(self.burst) - taken) {
            Ok(left @ 1..) => Level::Left(left),
            _ => {
                let of_the_rest = self.interval_ms.saturating_mul(i64::from(self.burst) - 1);
                let wait = missing.saturating_sub(of_the_rest).max(1);
                Level::Empty(Duration::from_millis(wait.unsigned_abs()))
            }
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    i64::try_from(now).unwrap_or(i64::MAX)
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
        take_keeping(full_at, rate, 0, now)
    }

    fn take_keeping(full_at: &mut i64, rate: Rate, kept: u32, now: i64) -> bool {
        let attempt = rate.attempt(now, kept);
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
        let attempt = Rate::new(u32::MAX, Duration::MAX).attempt(i64::MAX, 0);
        assert_eq!(attempt.of_a_full_bucket(), i64::MAX);
    }

    #[test]
    fn a_level_says_what_may_still_be_taken() {
        let rate = Rate::new(3, Duration::from_secs(3));
        let mut full_at = 0;
        let seen = |full_at: i64, now| rate.level(Some(full_at), now);
        assert_eq!(rate.level(None, 5_000), Level::Full);
        for expected in [
            Level::Left(2),
            Level::Left(1),
            Level::Empty(Duration::from_secs(1)),
        ] {
            assert!(take(&mut full_at, rate, 5_000));
            assert_eq!(seen(full_at, 5_000), expected);
        }
        assert_eq!(seen(full_at, 5_999), Level::Empty(Duration::from_millis(1)));
        assert_eq!(seen(full_at, 6_000), Level::Left(1));
        assert_eq!(seen(full_at, 8_000), Level::Full);
        assert_eq!(
            seen(i64::MAX, 0).wait().map(|wait| wait.is_zero()),
            Some(false)
        );
    }

    #[test]
    fn in_any_second_no_more_than_the_count_goes_through() {
        for count in [1, 5, 7, 40, 999] {
            let rate = Rate::in_any_second(count);
            let mut full_at = 0;
            // Somebody who always tries, each millisecond.
            let taken: Vec<i64> = (10_000..14_000)
                .flat_map(|now| std::iter::repeat_n(now, 3))
                .filter(|now| take(&mut full_at, rate, *now))
                .collect();
            let busiest = (10_000..13_000)
                .map(|from| {
                    let within = |at: &&i64| (from..from + 1000).contains(*at);
                    taken.iter().filter(within).count()
                })
                .max();
            let most = busiest.unwrap();
            assert!(most <= count as usize, "{most} in a second of {count}");
            assert!(most >= count as usize / 2, "{most} in a second of {count}");
        }
    }

    #[test]
    fn who_keeps_half_for_others_never_makes_them_wait() {
        let rate = Rate::in_any_second(45);
        let (mut greedy, mut modest) = (0, 0);
        let mut full_at = 0;
        for now in 10_000..20_000 {
            if take_keeping(&mut full_at, rate, rate.burst() / 2, now) {
                greedy += 1;
            }
            // Ten a second, of those who have not used half of their own.
            if now % 100 == 0 {
                assert!(take(&mut full_at, rate, now), "{now}");
                modest += 1;
            }
        }
        assert_eq!(modest, 100);
        // Nothing is lost by it: the one who asks without end has all that the others leave.
        assert!((250..=270).contains(&greedy), "{greedy}");
    }
}
