//! What well-known issuers are known for. Data: a preset is expanded when the policy loads, never by a token,
//! and what a source says itself counts instead.

use serde::Deserialize;

use crate::jwt::{Algorithm, TokenUse};

/// A well-known kind of issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Preset {
    /// Sign in with Apple.
    Apple,
    /// Auth0; the issuer is `https://<tenant>.<region>.auth0.com/`.
    Auth0,
    /// AWS principals, by STS GetWebIdentityToken; the issuer is the account's own.
    Aws,
    /// An Amazon Cognito user pool; its ID tokens, unless `token_use` says otherwise.
    Cognito,
    /// Microsoft Entra ID; the issuer is `https://login.microsoftonline.com/<tenant id>/v2.0`.
    Entra,
    /// GitHub Actions.
    GithubActions,
    /// GitLab CI/CD; the issuer is gitlab.com unless it is named.
    Gitlab,
    /// Google Sign-In and service accounts.
    Google,
    /// Keycloak; the issuer is `https://<host>/realms/<realm>`.
    Keycloak,
    /// Okta; the issuer is `https://<organisation>.okta.com/oauth2/<server>`.
    Okta,
}

/// What a preset stands for.
pub(super) struct Expansion {
    pub(super) issuer: Option<&'static str>,
    pub(super) algorithms: &'static [Algorithm],
    pub(super) required_claims: &'static [&'static str],
    pub(super) token_use: Option<TokenUse>,
}

impl Preset {
    /// By the issuers' own documentation and discovery documents.
    pub(super) fn expand(self) -> Expansion {
        use Algorithm::{ES256, ES384, RS256};
        let oidc = Expansion {
            issuer: None,
            algorithms: &[RS256],
            required_claims: &[],
            token_use: None,
        };
        match self {
            Self::Apple => Expansion {
                issuer: Some("https://appleid.apple.com"),
                ..oidc
            },
            Self::Auth0 | Self::Okta => oidc,
            // IAM user guide, "Outbound identity federation": ES384 or RS256, as the caller asks.
            Self::Aws => Expansion {
                algorithms: &[ES384, RS256],
                required_claims: &["https://sts.amazonaws.com/"],
                ..oidc
            },
            Self::Cognito => Expansion {
                token_use: Some(TokenUse::Id),
                ..oidc
            },
            Self::Entra => Expansion {
                required_claims: &["oid", "tid"],
                ..oidc
            },
            Self::GithubActions => Expansion {
                issuer: Some("https://token.actions.githubusercontent.com"),
                required_claims: &["ref", "repository", "repository_id", "repository_owner_id"],
                ..oidc
            },
            Self::Gitlab => Expansion {
                issuer: Some("https://gitlab.com"),
                required_claims: &["namespace_id", "project_id", "project_path"],
                ..oidc
            },
            Self::Google => Expansion {
                issuer: Some("https://accounts.google.com"),
                ..oidc
            },
            Self::Keycloak => Expansion {
                algorithms: &[RS256, ES256],
                required_claims: &["azp"],
                ..oidc
            },
        }
    }
}
