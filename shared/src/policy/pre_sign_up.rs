//! `[pre-sign-up]`: who may come into being in the user pool.

use serde::Deserialize;
use toml::Spanned;

use super::{Findings, Name, Rules, bounded::Message};
use crate::email::Domain;

/// The rules of pre-sign-up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreSignUp {
    /// The checks, in order. The first that refuses decides.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// What audit lines call it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    pub name: Spanned<Name>,
    /// Whether its word counts.
    #[serde(default)]
    pub mode: Mode,
    /// What it says when it cannot decide: no e-mail, or one that is none.
    #[serde(default)]
    pub on_undecided: Undecided,
    /// The ways into the pool that it looks at.
    #[serde(default = "people")]
    pub applies_to: Vec<SignUpKind>,
    /// What the person reads. Cognito puts "PreSignUp failed with error " before it.
    pub message: Option<Message>,
    /// Checks the domain of the e-mail address.
    pub email_domain: EmailDomain,
}

/// Whether a check's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// What it refuses is refused.
    #[default]
    Enforce,
    /// What it would refuse is let through and noted in the audit line.
    Report,
    /// It is not run.
    Off,
}

/// What a check says when it cannot decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Undecided {
    /// No.
    #[default]
    Refuse,
    /// Yes.
    Allow,
}

/// A way into the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SignUpKind {
    /// A person signs up.
    SignUp,
    /// An administrator creates a user. Migration fires this one too, so a check that looks at it can
    /// keep out the users who were to be moved in.
    AdminCreateUser,
    /// A first sign-in through an external provider.
    ExternalProvider,
}

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

impl Rules for PreSignUp {
    const SECTION: &'static str = "pre-sign-up";

    type Section = Self;

    fn compile(section: Self, findings: &mut Findings) -> Option<Self> {
        section.check(findings);
        Some(section)
    }
}

impl PreSignUp {
    fn check(&self, errors: &mut Findings) {
        let mut seen = Vec::new();
        for check in &self.checks {
            let name = check.name.get_ref();
            if seen.contains(&name) {
                errors.at(
                    check.name.span(),
                    format!("a second check is called {name}"),
                );
            }
            seen.push(name);
            if check.email_domain.allow.is_none() && check.email_domain.deny.is_empty() {
                let message =
                    format!("the check {name} has neither allow nor deny: it checks nothing");
                errors.at(check.name.span(), message);
            }
        }
    }
}

fn people() -> Vec<SignUpKind> {
    vec![SignUpKind::SignUp, SignUpKind::ExternalProvider]
}
