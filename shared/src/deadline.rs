//! The moment by which an answer must have left, carried by every call that may take long.
//!
//! Cognito waits 5 s for a trigger and counts the cold start; Lambda's own deadline starts after it.
//! A time-out per call cannot keep that promise (three calls of 2 s are 6 s): one deadline can.

use std::{
    future::Future,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

/// What a trigger may use of Cognito's 5 s, counted from the moment Cognito asked. The rest is for the
/// way there and back. (Amazon Cognito developer guide, "Customizing user pool workflows with Lambda
/// triggers".)
pub const TRIGGER_BUDGET: Duration = Duration::from_millis(4500);

/// Time that passed before this process existed, on a first invocation: finding a worker, fetching and
/// unpacking the package. Lambda does not tell it; this is an allowance, not a measurement.
pub const PROVISIONING_MARGIN: Duration = Duration::from_millis(300);

/// What is kept back from Lambda's own deadline, so that an answer leaves before the kill.
const RETURN_MARGIN: Duration = Duration::from_millis(150);

/// A point in time by which one invocation must have settled. Copy it into every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// The deadline passed before the awaited thing was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time for this invocation ran out")]
pub struct DeadlineExceeded;

impl Deadline {
    /// `budget` from now.
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    /// The deadline of an invocation that may use `budget`, of which `spent` is gone (the cold start),
    /// and which Lambda would end at `lambda_deadline`. The nearer of both counts.
    pub fn of_invocation(budget: Duration, spent: Duration, lambda_deadline: SystemTime) -> Self {
        let lambda_left = lambda_deadline
            .duration_since(SystemTime::now())
            .unwrap_or_default()
            .saturating_sub(RETURN_MARGIN);
        Self::after(budget.saturating_sub(spent).min(lambda_left))
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// `reserve` earlier, so that something can still be done after the bounded call.
    pub fn keeping(self, reserve: Duration) -> Self {
        Self(self.0.checked_sub(reserve).unwrap_or(self.0))
    }

    /// This, or `budget` from now, whichever is nearer: for a call that something can still stand in for.
    pub fn at_most(self, budget: Duration) -> Self {
        self.min(Self::after(budget))
    }

    /// Awaits `future`, no longer than this.
    ///
    /// # Errors
    /// [`DeadlineExceeded`] when the time ran out first; the future is dropped then.
    pub async fn bound<F: Future>(self, future: F) -> Result<F::Output, DeadlineExceeded> {
        tokio::time::timeout_at(self.0, future)
            .await
            .map_err(|_| DeadlineExceeded)
    }
}

/// Knows how long this process took to be ready, and that its first invocation pays for it.
#[derive(Debug)]
pub struct ColdStart {
    process_start: std::time::Instant,
    provisioned: bool,
    pending: std::sync::Mutex<Option<Duration>>,
}

impl ColdStart {
    /// To be called first thing in `main`.
    pub fn begin() -> Self {
        let kind = std::env::var("AWS_LAMBDA_INITIALIZATION_TYPE").ok();
        Self::of_type(kind.as_deref())
    }

    /// With provisioned concurrency nobody waits for the start (AWS Lambda developer guide, "Defined
    /// runtime environment variables").
    fn of_type(initialization_type: Option<&str>) -> Self {
        Self {
            process_start: std::time::Instant::now(),
            provisioned: initialization_type.is_some_and(|kind| kind != "on-demand"),
            pending: std::sync::Mutex::new(None),
        }
    }

    /// Initialisation is over; the next invocation is the first.
    ///
    /// The time until then is what counts, not the time until the event arrives: Lambda also starts
    /// environments ahead of need, and one that waited a minute has not cost its first caller a minute.
    pub fn ready(&self) {
        let spent = if self.provisioned {
            Duration::ZERO
        } else {
            self.process_start.elapsed() + PROVISIONING_MARGIN
        };
        *self.lock() = Some(spent);
    }

    /// What the start has cost the invocation that begins now: something for the first, nothing after.
    pub fn charge(&self) -> Duration {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Duration>> {
        self.pending
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn lambda_deadline_in(seconds: u64) -> SystemTime {
        SystemTime::now() + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn the_cold_start_is_taken_off_the_budget() {
        let spent = Duration::from_millis(1500);
        let deadline = Deadline::of_invocation(TRIGGER_BUDGET, spent, lambda_deadline_in(60));
        assert_eq!(deadline.remaining(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearer_of_budget_and_lambda_deadline_counts() {
        let deadline =
            Deadline::of_invocation(TRIGGER_BUDGET, Duration::ZERO, lambda_deadline_in(1));
        assert!(deadline.remaining() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_budget_leaves_nothing_and_does_not_panic() {
        let spent = Duration::from_secs(60);
        let deadline = Deadline::of_invocation(TRIGGER_BUDGET, spent, SystemTime::UNIX_EPOCH);
        assert_eq!(deadline.remaining(), Duration::ZERO);
        assert_eq!(
            deadline.keeping(Duration::from_secs(9)).remaining(),
            Duration::ZERO
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_may_have_less_gets_less_and_never_more() {
        let second = Duration::from_secs(1);
        let deadline = Deadline::after(3 * second);
        assert_eq!(deadline.at_most(second).remaining(), second);
        assert_eq!(deadline.at_most(9 * second), deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_call_ends_with_the_deadline() {
        let deadline = Deadline::after(Duration::from_millis(700));
        assert_eq!(
            deadline.bound(std::future::pending::<()>()).await,
            Err(DeadlineExceeded)
        );
        assert_eq!(
            deadline.bound(async { 7 }).await,
            Ok(7),
            "what is ready is taken"
        );
    }

    #[test]
    fn only_the_first_invocation_pays_for_the_start() {
        let start = ColdStart::of_type(Some("on-demand"));
        start.ready();
        assert!(start.charge() >= PROVISIONING_MARGIN);
        assert_eq!(start.charge(), Duration::ZERO);
    }

    #[test]
    fn nobody_waits_for_a_provisioned_start() {
        let start = ColdStart::of_type(Some("provisioned-concurrency"));
        start.ready();
        assert_eq!(start.charge(), Duration::ZERO);
    }
}
