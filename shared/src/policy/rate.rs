//! How often something may happen, as a policy writes it.

use std::time::Duration;

use serde::Deserialize;

use super::bounded::Bounded;
use crate::limit::Rate;

/// This many at once, and as many again in each period.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Rate")
)]
pub(super) struct RateSection {
    /// How many at once.
    burst: Bounded<1, 1_000_000>,
    /// Seconds in which as many more are allowed.
    period_seconds: Bounded<1, 86_400>,
}

impl RateSection {
    pub(super) const fn new<const BURST: u32, const PERIOD_SECONDS: u32>() -> Self {
        Self {
            burst: Bounded::new::<BURST>(),
            period_seconds: Bounded::new::<PERIOD_SECONDS>(),
        }
    }
}

impl From<RateSection> for Rate {
    fn from(section: RateSection) -> Self {
        let period = Duration::from_secs(section.period_seconds.get().into());
        Self::new(section.burst.get(), period)
    }
}
