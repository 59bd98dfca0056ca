//! A role that can be vended, and what may be set where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::{Findings, Name, bounded::Bounded};
use crate::vending::{
    ClaimPath, DEFAULT_DURATION_SECONDS, MAX_CHAINED_SECONDS, MAX_TOKEN_SECONDS, Role,
    SessionPolicy, Tag, TagKey, TagValue, Tags, is_tag_value,
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
    /// With the flow `direct`: the claim, by name or JSON pointer, that becomes the session's source identity.
    /// CloudTrail shows it, also for the roles that the session assumes, and nobody can change it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    source_identity: Option<Spanned<String>>,
}

/// Where a tag's value comes from, `claim` or `value`, and what may become of the tag.
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
    /// With the flow `direct`: whether the tag goes on to the roles that the session assumes.
    #[serde(default)]
    transitive: bool,
    /// Where credentials leave: whether a session that is too large for STS is tried once without it.
    #[serde(default)]
    droppable: bool,
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
    /// Credentials by AssumeRole, without Cognito: the session has tags and no IdentityId.
    Direct,
}

/// The variables that only a session begun with a Cognito token has.
const COGNITO_VARIABLES: &str = "cognito-identity.amazonaws.com:";

impl RoleSection {
    pub(super) fn compile(self, alias: &Name, findings: &mut Findings) -> Role {
        let flow = *self.flow.get_ref();
        let tags = compile_tags(alias, flow, self.tags, findings);
        if let (Flow::Token | Flow::Credentials, Some(claim)) = (flow, &self.source_identity) {
            let message =
                "source_identity needs flow = \"direct\": AssumeRoleWithWebIdentity takes none";
            findings.at(claim.span(), format!("{alias}: {message}"));
        }
        if let (Flow::Credentials | Flow::Direct, Some(token)) = (flow, &self.token_seconds) {
            let message = "token_seconds has no effect: no token leaves";
            findings.at(token.span(), format!("{alias}: {message}"));
        }
        let duration = self.duration_seconds.as_ref();
        let duration_seconds = duration.map(|seconds| seconds.get_ref().get());
        let duration_seconds = duration_seconds.unwrap_or(DEFAULT_DURATION_SECONDS);
        match flow {
            Flow::Token => {
                let lost = "would be lost: the token's holder calls STS without it; use flow = \"credentials\"";
                if let Some(duration) = duration {
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
            Flow::Credentials => Role::Credentials {
                duration_seconds,
                session_policy: compile_policy(alias, self.session_policy, findings),
                tags,
            },
            Flow::Direct => {
                if let Some(duration) = duration.filter(|_| duration_seconds > MAX_CHAINED_SECONDS)
                {
                    let message =
                        "expected 900 to 3600: AssumeRole from a function's role is role chaining";
                    findings.at(
                        duration.span(),
                        format!("{alias}: duration_seconds: {message}"),
                    );
                }
                let strange =
                    |policy: &&Spanned<String>| policy.get_ref().contains(COGNITO_VARIABLES);
                if let Some(policy) = self.session_policy.as_ref().filter(strange) {
                    let message = "a session of flow = \"direct\" has no cognito-identity.amazonaws.com:…; use a tag";
                    findings.at(policy.span(), format!("{alias}: session_policy: {message}"));
                }
                let source_identity = self.source_identity.and_then(|claim| {
                    let path = ClaimPath::parse(claim.get_ref());
                    path.map_err(|expected| {
                        findings.at(
                            claim.span(),
                            format!("{alias}: source_identity: {expected}"),
                        );
                    })
                    .ok()
                });
                Role::Direct {
                    duration_seconds,
                    session_policy: compile_policy(alias, self.session_policy, findings),
                    tags,
                    source_identity,
                }
            }
        }
    }
}

fn compile_policy(
    alias: &Name,
    policy: Option<Spanned<String>>,
    findings: &mut Findings,
) -> Option<SessionPolicy> {
    let policy = policy?;
    let parsed = SessionPolicy::parse(policy.get_ref());
    parsed
        .map_err(|expected| {
            findings.at(
                policy.span(),
                format!("{alias}: session_policy: {expected}"),
            );
        })
        .ok()
}

fn compile_tags(
    alias: &Name,
    flow: Flow,
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
        let (transitive, droppable) = (section.transitive, section.droppable);
        let value = value.and_then(|value| match flow {
            Flow::Token | Flow::Credentials if transitive => Err(
                "transitive needs flow = \"direct\": a Cognito token carries no transitive tags",
            ),
            Flow::Token if droppable => {
                Err("droppable has no effect: the token's holder calls STS, with every tag")
            }
            _ => Ok(value),
        });
        match value {
            Ok(value) => {
                let tag = Tag {
                    value,
                    transitive,
                    droppable,
                };
                tags.insert(key, tag);
            }
            Err(expected) => {
                let key = key.as_str();
                findings.at(span, format!("{alias}: the tag {key}: {expected}"));
            }
        }
    }
    tags
}
