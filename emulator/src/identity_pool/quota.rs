//! The quota on GetOpenIdTokenForDeveloperIdentity, for whoever switches it on, and who has called.
//!
//! Source: Amazon Cognito service quotas, "API request rate quotas of identity pools".

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::StatusCode;

use crate::iam::JsonError;

const SECOND: Duration = Duration::from_secs(1);

/// What is counted of one operation.
#[derive(Default)]
pub(super) struct Quota(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    a_second: Option<usize>,
    recent: VecDeque<Instant>,
    calls: BTreeMap<String, u64>,
    throttled: u64,
}

impl Quota {
    /// From now on, at most `a_second` calls in any second; `None` allows any number.
    pub(super) fn allow(&self, a_second: Option<usize>) {
        self.counted().a_second = a_second;
    }

    /// Counts a call for `user`, or refuses it.
    pub(super) fn call(&self, user: &str) -> Result<(), JsonError> {
        let mut counted = self.counted();
        let now = Instant::now();
        while counted.recent.front().is_some_and(|at| now - *at >= SECOND) {
            counted.recent.pop_front();
        }
        if counted
            .a_second
            .is_some_and(|most| counted.recent.len() >= most)
        {
            counted.throttled += 1;
            return Err(JsonError {
                status: StatusCode::BAD_REQUEST,
                ..JsonError::new("TooManyRequestsException", "Rate exceeded")
            });
        }
        if counted.a_second.is_some() {
            counted.recent.push_back(now);
        }
        *counted.calls.entry(user.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Calls that were served, by developer user.
    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.counted().calls.clone()
    }

    /// Calls that were refused.
    pub(super) fn throttled(&self) -> u64 {
        self.counted().throttled
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
