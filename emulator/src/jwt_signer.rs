//! Signs JSON Web Tokens in compact form (RFC 7515, section 7.1) and publishes the key (RFC 7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A private key could not be read, made or used.
#[derive(Debug, thiserror::Error)]
#[error("signing key: {0}")]
pub struct KeyError(String);

impl KeyError {
    /// No such key is published.
    pub(crate) fn missing() -> Self {
        Self("there is none".into())
    }
}

/// A key pair with its key id, the RFC 7638 thumbprint.
pub struct JwtSigner {
    key: Key,
    kid: String,
}

impl JwtSigner {
    /// Reads a PKCS#8 RSA key; its tokens are signed RS256.
    pub fn rs256(pem: &str) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(KeyError::from)?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(KeyError::from)?;
        Ok(Self::new(Key::Rs256(pair)))
    }

    /// Makes a new P-256 key; its tokens are signed ES256.
    pub fn es256() -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(KeyError::from)?;
        let pair =
            EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).map_err(KeyError::from)?;
        Ok(Self::new(Key::Es256(pair)))
    }

    fn new(key: Key) -> Self {
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(key.required_members().to_string()));
        Self { key, kid }
    }

    /// The key id in each token's header and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm in each token's header: `RS256` or `ES256` (RFC 7518, section 3.1).
    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rs256(_) => "RS256",
            Key::Es256(_) => "ES256",
        }
    }

    /// The public key as a member of a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.key.required_members();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("alg".into(), self.algorithm().into());
            members.insert("kid".into(), self.kid.clone().into());
            members.insert("use".into(), "sig".into());
        }
        jwk
    }

    /// Signs `claims`.
    pub fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let header = json!({ "alg": self.algorithm(), "kid": self.kid, "typ": "JWT" });
        let message = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = self.key.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", encode(signature)))
    }

    /// The claims of a token that this RSA key signed; `None` for anything else. Expiry is the
    /// caller's to check.
    pub fn claims(&self, token: &str) -> Option<Value> {
        let Key::Rs256(pair) = &self.key else {
            return None;
        };
        let (message, signature) = token.rsplit_once('.')?;
        let (_, payload) = message.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        PublicKeyComponents::<Vec<u8>>::from(pair.public())
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

enum Key {
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
}

impl Key {
    /// In the order in which RFC 7638 hashes them.
    fn required_members(&self) -> Value {
        match self {
            Self::Rs256(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "e": encode(public.e), "kty": "RSA", "n": encode(public.n) })
            }
            Self::Es256(pair) => {
                // SEC 1, section 2.3.3: 0x04, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match self {
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::Es256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl From<rustls_pki_types::pem::Error> for KeyError {
    fn from(_: rustls_pki_types::pem::Error) -> Self {
        Self("not a PKCS#8 PEM file".into())
    }
}

impl From<ring::error::KeyRejected> for KeyError {
    fn from(rejected: ring::error::KeyRejected) -> Self {
        Self(rejected.to_string())
    }
}

impl From<ring::error::Unspecified> for KeyError {
    fn from(_: ring::error::Unspecified) -> Self {
        Self("the operation failed".into())
    }
}

impl From<getrandom::Error> for KeyError {
    fn from(error: getrandom::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {

    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    const PEM: &str = include_str!("keys/user-pool.development-only.pem");

    #[test]
    fn an_rs256_token_gives_its_claims_back_to_its_own_key_only() {
        let signer = JwtSigner::rs256(PEM).unwrap();
        let stranger =
            JwtSigner::rs256(include_str!("keys/oidc-issuer.development-only.pem")).unwrap();
        let token = signer.sign(&json!({ "sub": "jo" })).unwrap();
        assert_eq!(signer.claims(&token), Some(json!({ "sub": "jo" })));
        assert_eq!(stranger.claims(&token), None);
    }

    #[test]
    fn an_es256_token_verifies_with_the_published_coordinates() {
        let signer = JwtSigner::es256().unwrap();
        let token = signer.sign(&json!({})).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let jwk = signer.jwk();
        let mut point = vec![4];
        for coordinate in ["x", "y"] {
            let encoded = jwk.get(coordinate).and_then(Value::as_str).unwrap();
            point.extend(URL_SAFE_NO_PAD.decode(encoded).unwrap());
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(
                message.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
    }
}
