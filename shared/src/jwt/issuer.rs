//! An issuer that is trusted, and the verification of its tokens.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, crypto, get_current_timestamp,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};

use super::{
    check::check,
    claims::VerifiedClaims,
    fetch::Fetcher,
    keys::{Found, KeyCache, KeysUnavailable, PinnedKeys},
    rejected::Rejected,
    settings::{self, Keys, Settings},
    unverified::UnverifiedJwt,
    url::IssuerUrl,
};
use crate::deadline::Deadline;

/// RFC 7518, section 3.3.
const MIN_RSA_BITS: usize = 2048;

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

    /// Where it is, as `iss` names it.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Fetches the keys before the first token comes, unless they are pinned.
    pub async fn fetch_keys(&self, deadline: Deadline) {
        if let KnownKeys::Fetched(keys) = &self.keys {
            keys.fill(deadline).await;
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
        let algorithm = jwt.header().algorithm;
        let named = names_of(algorithm).map(|(named, _)| named);
        if !named.is_some_and(|named| self.settings.algorithms.contains(&named)) {
            return Err(Rejected::Algorithm.into());
        }
        let kid = jwt.header().kid.as_deref();
        let found = match &self.keys {
            KnownKeys::Pinned(keys) => keys.find(kid),
            KnownKeys::Fetched(keys) => keys.find(kid, deadline).await?,
        };
        let keys = match (found, kid) {
            (Found::Keys(keys), _) => keys,
            (Found::Unknown, Some(_)) => return Err(Rejected::UnknownKey.into()),
            (Found::Unknown, None) => return Err(Rejected::KeyNotNamed.into()),
            (Found::NotYetKnown, _) => return Err(VerifyError::KeyNotYetKnown),
        };
        check_signature(jwt, &keys, algorithm)?;
        // From here on the issuer vouches for them.
        let claims = jwt.unverified_claims();
        check(claims, &self.url, &self.settings, get_current_timestamp())?;
        Ok(VerifiedClaims::new(claims.clone())?)
    }
}

/// Whether one of `keys` made the signature: all of them have the `kid` that the token names.
fn check_signature(
    jwt: &UnverifiedJwt,
    keys: &[Jwk],
    algorithm: Algorithm,
) -> Result<(), Rejected> {
    let (message, signature) = jwt.signed_parts();
    let mut rejected = Rejected::UnknownKey;
    for jwk in keys {
        match verification_key(jwk, algorithm) {
            Ok(key) => match crypto::verify(signature, message, &key, algorithm) {
                Ok(true) => return Ok(()),
                Ok(false) | Err(_) => rejected = Rejected::Signature,
            },
            Err(unfit) => rejected = unfit,
        }
    }
    Err(rejected)
}

/// The key, if it is for verifying signatures by this algorithm (RFC 7517, sections 4.2 to 4.4).
fn verification_key(jwk: &Jwk, algorithm: Algorithm) -> Result<DecodingKey, Rejected> {
    let (_, named) = names_of(algorithm).ok_or(Rejected::Algorithm)?;
    let common = &jwk.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = common.key_operations.as_ref();
    let for_verifying = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    if !for_signatures || !for_verifying {
        return Err(Rejected::KeyUse);
    }
    if common.key_algorithm.is_some_and(|other| other != named) {
        return Err(Rejected::KeyAlgorithm);
    }
    let key = DecodingKey::from_jwk(jwk).map_err(|_| Rejected::KeyKind)?;
    if key.family() != algorithm.family() || !has_curve_of(jwk, algorithm) {
        return Err(Rejected::KeyKind);
    }
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } if bits(n) < MIN_RSA_BITS => {
            Err(Rejected::WeakKey)
        }
        _ => Ok(key),
    }
}

/// RFC 7518, section 3.4, and RFC 8037, section 3.1.
fn has_curve_of(jwk: &Jwk, algorithm: Algorithm) -> bool {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => match algorithm {
            Algorithm::ES256 => key.curve == EllipticCurve::P256,
            Algorithm::ES384 => key.curve == EllipticCurve::P384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        _ => true,
    }
}

/// Of an unsigned big-endian number.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let first = number.get(zeros).map_or(0, |octet| octet.leading_zeros());
    (number.len() - zeros) * 8 - first as usize
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
