//! A source that is believed: an issuer of JWTs, or a back end that IAM authenticates.

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;
use toml::Spanned;

use super::{
    super::{Findings, Name, bounded::Bounded},
    preset::Preset,
};
use crate::jwt::{self, Algorithm, IssuerUrl, Keys, KeysUrl, PinnedKeys, TokenUse};

/// An issuer whose JWTs are believed, as far as the policy knows it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The accepted values of `iss`; none where the wiring says it.
    pub issuers: Vec<IssuerUrl>,
    /// What is expected of the tokens. The wiring may add audiences.
    pub tokens: jwt::Settings,
    /// The file beside the policy that has the keys, a JWK set.
    pub jwks_file: Option<String>,
    /// Whether a token is good for one token exchange only.
    pub single_use: bool,
    /// Whether no session may outlive the token.
    pub bound_to_proof: bool,
}

impl Source {
    /// The keys in the file that the source names, which is in `folder`; none where it names no file.
    ///
    /// # Errors
    /// What was expected of the file.
    pub fn keys_in(&self, folder: &Path) -> Result<Option<PinnedKeys>, &'static str> {
        let Some(file) = &self.jwks_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(folder.join(file));
        let text = text.map_err(|_| "jwks_file: the file cannot be read")?;
        PinnedKeys::parse(&text).map(Some)
    }
}

/// A back end of this account that vouches for its users by `POST /vouch`, authenticated by IAM.
#[derive(Debug, Clone)]
pub struct BackEnd {
    /// The names of the IAM roles that may vouch.
    pub roles: BTreeSet<String>,
    /// What they may say of a user, beside the subject.
    pub claims: BTreeSet<String>,
}

/// A source, whichever it is.
pub(super) enum Compiled {
    Issuer(Box<Source>),
    BackEnd(BackEnd),
}

/// Somebody whose word is believed: an issuer of JWTs, or with `vouched_by` a back end that IAM authenticates.
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
    /// Instead of `jwks`, a file beside the policy that has them.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    jwks_file: Option<Spanned<String>>,
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
    /// Each token is good for one token exchange, by its `jti`. SDKs repeat `GET /credentials`, so a token is not
    /// used up there, but refused once it is.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    single_use: Option<Spanned<bool>>,
    /// No session outlives its token; whose token ends within 900 s gets none. Not for roles of flow `token`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    bound_to_proof: Option<Spanned<bool>>,
    /// Instead of an issuer: the names of the IAM roles of this account whose back ends vouch for users by
    /// `POST /vouch`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<BTreeSet<String>>", length(min = 1))
    )]
    vouched_by: Option<Spanned<BTreeSet<String>>>,
    /// With `vouched_by`: the claims that they may say of a user, beside the subject.
    #[cfg_attr(feature = "schema", schemars(with = "Option<BTreeSet<String>>"))]
    vouched_claims: Option<Spanned<BTreeSet<String>>>,
    /// The alias of the role for callers of this source whom no rule names. Without it they get none.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    pub(super) default_role: Option<Spanned<Name>>,
}

impl SourceSection {
    pub(super) fn compile(mut self, name: &Name, findings: &mut Findings) -> Compiled {
        let by = self.vouched_by.take();
        let claims = self.vouched_claims.take();
        match by {
            Some(by) => {
                let claims = claims.map(Spanned::into_inner).unwrap_or_default();
                Compiled::BackEnd(self.back_end(name, by, claims, findings))
            }
            None => {
                if let Some(claims) = claims {
                    let message = format!("the source {name}: vouched_claims needs vouched_by");
                    findings.at(claims.span(), message);
                }
                Compiled::Issuer(Box::new(self.issuer(name, findings)))
            }
        }
    }

    /// Whether no session of this source may outlive its proof, and where it says so.
    pub(super) fn binds_to_proof(&self) -> Option<std::ops::Range<usize>> {
        let bound = self.bound_to_proof.as_ref();
        bound.filter(|bound| *bound.get_ref()).map(Spanned::span)
    }

    fn back_end(
        &self,
        name: &Name,
        by: Spanned<BTreeSet<String>>,
        claims: BTreeSet<String>,
        findings: &mut Findings,
    ) -> BackEnd {
        let of_jwts = [
            self.preset.is_some(),
            self.issuer.is_some(),
            !self.issuers.is_empty(),
            self.jwks_uri.is_some(),
            self.jwks.is_some(),
            self.jwks_file.is_some(),
            self.audiences.is_some(),
            self.authorized_parties.is_some(),
            self.algorithms.is_some(),
            !self.required_claims.is_empty(),
            self.token_use.is_some(),
            self.single_use.is_some(),
            self.bound_to_proof.is_some(),
        ];
        if of_jwts.contains(&true) {
            let message =
                "vouched_by goes with vouched_claims and default_role only: there is no token";
            findings.at(by.span(), format!("the source {name}: {message}"));
        }
        // IAM user guide, "IAM and AWS STS quotas": the name without its path.
        let is_role_name = |text: &String| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
            (1..=64).contains(&text.len()) && text.chars().all(fits)
        };
        if by.get_ref().is_empty() || !by.get_ref().iter().all(is_role_name) {
            let message =
                "vouched_by: expected names of IAM roles, at least one, without path and ARN";
            findings.at(by.span(), format!("the source {name}: {message}"));
        }
        BackEnd {
            roles: by.into_inner(),
            claims,
        }
    }

    fn issuer(self, name: &Name, findings: &mut Findings) -> Source {
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
        let jwks_file = jwks_file(name, self.jwks_file, &self.jwks, &self.jwks_uri, findings);
        let keys = keys(name, self.jwks, self.jwks_uri, findings);
        let mut required_claims = self.required_claims;
        let required = preset.map(|preset| preset.required_claims.iter().copied());
        required_claims.extend(required.into_iter().flatten().map(str::to_owned));
        let known = preset.map(|preset| preset.algorithms.iter().copied().collect());
        let says = |flag: Option<Spanned<bool>>| flag.is_some_and(Spanned::into_inner);
        Source {
            issuers,
            jwks_file,
            single_use: says(self.single_use),
            bound_to_proof: says(self.bound_to_proof),
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

/// The file's name, if it is the only word about keys.
fn jwks_file(
    name: &Name,
    file: Option<Spanned<String>>,
    jwks: &Option<Spanned<String>>,
    jwks_uri: &Option<Spanned<KeysUrl>>,
    findings: &mut Findings,
) -> Option<String> {
    let file = file?;
    if jwks.is_some() || jwks_uri.is_some() {
        let message = "expected one of jwks, jwks_file and jwks_uri";
        findings.at(file.span(), format!("the source {name}: {message}"));
    }
    let text = file.get_ref();
    if text.is_empty() || text.starts_with(['/', '.']) || text.contains("/.") {
        let message = "jwks_file: expected the name of a file beside the policy";
        findings.at(file.span(), format!("the source {name}: {message}"));
    }
    Some(file.into_inner())
}

fn algorithms() -> BTreeSet<Algorithm> {
    BTreeSet::from([Algorithm::RS256, Algorithm::ES256])
}
