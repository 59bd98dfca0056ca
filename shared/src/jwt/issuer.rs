//! An issuer that is trusted, and the verification of its tokens.

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, get_current_timestamp,
    jwk::{Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::{
    claims::{Rejected, VerifiedClaims},
    fetch::Fetcher,
    keys::{Found, KeyCache, KeysUnavailable, PinnedKeys},
    settings::{self, Keys, Settings, TokenUse},
    unverified::UnverifiedJwt,
    url::IssuerUrl,
};
use crate::deadline::Deadline;

/// An issuer, what is expected of its tokens, and its keys as far as they are known.
pub struct Issuer {
    url: IssuerUrl,
    settings: Settings,
    keys: KnownKeys,
}

enum KnownKeys {
    Pinned(PinnedKeys),
    Fetched(Box<KeyCache>),
}

/// A token that does not verify, or cannot be verified now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The token is refused.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The token names a key that the issuer did not have a moment ago, and may have now.
    #[error("the issuer had no key with this kid a moment ago, and is not asked again yet")]
    KeyNotYetKnown,
    /// The issuer's keys cannot be had.
    #[error(transparent)]
    KeysUnavailable(#[from] KeysUnavailable),
}

impl Issuer {
    /// The issuer at `url`, whose keys are fetched by `fetcher` unless `settings` has them.
    pub fn new(url: IssuerUrl, settings: Settings, fetcher: Fetcher) -> Self {
        let fetched = |at| {
            let keys = KeyCache::new(url.clone(), at, fetcher);
            KnownKeys::Fetched(Box::new(keys))
        };
        let keys = match &settings.keys {
            Keys::Discovered => fetched(None),
            Keys::At(there) => fetched(Some(there.clone())),
            Keys::Pinned(keys) => KnownKeys::Pinned(keys.clone()),
        };
        Self {
            url,
            settings,
            keys,
        }
    }

    /// Whether `jwt` claims to be of this issuer.
    pub fn claims_to_issue(&self, jwt: &UnverifiedJwt) -> bool {
        // Compared as texts, as OpenID Connect Core 1.0, section 2, wants it; a slash at the end, which
        // some issuers write in one place and not in the other, is looked over.
        jwt.unverified_issuer().trim_end_matches('/') == self.url.as_str()
    }

    /// Verifies signature, issuer, audience, times and token use.
    ///
    /// # Errors
    /// [`Rejected`] says which; [`KeysUnavailable`] that it cannot be told now.
    pub async fn verify(
        &self,
        jwt: &UnverifiedJwt,
        deadline: Deadline,
    ) -> Result<VerifiedClaims, VerifyError> {
        let algorithm = jwt.header().alg;
        let named = names_of(algorithm).map(|(named, _)| named);
        if !named.is_some_and(|named| self.settings.algorithms.contains(&named)) {
            return Err(Rejected::Algorithm.into());
        }
        let kid = jwt.header().kid.as_deref();
        let found = match &self.keys {
            KnownKeys::Pinned(keys) => keys.find(kid),
            KnownKeys::Fetched(keys) => keys.find(kid, deadline).await?,
        };
        let keys = match found {
            Found::Keys(keys) => keys,
            Found::Unknown => return Err(Rejected::UnknownKey.into()),
            Found::NotYetKnown => return Err(VerifyError::KeyNotYetKnown),
        };
        Ok(self.check_by_any(jwt, &keys, algorithm)?)
    }

    /// Verifies by whichever of `keys` made the signature: all of them have the `kid` that the token names.
    fn check_by_any(
        &self,
        jwt: &UnverifiedJwt,
        keys: &[Jwk],
        algorithm: Algorithm,
    ) -> Result<VerifiedClaims, Rejected> {
        let mut rejected = Rejected::UnknownKey;
        for jwk in keys {
            let checked =
                verification_key(jwk, algorithm).and_then(|key| self.check(jwt, &key, algorithm));
            match checked {
                Err(error @ (Rejected::Signature | Rejected::Algorithm)) => rejected = error,
                decided => return decided,
            }
        }
        Err(rejected)
    }

    fn check(
        &self,
        jwt: &UnverifiedJwt,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<VerifiedClaims, Rejected> {
        let audiences: Vec<&String> = self.settings.audiences.iter().collect();
        let access_token = self.settings.token_use == Some(TokenUse::Access);
        let mut validation = Validation::new(algorithm);
        validation.leeway = u64::from(self.settings.leeway_seconds);
        validation.validate_nbf = true;
        validation.set_issuer(&[self.url.as_str(), &format!("{}/", self.url.as_str())]);
        if access_token {
            // A Cognito access token has no aud: its client is in client_id, checked below.
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        } else {
            validation.set_audience(&audiences);
            validation.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
        }
        let token = jsonwebtoken::decode::<Map<String, Value>>(jwt.expose(), key, &validation)
            .map_err(|error| match Rejected::from(error) {
                Rejected::Audience { .. } => self.another_audience(),
                other => other,
            })?;
        let claims = token.claims;
        self.check_age(&claims)?;
        self.check_token_use(&claims)?;
        self.check_authorized_party(&claims)?;
        let absent = |claim: &&String| claims.get(claim.as_str()).is_none_or(Value::is_null);
        if let Some(claim) = self.settings.required_claims.iter().find(absent) {
            return Err(Rejected::Claim(claim.clone().into()));
        }
        if access_token {
            let client = claims.get("client_id").and_then(Value::as_str);
            if !client.is_some_and(|client| self.settings.audiences.contains(client)) {
                return Err(self.another_audience());
            }
        }
        VerifiedClaims::new(claims)
    }

    fn check_age(&self, claims: &Map<String, Value>) -> Result<(), Rejected> {
        // NumericDate may have a fraction (RFC 7519, section 2).
        let number = |claim: &Value| claim.as_u64().map(|n| n as f64).or_else(|| claim.as_f64());
        let iat = claims
            .get("iat")
            .and_then(number)
            .ok_or(Rejected::Claim("iat".into()))?;
        let now = get_current_timestamp() as f64;
        let leeway = f64::from(self.settings.leeway_seconds);
        if iat > now + leeway {
            return Err(Rejected::NotYetValid);
        }
        if now - iat > f64::from(self.settings.max_token_age_seconds) + leeway {
            return Err(Rejected::Expired);
        }
        Ok(())
    }

    fn another_audience(&self) -> Rejected {
        let expected: Vec<&str> = self.settings.audiences.iter().map(String::as_str).collect();
        let expected = expected.join(", ");
        Rejected::Audience { expected }
    }

    /// `azp`: the client that the token was issued to (OpenID Connect Core 1.0, section 2).
    fn check_authorized_party(&self, claims: &Map<String, Value>) -> Result<(), Rejected> {
        let Some(accepted) = &self.settings.authorized_parties else {
            return Ok(());
        };
        match claims.get("azp").map(Value::as_str) {
            None | Some(None) => Err(Rejected::Claim("azp".into())),
            Some(Some(party)) if accepted.contains(party) => Ok(()),
            Some(Some(_)) => Err(Rejected::AuthorizedParty),
        }
    }

    fn check_token_use(&self, claims: &Map<String, Value>) -> Result<(), Rejected> {
        let expected = match self.settings.token_use {
            None => return Ok(()),
            Some(TokenUse::Id) => "id",
            Some(TokenUse::Access) => "access",
        };
        if claims.get("token_use").and_then(Value::as_str) == Some(expected) {
            Ok(())
        } else {
            Err(Rejected::TokenUse)
        }
    }
}

/// The key, if it is for verifying signatures by this algorithm (RFC 7517, sections 4.2 to 4.4).
fn verification_key(jwk: &Jwk, algorithm: Algorithm) -> Result<DecodingKey, Rejected> {
    let (_, named) = names_of(algorithm).ok_or(Rejected::Algorithm)?;
    let common = &jwk.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = common.key_operations.as_ref();
    let for_verifying = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    if !for_signatures || !for_verifying || common.key_algorithm.is_some_and(|other| other != named)
    {
        return Err(Rejected::Algorithm);
    }
    let key = DecodingKey::from_jwk(jwk).map_err(|_| Rejected::Algorithm)?;
    if key.family() == algorithm.family() {
        Ok(key)
    } else {
        Err(Rejected::Algorithm)
    }
}

/// What settings and a JWK call the algorithm; `None` for those that are never accepted (`HS…`).
fn names_of(algorithm: Algorithm) -> Option<(settings::Algorithm, KeyAlgorithm)> {
    Some(match algorithm {
        Algorithm::RS256 => (settings::Algorithm::RS256, KeyAlgorithm::RS256),
        Algorithm::RS384 => (settings::Algorithm::RS384, KeyAlgorithm::RS384),
        Algorithm::RS512 => (settings::Algorithm::RS512, KeyAlgorithm::RS512),
        Algorithm::PS256 => (settings::Algorithm::PS256, KeyAlgorithm::PS256),
        Algorithm::PS384 => (settings::Algorithm::PS384, KeyAlgorithm::PS384),
        Algorithm::PS512 => (settings::Algorithm::PS512, KeyAlgorithm::PS512),
        Algorithm::ES256 => (settings::Algorithm::ES256, KeyAlgorithm::ES256),
        Algorithm::ES384 => (settings::Algorithm::ES384, KeyAlgorithm::ES384),
        Algorithm::EdDSA => (settings::Algorithm::EdDSA, KeyAlgorithm::EdDSA),
        _ => return None,
    })
}
