//! `[identity-vendor]`: whose proof is believed, and which role it earns.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{Findings, Name, Rules, bounded::Bounded};

/// Longest life of a Cognito token that leaves the vendor, seconds: whoever holds it can have
/// credentials made for as long.
pub const MAX_TOKEN_SECONDS: u32 = 900;
/// Life of a Cognito token that never leaves the vendor, seconds.
pub const MAX_INTERNAL_TOKEN_SECONDS: u32 = 60;

/// The rules of identity-vendor. No rule, no role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IdentityVendor {
    /// The issuers whose JWTs are believed, by a name that must never change: the identity of a user is
    /// recorded under it.
    #[serde(default)]
    pub issuers: BTreeMap<Name, Issuer>,
    /// The roles that can be vended, by alias. The wiring's ROLE_ARNS binds each to an ARN.
    #[serde(default)]
    pub roles: BTreeMap<Name, Role>,
    /// Who gets what, in order.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The alias of the role for callers whom no rule names. Without it they get none.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    pub default_role: Option<Spanned<Name>>,
}

/// An issuer of JWTs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issuer {
    /// The `iss` claim. Without it the wiring's ISSUER_URLS says it.
    pub issuer: Option<IssuerUrl>,
    /// Where the keys are; by default what `<issuer>/.well-known/openid-configuration` names.
    pub jwks_uri: Option<IssuerUrl>,
    /// The accepted values of `aud` (of `client_id` in a Cognito access token).
    #[cfg_attr(
        feature = "schema",
        schemars(with = "BTreeSet<String>", length(min = 1))
    )]
    pub audiences: Spanned<BTreeSet<String>>,
    /// The accepted signature algorithms.
    #[serde(default = "algorithms")]
    pub algorithms: BTreeSet<Algorithm>,
    /// Seconds since `iat` after which a token is too old, whatever its `exp`.
    #[serde(default = "Bounded::<60, 604_800>::new::<86_400>")]
    pub max_token_age_seconds: Bounded<60, 604_800>,
    /// Seconds by which clocks may differ.
    #[serde(default = "Bounded::<0, 60>::new::<30>")]
    pub leeway_seconds: Bounded<0, 60>,
    /// For a Cognito user pool: which of its tokens is accepted.
    pub token_use: Option<TokenUse>,
}

/// Which token of a Cognito user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TokenUse {
    /// The ID token; its client is in `aud`.
    Id,
    /// The access token; its client is in `client_id`.
    Access,
}

/// An https URL; http only to a loopback address, for tests on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IssuerUrl(#[cfg_attr(feature = "schema", schemars(url))] String);

impl IssuerUrl {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IssuerUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let error =
            "expected an https URL without query or fragment (http to 127.0.0.1 or localhost only)";
        let url: http::Uri = text.parse().map_err(|_| error)?;
        let loopback = matches!(url.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => loopback,
            _ => false,
        };
        let plain = url.query().is_none() && !text.contains(['#', '@', ' ']);
        if secure && plain && url.host().is_some_and(|host| !host.is_empty()) {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(error)
        }
    }
}

/// A signature algorithm of RFC 7518 or RFC 8037. Symmetric ones are not on the list: a key that verifies
/// must not be able to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// A role that can be vended.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Role {
    /// What leaves the vendor.
    #[cfg_attr(feature = "schema", schemars(with = "Flow"))]
    pub flow: Spanned<Flow>,
    /// Seconds that credentials live. With the flow `token` the holder asks STS for a duration, so it
    /// cannot be set there.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Bounded<900, 43_200>>"))]
    pub duration_seconds: Option<Spanned<Bounded<900, 43_200>>>,
    /// Seconds that the Cognito token lives, with the flow `token`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Bounded<60, 900>>"))]
    pub token_seconds: Option<Spanned<Bounded<60, 900>>>,
    /// An IAM policy document, JSON, that narrows the role further. With the flow `token` its holder
    /// would leave it out, so it cannot be set there.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub session_policy: Option<Spanned<String>>,
}

/// What leaves the vendor for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Flow {
    /// A Cognito OpenID token, with which the holder calls STS; credentials too, for those who ask.
    Token,
    /// Credentials only. The token stays inside, so session policy and duration bind.
    Credentials,
}

/// One rule: whoever meets all conditions may have the role, or is refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rule {
    /// What audit lines call it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    pub name: Spanned<Name>,
    /// The issuer of the proof.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    pub issuer: Spanned<Name>,
    /// What its claims must say, all of it. Empty: everybody of this issuer.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The alias of the role. Either this or `deny`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    pub role: Option<Spanned<Name>>,
    /// Refuses, and no later rule is looked at.
    #[serde(default)]
    pub deny: bool,
}

/// What one claim must say. A claim that is missing meets no condition, not even `not_equals`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Condition {
    /// The claim's name.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub claim: Spanned<String>,
    /// The claim is this text, number or boolean.
    pub equals: Option<String>,
    /// The claim is a text, number or boolean, but not this.
    pub not_equals: Option<String>,
    /// The claim is a text that begins with this.
    pub starts_with: Option<String>,
    /// The claim is an array with this element, or a text with this part.
    pub contains: Option<String>,
}

impl Rules for IdentityVendor {
    const SECTION: &'static str = "identity-vendor";

    type Section = Self;

    fn compile(section: Self, findings: &mut Findings) -> Option<Self> {
        section.check(findings);
        Some(section)
    }
}

impl IdentityVendor {
    fn check(&self, errors: &mut Findings) {
        for (name, issuer) in &self.issuers {
            if issuer.audiences.get_ref().is_empty() {
                let message = format!("the issuer {name} accepts no audience: name at least one");
                errors.at(issuer.audiences.span(), message);
            }
        }
        for (alias, role) in &self.roles {
            role.check(alias, errors);
        }
        let mut seen = BTreeSet::new();
        for rule in &self.rules {
            if !seen.insert(rule.name.get_ref()) {
                errors.at(
                    rule.name.span(),
                    format!("a second rule is called {}", rule.name.get_ref()),
                );
            }
            self.check_rule(rule, errors);
        }
        if let Some(alias) = &self.default_role {
            self.check_alias(alias, errors);
        }
    }
}

impl IdentityVendor {
    fn check_rule(&self, rule: &Rule, errors: &mut Findings) {
        let name = rule.name.get_ref();
        if !self.issuers.contains_key(rule.issuer.get_ref()) {
            let issuer = rule.issuer.get_ref();
            errors.at(
                rule.issuer.span(),
                format!("the rule {name} names the issuer {issuer}, which is not defined"),
            );
        }
        match (&rule.role, rule.deny) {
            (Some(alias), false) => self.check_alias(alias, errors),
            (None, true) => {}
            _ => errors.at(
                rule.name.span(),
                format!("the rule {name} needs either role or deny = true"),
            ),
        }
        for condition in &rule.when {
            let tests = [
                &condition.equals,
                &condition.not_equals,
                &condition.starts_with,
                &condition.contains,
            ];
            if tests.into_iter().flatten().count() != 1 {
                let message =
                    "a condition has exactly one of equals, not_equals, starts_with, contains";
                errors.at(condition.claim.span(), message);
            }
        }
    }

    fn check_alias(&self, alias: &Spanned<Name>, errors: &mut Findings) {
        if !self.roles.contains_key(alias.get_ref()) {
            errors.at(
                alias.span(),
                format!("the role {} is not defined", alias.get_ref()),
            );
        }
    }
}

impl Role {
    /// Seconds that credentials of this role live, unless it says otherwise: SDKs fetch a session that
    /// lives 900 s or less anew at every use.
    pub const DEFAULT_DURATION_SECONDS: u32 = 3600;

    fn check(&self, alias: &Name, errors: &mut Findings) {
        match self.flow.get_ref() {
            Flow::Token => {
                let lost = "would be lost: the token's holder calls STS without it; use flow = \"credentials\"";
                if let Some(duration) = &self.duration_seconds {
                    errors.at(duration.span(), format!("{alias}: duration_seconds {lost}"));
                }
                if let Some(policy) = &self.session_policy {
                    errors.at(policy.span(), format!("{alias}: session_policy {lost}"));
                }
            }
            Flow::Credentials => {
                if let Some(token) = &self.token_seconds {
                    let message = "no token leaves with flow = \"credentials\"";
                    errors.at(
                        token.span(),
                        format!("{alias}: token_seconds has no effect: {message}"),
                    );
                }
            }
        }
        if let Some(policy) = &self.session_policy {
            let text = policy.get_ref();
            let object = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(text);
            let sound = object.is_ok_and(|members| members.contains_key("Statement"));
            // AWS STS API reference, AssumeRoleWithWebIdentity, Policy.
            if !sound || text.len() > 2048 {
                let message = "expected an IAM policy document in JSON of at most 2048 characters";
                errors.at(policy.span(), format!("{alias}: session_policy: {message}"));
            }
        }
    }
}

fn algorithms() -> BTreeSet<Algorithm> {
    BTreeSet::from([Algorithm::RS256, Algorithm::ES256])
}
