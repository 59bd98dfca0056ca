//! A role that can be vended, and what may be set where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::{Findings, Name, bounded::Bounded};
use crate::vending::{
    ClaimPath, DEFAULT_DURATION_SECONDS, MAX_TOKEN_SECONDS, Role, SessionPolicy, TagKey, TagValue,
    Tags, is_tag_value,
};

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
    /// An IAM policy document, JSON, that narrows the role further. Within the strings of `Resource` and
    /// `Condition`, `{{claim}}` stands for a claim of the caller. With the flow `token` its holder would leave
    /// the document out, so it cannot be set there.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    session_policy: Option<Spanned<String>>,
    /// What each session carries, for `${aws:PrincipalTag/<key>}` in policies and for cost allocation. Whoever
    /// has no acceptable value for one of them gets no session.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<TagKey, TagSection>"))]
    tags: BTreeMap<TagKey, Spanned<TagSection>>,
}

/// Where a tag's value comes from: one of both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Tag")
)]
pub(super) struct TagSection {
    /// A claim's name, or a JSON pointer to a value within a claim: a text, a whole number or a boolean.
    claim: Option<String>,
    /// The same value for every session.
    value: Option<String>,
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
        let tags = compile_tags(alias, self.tags, findings);
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
                    tags,
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
                let parsed = |policy: Spanned<String>| {
                    let span = policy.span();
                    let parsed = SessionPolicy::parse(policy.get_ref());
                    parsed
                        .map_err(|expected| {
                            findings.at(span, format!("{alias}: session_policy: {expected}"));
                        })
                        .ok()
                };
                let session_policy = self.session_policy.and_then(parsed);
                let seconds = self.duration_seconds.map(|seconds| seconds.get_ref().get());
                Role::Credentials {
                    duration_seconds: seconds.unwrap_or(DEFAULT_DURATION_SECONDS),
                    session_policy,
                    tags,
                }
            }
        }
    }
}

fn compile_tags(
    alias: &Name,
    sections: BTreeMap<TagKey, Spanned<TagSection>>,
    findings: &mut Findings,
) -> Tags {
    let mut tags = Tags::new();
    for (index, (key, section)) in sections.into_iter().enumerate() {
        let span = section.span();
        let section = section.into_inner();
        let value = match (section.claim, section.value) {
            (Some(claim), None) => ClaimPath::parse(&claim).map(TagValue::Claim),
            (None, Some(value)) if is_tag_value(&value) => Ok(TagValue::Fixed(value)),
            (None, Some(_)) => {
                Err("expected 1 to 256 letters, digits, space and _.:/=+-@ in ASCII")
            }
            _ => Err("expected either claim or value"),
        };
        // Cognito takes 50, vend_role among them.
        let value = value.and_then(|value| match index {
            0..49 => Ok(value),
            _ => Err("expected at most 49 tags"),
        });
        match value {
            Ok(value) => {
                tags.insert(key, value);
            }
            Err(expected) => {
                let key = key.as_str();
                findings.at(span, format!("{alias}: the tag {key}: {expected}"));
            }
        }
    }
    tags
}
