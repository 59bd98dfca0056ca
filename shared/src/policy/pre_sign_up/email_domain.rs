//! `email_domain`: domains of e-mail addresses that are let in or kept out.

use serde::Deserialize;

use crate::email::Domain;

/// Domains of e-mail addresses that are let in or kept out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EmailDomain {
    /// Only these, where the list is given. `example.com` is that domain alone, `*.example.com` every
    /// domain below it.
    pub allow: Option<Vec<DomainPattern>>,
    /// Never these nor what lies below them, whatever `allow` says.
    #[serde(default)]
    pub deny: Vec<DomainPattern>,
}

/// `example.com`, or `*.example.com` for whatever lies below it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String")
)]
pub enum DomainPattern {
    /// This domain and no other.
    Exactly(Domain),
    /// Every domain strictly below.
    Below(Domain),
}

impl DomainPattern {
    /// Whether `domain` fits.
    pub fn matches(&self, domain: &Domain) -> bool {
        match self {
            Self::Exactly(this) => domain == this,
            Self::Below(parent) => domain.is_below(parent),
        }
    }

    /// Whether `domain` fits or lies below one that does: whoever owns a denied domain makes subdomains
    /// at will.
    pub fn covers(&self, domain: &Domain) -> bool {
        match self {
            Self::Exactly(this) => domain == this || domain.is_below(this),
            Self::Below(parent) => domain.is_below(parent),
        }
    }
}

impl TryFrom<String> for DomainPattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let error = "expected a domain such as example.com, or *.example.com for all below it";
        match text.strip_prefix("*.") {
            Some(parent) => parent.parse().map(Self::Below),
            None => text.parse().map(Self::Exactly),
        }
        .map_err(|_| error)
    }
}
