//! Signs and verifies JSON Web Tokens in compact form (RFC 7515, section 7.1) and publishes the key
//! (RFC 7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
        RsaEncoding, RsaKeyPair, VerificationAlgorithm,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Serialize, de::DeserializeOwned};
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

/// Why a token is not one that a key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not three parts of base64url, or a header or claims that cannot be read.
    #[error("not a JWT with the claims that are expected")]
    Malformed,
    /// Another algorithm, key id or key, or claims that were changed.
    #[error("not signed by this key")]
    WrongSignature,
}

/// A key pair with what its tokens' headers say.
pub struct JwtSigner {
    key: Key,
    kid: String,
    typ: &'static str,
}

impl JwtSigner {
    /// Reads a PKCS#8 RSA key; its tokens are signed RS256.
    pub fn rs256(pem: &str) -> Result<Self, KeyError> {
        Ok(Self::new(Key::Rs256(rsa(pem)?)))
    }

    /// Reads a PKCS#8 RSA key; its tokens are signed RS512.
    pub fn rs512(pem: &str) -> Result<Self, KeyError> {
        Ok(Self::new(Key::Rs512(rsa(pem)?)))
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
        Self {
            key,
            kid,
            typ: "JWT",
        }
    }

    /// With this key id instead of the RFC 7638 thumbprint.
    #[must_use]
    pub fn with_kid(self, kid: String) -> Self {
        Self { kid, ..self }
    }

    /// With this `typ` in each token's header instead of `JWT`.
    #[must_use]
    pub fn with_typ(self, typ: &'static str) -> Self {
        Self { typ, ..self }
    }

    /// The key id in each token's header and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm in each token's header: `RS256`, `RS512` or `ES256` (RFC 7518, section
    /// 3.1).
    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rs256(_) => "RS256",
            Key::Rs512(_) => "RS512",
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

    /// The compact token of `claims`.
    ///
    /// # Errors
    /// The key cannot sign, or the claims are not JSON.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        let header = json!({ "alg": self.algorithm(), "kid": self.kid, "typ": self.typ });
        let claims = serde_json::to_string(claims)?;
        let message = format!("{}.{}", encode(header.to_string()), encode(claims));
        let signature = self.key.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", encode(signature)))
    }

    /// The claims of a token that this key signed. Expiry is the caller's to check.
    ///
    /// # Errors
    /// The first reason why it is none.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, VerifyError> {
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(VerifyError::Malformed)?;
        let header: Value = decode_json(header)?;
        let says = |member: &str| header.get(member).and_then(Value::as_str);
        if says("alg") != Some(self.algorithm()) || says("kid") != Some(&self.kid) {
            return Err(VerifyError::WrongSignature);
        }
        let signature = decode(signature)?;
        self.key
            .verify(message.as_bytes(), &signature)
            .map_err(|_| VerifyError::WrongSignature)?;
        decode_json(claims)
    }
}

enum Key {
    Rs256(RsaKeyPair),
    Rs512(RsaKeyPair),
    Es256(EcdsaKeyPair),
}

impl Key {
    /// In the order in which RFC 7638 hashes them.
    fn required_members(&self) -> Value {
        match self {
            Self::Rs256(pair) | Self::Rs512(pair) => {
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
            Self::Rs256(pair) => rsa_signature(pair, &RSA_PKCS1_SHA256, message),
            Self::Rs512(pair) => rsa_signature(pair, &RSA_PKCS1_SHA512, message),
            Self::Es256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        let (algorithm, public): (&dyn VerificationAlgorithm, &[u8]) = match self {
            Self::Rs256(pair) => (&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref()),
            Self::Rs512(pair) => (&RSA_PKCS1_2048_8192_SHA512, pair.public().as_ref()),
            Self::Es256(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
        };
        algorithm.verify(public.into(), message.into(), signature.into())
    }
}

fn rsa(pem: &str) -> Result<RsaKeyPair, KeyError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())?;
    Ok(RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())?)
}

fn rsa_signature(
    pair: &RsaKeyPair,
    padding: &'static dyn RsaEncoding,
    message: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut signature)?;
    Ok(signature)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| VerifyError::Malformed)
}

fn decode_json<T: DeserializeOwned>(part: &str) -> Result<T, VerifyError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| VerifyError::Malformed)
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

impl From<Unspecified> for KeyError {
    fn from(_: Unspecified) -> Self {
        Self("the operation failed".into())
    }
}

impl From<serde_json::Error> for KeyError {
    fn from(_: serde_json::Error) -> Self {
        Self("the claims are not JSON".into())
    }
}

impl From<getrandom::Error> for KeyError {
    fn from(error: getrandom::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {

    use ring::signature::UnparsedPublicKey;

    use super::*;

    const PEM: &str = include_str!("keys/user-pool.development-only.pem");

    #[test]
    fn an_rs256_token_gives_its_claims_back_to_its_own_key_only() {
        let signer = JwtSigner::rs256(PEM).unwrap();
        let stranger =
            JwtSigner::rs256(include_str!("keys/oidc-issuer.development-only.pem")).unwrap();
        let token = signer.sign(&json!({ "sub": "jo" })).unwrap();
        assert_eq!(signer.verify(&token), Ok(json!({ "sub": "jo" })));
        let refused = Err(VerifyError::WrongSignature);
        assert_eq!(stranger.verify::<Value>(&token), refused);
        // Of the same name, but not the same key.
        let impostor = stranger.with_kid(signer.kid().to_owned());
        assert_eq!(impostor.verify::<Value>(&token), refused);
    }

    #[test]
    fn a_key_verifies_its_own_algorithm_only() {
        let kid = || "k".to_owned();
        let rs256 = JwtSigner::rs256(PEM).unwrap().with_kid(kid());
        let rs512 = JwtSigner::rs512(PEM).unwrap().with_kid(kid());
        let es256 = JwtSigner::es256().unwrap().with_kid(kid());
        let signers = [rs256, rs512, es256];
        for (i, by) in signers.iter().enumerate() {
            let token = by.sign(&json!({})).unwrap();
            for (j, verifier) in signers.iter().enumerate() {
                let verified = verifier.verify::<Value>(&token);
                let pair = (by.algorithm(), verifier.algorithm());
                assert_eq!(verified.is_ok(), i == j, "{pair:?}");
            }
        }
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
