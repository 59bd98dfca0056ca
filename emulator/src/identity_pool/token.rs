//! The OpenID tokens that Cognito Identity issues: RS512, `typ` `JWS`, `amr` and principal tags, as the
//! real ones, under a fixed key for development (making one takes 300 ms).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{rand::SystemRandom, rsa, signature};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::iam::WebIdentity;

/// `iss` of every token.
pub const ISSUER: &str = "https://cognito-identity.amazonaws.com";

const DEVELOPMENT_KEY: &[u8] = include_bytes!("development-only-key.pem");

/// The claims of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The IdentityId.
    pub sub: String,
    /// The identity pool's id.
    pub aud: String,
    /// `["authenticated", provider, "provider:pool:user"]`, or `["unauthenticated"]`.
    pub amr: Vec<String>,
    /// [`ISSUER`].
    pub iss: String,
    /// Seconds since 1970.
    pub exp: u64,
    /// Seconds since 1970.
    pub iat: u64,
    /// STS reads principal tags from here ("Pass session tags in AWS STS", IAM user guide).
    #[serde(
        rename = "https://aws.amazon.com/tags",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub tags: Option<TagsClaim>,
}

/// The claim `https://aws.amazon.com/tags`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TagsClaim {
    /// One value a tag, in a list.
    pub principal_tags: BTreeMap<String, Vec<String>>,
}

impl Claims {
    /// What these claims say of the token's holder.
    pub fn web_identity(&self) -> WebIdentity {
        let tags = self.tags.iter().flat_map(|claim| &claim.principal_tags);
        WebIdentity {
            subject: self.sub.clone(),
            audience: self.aud.clone(),
            amr: self.amr.clone(),
            tags: tags
                .filter_map(|(key, values)| Some((key.clone(), values.first()?.clone())))
                .collect(),
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url JSON with the claims of a Cognito token.
    #[error(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    )]
    Malformed,
    /// Another algorithm or key, or claims that were changed.
    #[error("Couldn't verify the signature of the token")]
    WrongSignature,
    /// Signed here, but for another issuer.
    #[error("No OpenIDConnect provider found in your account for the token's issuer")]
    WrongIssuer,
    /// Its time is over.
    #[error("Token expired")]
    Expired,
}

/// The key that this machine's tokens are signed with could not be read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the development key of the identity pool cannot sign")]
pub struct UnusableKey;

/// Signs and verifies tokens.
pub struct TokenKey {
    pair: rsa::KeyPair,
    kid: String,
}

impl TokenKey {
    /// The fixed development key. Real key ids are the region and a number.
    ///
    /// # Errors
    /// The key in the tree is no PKCS#8 RSA key.
    pub fn development(region: &str) -> Result<Self, UnusableKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(DEVELOPMENT_KEY).map_err(|_| UnusableKey)?;
        let pair = rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| UnusableKey)?;
        Ok(Self {
            pair,
            kid: format!("{region}1"),
        })
    }

    /// The compact token of these claims.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, UnusableKey> {
        let header = json!({"kid": self.kid, "typ": "JWS", "alg": "RS512"}).to_string();
        let claims = serde_json::to_string(claims).map_err(|_| UnusableKey)?;
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &signature::RSA_PKCS1_SHA512,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| UnusableKey)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that was signed with this key, is Cognito's, and has not expired at `now`
    /// (seconds since 1970). The audience is for the trust policy to judge.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn verify(&self, token: &str, now: u64) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Value = decode(header)?;
        if header.get("alg") != Some(&json!("RS512")) || header.get("kid") != Some(&json!(self.kid))
        {
            return Err(TokenError::WrongSignature);
        }
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenError::Malformed)?;
        signature::UnparsedPublicKey::new(
            &signature::RSA_PKCS1_2048_8192_SHA512,
            self.pair.public().as_ref(),
        )
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| TokenError::WrongSignature)?;
        let claims: Claims = decode(claims)?;
        if claims.iss != ISSUER {
            return Err(TokenError::WrongIssuer);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        let public = rsa::PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({"keys": [{
            "kty": "RSA",
            "alg": "RS512",
            "use": "sig",
            "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(public.n),
            "e": URL_SAFE_NO_PAD.encode(public.e),
        }]})
    }
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    fn key() -> TokenKey {
        TokenKey::development("us-east-1").unwrap()
    }

    fn good() -> Claims {
        Claims {
            sub: "us-east-1:x".to_owned(),
            aud: "us-east-1:pool".to_owned(),
            amr: vec!["authenticated".to_owned()],
            iss: ISSUER.to_owned(),
            exp: 1000,
            iat: 100,
            tags: None,
        }
    }

    #[test]
    fn a_token_verifies_until_the_second_it_expires() {
        let key = key();
        let token = key.sign(&good()).unwrap();
        assert_eq!(key.verify(&token, 999).unwrap().sub, "us-east-1:x");
        assert_eq!(key.verify(&token, 1000).unwrap_err(), TokenError::Expired);
    }

    #[test]
    fn claims_that_were_changed_do_not_verify() {
        let key = key();
        let token = key.sign(&good()).unwrap();
        let other = key
            .sign(&Claims {
                exp: 9999,
                ..good()
            })
            .unwrap();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (tampered, _) = other.rsplit_once('.').unwrap();
        assert!(key.verify(&format!("{head}.{signature}"), 0).is_ok());
        let error = key
            .verify(&format!("{tampered}.{signature}"), 0)
            .unwrap_err();
        assert_eq!(error, TokenError::WrongSignature);
    }

    #[test]
    fn a_token_verifies_with_the_published_key_alone() {
        let token = key().sign(&good()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let jwks = key().jwks();
        let member = |name: &str| {
            let text = jwks
                .pointer(&format!("/keys/0/{name}"))
                .unwrap()
                .as_str()
                .unwrap();
            URL_SAFE_NO_PAD.decode(text).unwrap()
        };
        let published = rsa::PublicKeyComponents {
            n: member("n"),
            e: member("e"),
        };
        let verified = published.verify(
            &signature::RSA_PKCS1_2048_8192_SHA512,
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        );
        assert!(verified.is_ok());
    }

    #[test]
    fn a_token_of_no_algorithm_does_not_verify() {
        let token = key().sign(&good()).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"us-east-11"}"#);
        let error = key().verify(&format!("{header}.{claims}."), 0).unwrap_err();
        assert_eq!(error, TokenError::WrongSignature);
    }

    #[test]
    fn a_token_of_another_issuer_is_refused() {
        let claims = Claims {
            iss: "https://example.com".to_owned(),
            ..good()
        };
        let token = key().sign(&claims).unwrap();
        assert_eq!(
            key().verify(&token, 0).unwrap_err(),
            TokenError::WrongIssuer
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_or_verifies(token in "\\PC{0,40}(\\.\\PC{0,40}){0,3}") {
            prop_assert!(key().verify(&token, 0).is_err());
        }
    }
}
