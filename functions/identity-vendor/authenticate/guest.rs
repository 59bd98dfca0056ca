//! A guest's own Cognito token: what proves that a guest identity is the caller's.
//!
//! The id alone proves nothing, for it is no secret. Whoever knows the id of a guest can have such a token, so the
//! first who upgrades a guest's identity is the one whose it is.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use shared::{
    deadline::Deadline,
    jwt::{
        Algorithm, Fetcher, Issuer, IssuerUrl, Keys, KeysUrl, Settings, UnverifiedJwt, VerifyError,
    },
};

use crate::denial::{Denial, Denied};

/// `iss` of every token of Amazon Cognito identity pools, and the host of their keys.
const ISSUER: &str = "https://cognito-identity.amazonaws.com";
/// Where the keys are, below the service's endpoint.
const KEYS: &str = "/.well-known/jwks_uri";

/// Verifies guests' tokens of one identity pool.
pub(crate) struct Guests {
    issuer: Issuer,
}

/// The guest token is not one. Its own cause says why.
#[derive(Debug, thiserror::Error)]
#[error("the guest token is not accepted")]
struct GuestToken(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A token of somebody who is signed in.
#[derive(Debug, thiserror::Error)]
#[error("expected the amr unauthenticated: the identity is not a guest's")]
struct NotAGuest;

impl Guests {
    /// Of the pool `identity_pool_id`; keys come from `endpoint` where the service is not at its usual place.
    ///
    /// # Errors
    /// What was expected of the endpoint.
    pub(crate) fn new(
        identity_pool_id: &str,
        endpoint: Option<&str>,
        fetcher: Fetcher,
    ) -> Result<Self, &'static str> {
        let endpoint = endpoint.unwrap_or(ISSUER).trim_end_matches('/');
        let settings = Settings {
            keys: Keys::At(KeysUrl::try_from(format!("{endpoint}{KEYS}"))?),
            audiences: BTreeSet::from([identity_pool_id.to_owned()]),
            authorized_parties: None,
            algorithms: BTreeSet::from([Algorithm::RS512]),
            required_claims: BTreeSet::from(["amr".to_owned()]),
            max_token_age_seconds: 900,
            leeway_seconds: 30,
            token_use: None,
        };
        let url = IssuerUrl::try_from(ISSUER.to_owned())?;
        let issuer = Issuer::new(url, settings, fetcher);
        Ok(Self { issuer })
    }

    /// Fetches the keys before the first guest comes.
    pub(super) async fn fetch_keys(&self, deadline: Deadline) {
        self.issuer.fetch_keys(deadline).await;
    }

    /// The IdentityId of the guest who holds `token`.
    pub(super) async fn identity_of(
        &self,
        token: &SecretString,
        deadline: Deadline,
    ) -> Result<String, Denied> {
        let rejected = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Denied::because(Denial::GuestTokenRejected, GuestToken(cause))
        };
        let jwt = UnverifiedJwt::decode_of_identity_pool(token.expose_secret())
            .map_err(|error| rejected(error.into()))?;
        let claims = match self.issuer.verify(&jwt, deadline).await {
            Ok(claims) => claims,
            Err(error @ VerifyError::Rejected(_)) => return Err(rejected(error.into())),
            Err(error) => return Err(error.into()),
        };
        let identity_id = claims.subject().to_owned();
        let members = claims.into_members();
        if members.get("amr") != Some(&json!(["unauthenticated"])) {
            return Err(rejected(NotAGuest.into()));
        }
        Ok(identity_id)
    }
}
