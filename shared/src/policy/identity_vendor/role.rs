//! A role that can be vended, and what may be set where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::{Findings, Name, bounded::Bounded};
use crate::vending::{DEFAULT_DURATION_SECONDS, MAX_TOKEN_SECONDS, Role};

/// A role that can be vended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Role")
)]
pub(super) struct RoleSection {
    /// What leaves the vendor.
    #[cfg_attr(feature = "schema", schemars(with = "Flow"))]
    flow: Spanned<Flow>,
    /// Seconds that credentials live. With the flow `token` the holder asks STS for a duration, so it
    /// cannot be set there.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Bounded<900, 43_200>>"))]
    duration_seconds: Option<Spanned<Bounded<900, 43_200>>>,
    /// Seconds that the Cognito token lives, with the flow `token`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Bounded<60, 900>>"))]
    token_seconds: Option<Spanned<Bounded<60, 900>>>,
    /// An IAM policy document, JSON, that narrows the role further. With the flow `token` its holder
    /// would leave it out, so it cannot be set there.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    session_policy: Option<Spanned<String>>,
}

/// What leaves the vendor for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Flow {
    /// A Cognito OpenID token, with which the holder calls STS; credentials too, for those who ask.
    Token,
    /// Credentials only. The token stays inside, so session policy and duration bind.
    Credentials,
}

impl RoleSection {
    pub(super) fn compile(self, alias: &Name, findings: &mut Findings) -> Role {
        match self.flow.get_ref() {
            Flow::Token => {
                let lost = "would be lost: the token's holder calls STS without it; use flow = \"credentials\"";
                if let Some(duration) = &self.duration_seconds {
                    findings.at(duration.span(), format!("{alias}: duration_seconds {lost}"));
                }
                if let Some(policy) = &self.session_policy {
                    findings.at(policy.span(), format!("{alias}: session_policy {lost}"));
                }
                let seconds = self.token_seconds.map(|seconds| seconds.get_ref().get());
                Role::Token {
                    token_seconds: seconds.unwrap_or(MAX_TOKEN_SECONDS),
                }
            }
            Flow::Credentials => {
                if let Some(token) = &self.token_seconds {
                    let message = "no token leaves with flow = \"credentials\"";
                    findings.at(
                        token.span(),
                        format!("{alias}: token_seconds has no effect: {message}"),
                    );
                }
                if let Some(policy) = &self.session_policy {
                    check_session_policy(alias, policy, findings);
                }
                let seconds = self.duration_seconds.map(|seconds| seconds.get_ref().get());
                Role::Credentials {
                    duration_seconds: seconds.unwrap_or(DEFAULT_DURATION_SECONDS),
                    session_policy: self.session_policy.map(Spanned::into_inner),
                }
            }
        }
    }
}

fn check_session_policy(alias: &Name, policy: &Spanned<String>, findings: &mut Findings) {
    let text = policy.get_ref();
    let object = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(text);
    let sound = object.is_ok_and(|members| members.contains_key("Statement"));
    // AWS STS API reference, AssumeRoleWithWebIdentity, Policy.
    if !sound || text.len() > 2048 {
        let message = "expected an IAM policy document in JSON of at most 2048 characters";
        findings.at(policy.span(), format!("{alias}: session_policy: {message}"));
    }
}
