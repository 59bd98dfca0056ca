//! A source: an issuer of JWTs that is believed.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{
    super::{Findings, Name, bounded::Bounded},
    preset::Preset,
};
use crate::jwt::{self, Algorithm, IssuerUrl, Keys, KeysUrl, PinnedKeys, TokenUse};

/// A source whose proofs are believed, as far as the policy knows it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The accepted values of `iss`; none where the wiring says it.
    pub issuers: Vec<IssuerUrl>,
    /// What is expected of the tokens. The wiring may add audiences.
    pub tokens: jwt::Settings,
}

/// An issuer whose JWTs are believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Source")
)]
pub(super) struct SourceSection {
    /// A well-known kind of issuer, which says what is left out here.
    preset: Option<Preset>,
    /// The `iss` claim. Without it the preset or the wiring's ISSUER_URLS says it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<IssuerUrl>"))]
    issuer: Option<Spanned<IssuerUrl>>,
    /// Instead of `issuer`, where one source has several: a replicated user pool, or one whose URL changed.
    #[serde(default)]
    issuers: Vec<IssuerUrl>,
    /// Where the keys are; by default what `<issuer>/.well-known/openid-configuration` names.
    #[cfg_attr(feature = "schema", schemars(with = "Option<KeysUrl>"))]
    jwks_uri: Option<Spanned<KeysUrl>>,
    /// The keys themselves, a JWK set in JSON, of an issuer that publishes none: the application's own back end.
    /// Two of them while one replaces the other.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    jwks: Option<Spanned<String>>,
    /// The accepted values of `aud` (of `client_id` in a Cognito access token). The wiring's ISSUER_AUDIENCES
    /// adds to them.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<BTreeSet<String>>", length(min = 1))
    )]
    audiences: Option<Spanned<BTreeSet<String>>>,
    /// The accepted values of `azp`, the client that a token was issued to. Without it any is accepted.
    authorized_parties: Option<BTreeSet<String>>,
    /// The accepted signature algorithms; by default the preset's, or RS256 and ES256.
    algorithms: Option<BTreeSet<Algorithm>>,
    /// Claims that every token must have, beside `sub`, `iss`, `aud`, `iat` and `exp`.
    #[serde(default)]
    required_claims: BTreeSet<String>,
    /// Seconds since `iat` after which a token is too old, whatever its `exp`.
    #[serde(default = "Bounded::<60, 604_800>::new::<86_400>")]
    max_token_age_seconds: Bounded<60, 604_800>,
    /// Seconds by which clocks may differ.
    #[serde(default = "Bounded::<0, 60>::new::<30>")]
    leeway_seconds: Bounded<0, 60>,
    /// For a Cognito user pool: which of its tokens is accepted.
    token_use: Option<TokenUse>,
    /// The alias of the role for callers of this source whom no rule names. Without it they get none.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    pub(super) default_role: Option<Spanned<Name>>,
}

impl SourceSection {
    pub(super) fn compile(self, name: &Name, findings: &mut Findings) -> Source {
        let preset = self.preset.map(Preset::expand);
        let preset = preset.as_ref();
        if let (Some(issuer), false) = (&self.issuer, self.issuers.is_empty()) {
            let message = format!("the source {name} has issuer and issuers: expected one of them");
            findings.at(issuer.span(), message);
        }
        let mut issuers = self.issuers;
        issuers.extend(self.issuer.map(Spanned::into_inner));
        if let (true, Some(issuer)) = (issuers.is_empty(), preset.and_then(|preset| preset.issuer))
        {
            issuers.extend(IssuerUrl::try_from(issuer.to_owned()));
        }
        if let Some(audiences) = self
            .audiences
            .as_ref()
            .filter(|all| all.get_ref().is_empty())
        {
            let message = format!("the source {name} accepts no audience: expected at least one");
            findings.at(audiences.span(), message);
        }
        let keys = keys(name, self.jwks, self.jwks_uri, findings);
        let mut required_claims = self.required_claims;
        let required = preset.map(|preset| preset.required_claims.iter().copied());
        required_claims.extend(required.into_iter().flatten().map(str::to_owned));
        let known = preset.map(|preset| preset.algorithms.iter().copied().collect());
        Source {
            issuers,
            tokens: jwt::Settings {
                keys,
                audiences: self.audiences.map(Spanned::into_inner).unwrap_or_default(),
                authorized_parties: self.authorized_parties,
                algorithms: self.algorithms.or(known).unwrap_or_else(algorithms),
                required_claims,
                max_token_age_seconds: self.max_token_age_seconds.get(),
                leeway_seconds: self.leeway_seconds.get(),
                token_use: self
                    .token_use
                    .or(preset.and_then(|preset| preset.token_use)),
            },
        }
    }
}

fn keys(
    name: &Name,
    jwks: Option<Spanned<String>>,
    jwks_uri: Option<Spanned<KeysUrl>>,
    findings: &mut Findings,
) -> Keys {
    match (jwks, jwks_uri) {
        (None, None) => Keys::Discovered,
        (None, Some(url)) => Keys::At(url.into_inner()),
        (Some(jwks), Some(_)) => {
            let message = format!("the source {name} has jwks and jwks_uri: expected one of them");
            findings.at(jwks.span(), message);
            Keys::Discovered
        }
        (Some(jwks), None) => match PinnedKeys::parse(jwks.get_ref()) {
            Ok(keys) => Keys::Pinned(keys),
            Err(expected) => {
                findings.at(jwks.span(), format!("the source {name}: jwks: {expected}"));
                Keys::Discovered
            }
        },
    }
}

fn algorithms() -> BTreeSet<Algorithm> {
    BTreeSet::from([Algorithm::RS256, Algorithm::ES256])
}
