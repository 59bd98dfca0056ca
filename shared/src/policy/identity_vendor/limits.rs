//! How often the vendor may be asked, and how often it asks Cognito.

use serde::Deserialize;

use super::super::{bounded::Bounded, rate::RateSection};
use crate::limit::Rate;

/// The limits of identity-vendor.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls of GetOpenIdTokenForDeveloperIdentity, of all callers together.
    pub cognito_calls: Rate,
    /// Requests of one caller that are granted a role.
    pub per_principal: Rate,
    /// The same of all callers of one source.
    pub per_source: Option<Rate>,
    /// Requests from one address whose proof is not accepted.
    pub failures_per_address: Rate,
    /// Proxies of ours before the API, each of which adds an address to X-Forwarded-For.
    pub trusted_hops: usize,
}

/// How often may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "VendorLimits")
)]
pub(super) struct LimitsSection {
    /// Calls of GetOpenIdTokenForDeveloperIdentity in any second, of all callers together. Over it, the vendor
    /// answers 503 before Cognito throttles, which allows 50 for each identity pool.
    cognito_calls_per_second: Bounded<5, 100_000>,
    /// Requests of one caller that are granted a role. Who has used more than half of it gives way to others when
    /// Cognito's calls get short.
    per_principal: RateSection,
    /// The same for all callers of one source together. Left out, there is no such limit.
    per_source: Option<RateSection>,
    /// Requests from one address whose proof is not accepted. Over it, that address gets no answer to any proof.
    failures_per_address: RateSection,
    /// How many proxies of yours stand before the API, a CDN for instance. Each adds to X-Forwarded-For the address
    /// that it was asked from; without this number, all of its callers are one address.
    trusted_hops: Bounded<0, 5>,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            cognito_calls_per_second: Bounded::new::<45>(),
            per_principal: RateSection::new::<120, 60>(),
            per_source: None,
            failures_per_address: RateSection::new::<60, 60>(),
            trusted_hops: Bounded::new::<0>(),
        }
    }
}

impl From<LimitsSection> for Limits {
    fn from(section: LimitsSection) -> Self {
        Self {
            cognito_calls: Rate::in_any_second(section.cognito_calls_per_second.get()),
            per_principal: section.per_principal.into(),
            per_source: section.per_source.map(Rate::from),
            failures_per_address: section.failures_per_address.into(),
            trusted_hops: section.trusted_hops.get() as usize,
        }
    }
}
