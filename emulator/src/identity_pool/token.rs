//! The OpenID tokens that Cognito Identity issues: RS512, `typ` `JWS`, `amr` and principal tags, as the
//! real ones, under a fixed key for development (making one takes 300 ms).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    iam::WebIdentity,
    jwt_signer::{JwtSigner, KeyError, VerifyError},
};

/// `iss` of every token.
pub const ISSUER: &str = "https://cognito-identity.amazonaws.com";

/// It is in a public repository: whoever trusts it trusts everybody.
const DEVELOPMENT_KEY: &str = include_str!("../keys/identity-pool.development-only.pem");

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

impl From<VerifyError> for TokenError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Malformed => Self::Malformed,
            VerifyError::WrongSignature => Self::WrongSignature,
        }
    }
}

/// Signs and verifies tokens.
pub struct TokenKey(JwtSigner);

impl TokenKey {
    /// The fixed development key. Real key ids are the region and a number.
    ///
    /// # Errors
    /// The key in the tree is no PKCS#8 RSA key.
    pub fn development(region: &str) -> Result<Self, KeyError> {
        let signer = JwtSigner::rs512(DEVELOPMENT_KEY)?;
        Ok(Self(signer.with_kid(format!("{region}1")).with_typ("JWS")))
    }

    /// The compact token of these claims.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.0.sign(claims)
    }

    /// The claims of a token that was signed with this key, is Cognito's, and has not expired at `now`
    /// (seconds since 1970). The audience is for the trust policy to judge.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn verify(&self, token: &str, now: u64) -> Result<Claims, TokenError> {
        let claims: Claims = self.0.verify(token)?;
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
        json!({ "keys": [self.0.jwk()] })
    }
}

#[cfg(test)]
mod tests {

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use ring::{rsa, signature};

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
    fn the_header_is_that_of_cognitos_tokens() {
        let token = key().sign(&good()).unwrap();
        let header = token.split('.').next().unwrap();
        assert_eq!(
            String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap(),
            r#"{"alg":"RS512","kid":"us-east-11","typ":"JWS"}"#
        );
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
