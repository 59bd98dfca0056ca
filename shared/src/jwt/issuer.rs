//! An issuer that the policy trusts, and the verification of its tokens.

use aws_smithy_http_client::Connector;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, get_current_timestamp,
    jwk::{Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::{
    claims::{Rejected, VerifiedClaims},
    keys::{KeyCache, KeysUnavailable},
    unverified::UnverifiedJwt,
};
use crate::{
    deadline::Deadline,
    policy::{self, IssuerUrl, Name, TokenUse},
};

/// An issuer, its rules, and its keys as far as they are known.
pub struct Issuer {
    name: Name,
    url: IssuerUrl,
    rules: policy::Issuer,
    keys: KeyCache,
}

/// A token that does not verify, or cannot be verified now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The token is refused.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The issuer's keys cannot be had.
    #[error(transparent)]
    KeysUnavailable(#[from] KeysUnavailable),
}

impl Issuer {
    /// The issuer called `name` at `url`, with the policy's rules for it.
    pub fn new(name: Name, url: IssuerUrl, rules: policy::Issuer, connector: Connector) -> Self {
        let keys = KeyCache::new(url.clone(), rules.jwks_uri.clone(), connector);
        Self {
            name,
            url,
            rules,
            keys,
        }
    }

    /// Its name in the policy, under which identities are recorded.
    pub fn name(&self) -> &Name {
        &self.name
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
        if !named.is_some_and(|named| self.rules.algorithms.contains(&named)) {
            return Err(Rejected::Algorithm.into());
        }
        let kid = jwt.header().kid.as_deref();
        let jwk = self
            .keys
            .find(kid, deadline)
            .await?
            .ok_or(Rejected::UnknownKey)?;
        let key = verification_key(&jwk, algorithm)?;
        Ok(self.check(jwt, &key, algorithm)?)
    }

    fn check(
        &self,
        jwt: &UnverifiedJwt,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<VerifiedClaims, Rejected> {
        let audiences: Vec<&String> = self.rules.audiences.get_ref().iter().collect();
        let access_token = self.rules.token_use == Some(TokenUse::Access);
        let mut validation = Validation::new(algorithm);
        validation.leeway = u64::from(self.rules.leeway_seconds.get());
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
        let token = jsonwebtoken::decode::<Map<String, Value>>(jwt.expose(), key, &validation)?;
        let claims = token.claims;
        self.check_age(&claims)?;
        self.check_token_use(&claims)?;
        if access_token {
            let client = claims.get("client_id").and_then(Value::as_str);
            if !client.is_some_and(|client| self.rules.audiences.get_ref().contains(client)) {
                return Err(Rejected::Audience);
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
            .ok_or(Rejected::Claim("iat"))?;
        let now = get_current_timestamp() as f64;
        let leeway = f64::from(self.rules.leeway_seconds.get());
        if iat > now + leeway {
            return Err(Rejected::NotYetValid);
        }
        if now - iat > f64::from(self.rules.max_token_age_seconds.get()) + leeway {
            return Err(Rejected::Expired);
        }
        Ok(())
    }

    fn check_token_use(&self, claims: &Map<String, Value>) -> Result<(), Rejected> {
        let expected = match self.rules.token_use {
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

/// The key, if it is for verifying signatures by this algorithm (RFC 7517, sections 4.2 and 4.4).
fn verification_key(jwk: &Jwk, algorithm: Algorithm) -> Result<DecodingKey, Rejected> {
    let (_, named) = names_of(algorithm).ok_or(Rejected::Algorithm)?;
    let common = &jwk.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    if !for_signatures || common.key_algorithm.is_some_and(|other| other != named) {
        return Err(Rejected::Algorithm);
    }
    let key = DecodingKey::from_jwk(jwk).map_err(|_| Rejected::Algorithm)?;
    if key.family() == algorithm.family() {
        Ok(key)
    } else {
        Err(Rejected::Algorithm)
    }
}

/// What the policy and a JWK call the algorithm; `None` for those that are never accepted (`HS…`).
fn names_of(algorithm: Algorithm) -> Option<(policy::Algorithm, KeyAlgorithm)> {
    Some(match algorithm {
        Algorithm::RS256 => (policy::Algorithm::RS256, KeyAlgorithm::RS256),
        Algorithm::RS384 => (policy::Algorithm::RS384, KeyAlgorithm::RS384),
        Algorithm::RS512 => (policy::Algorithm::RS512, KeyAlgorithm::RS512),
        Algorithm::PS256 => (policy::Algorithm::PS256, KeyAlgorithm::PS256),
        Algorithm::PS384 => (policy::Algorithm::PS384, KeyAlgorithm::PS384),
        Algorithm::PS512 => (policy::Algorithm::PS512, KeyAlgorithm::PS512),
        Algorithm::ES256 => (policy::Algorithm::ES256, KeyAlgorithm::ES256),
        Algorithm::ES384 => (policy::Algorithm::ES384, KeyAlgorithm::ES384),
        Algorithm::EdDSA => (policy::Algorithm::EdDSA, KeyAlgorithm::EdDSA),
        _ => return None,
    })
}
