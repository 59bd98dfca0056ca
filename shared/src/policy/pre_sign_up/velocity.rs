//! `velocity`: how often people may sign up.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;

use super::super::bounded::Bounded;
use crate::limit::Rate;

/// How often people may sign up.
#[derive(Debug, Clone)]
pub struct Velocity {
    /// What sign-ups are counted by.
    pub by: VelocityBy,
    /// How many.
    pub rate: Rate,
}

/// What sign-ups are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VelocityBy {
    /// The mailbox behind the e-mail address.
    Email,
    /// The domain of the e-mail address.
    EmailDomain,
    /// The first digits of the phone number, so many.
    PhonePrefix(usize),
    /// The app client, if it is one of these; all others are counted together, for who makes clients would
    /// not be counted otherwise.
    Client(BTreeSet<String>),
}

/// How often people may sign up: so many at once, and as many again in each period.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Velocity")
)]
pub(super) struct WrittenVelocity {
    /// What sign-ups are counted by. Without a phone number nothing is counted by its prefix.
    by: By,
    /// How many at once. Every question of Cognito's counts, and it may ask three times for one sign-up.
    burst: Bounded<3, 1_000_000>,
    /// Seconds in which as many more are allowed.
    period_seconds: Bounded<1, 86_400>,
    /// Of `phone_prefix`: how many digits of the number count as its prefix.
    #[serde(default = "Bounded::<1, 15>::new::<7>")]
    digits: Bounded<1, 15>,
}

/// `by` as it is written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "VelocityBy")
)]
enum By {
    /// The mailbox behind the e-mail address.
    Email,
    /// The domain of the e-mail address.
    EmailDomain,
    /// The first digits of the phone number.
    PhonePrefix,
    /// The app client; those that the policy does not name are counted together.
    Client,
}

impl WrittenVelocity {
    /// With the ids of the clients that the policy names.
    pub(super) fn compile(self, known_clients: BTreeSet<String>) -> Velocity {
        let digits = usize::try_from(self.digits.get()).unwrap_or(usize::MAX);
        let period = Duration::from_secs(self.period_seconds.get().into());
        Velocity {
            by: match self.by {
                By::Email => VelocityBy::Email,
                By::EmailDomain => VelocityBy::EmailDomain,
                By::PhonePrefix => VelocityBy::PhonePrefix(digits),
                By::Client => VelocityBy::Client(known_clients),
            },
            rate: Rate::new(self.burst.get(), period),
        }
    }
}
