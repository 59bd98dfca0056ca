//! A JWT that nobody vouches for yet.

use std::fmt;

use jsonwebtoken::{Header, dangerous::insecure_decode_claims};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Longest token that is looked at, octets.
const MAX_TOKEN: usize = 16 * 1024;

/// A compact JWS (RFC 7515) whose signature was not checked. Its text is a secret: whoever has it can use
/// it.
pub struct UnverifiedJwt {
    text: SecretString,
    header: Header,
    unverified_issuer: String,
}

/// Not a JWT that could be verified at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a signed JWT in compact form with an iss claim")]
pub struct MalformedJwt;

impl UnverifiedJwt {
    /// Reads header and issuer.
    ///
    /// # Errors
    /// When it is no compact JWS with a JSON header and an `iss`, longer than 16 KiB, or asks for
    /// extensions by `crit` (RFC 7515, section 4.1.11: whoever does not know them must refuse).
    pub fn decode(text: &str) -> Result<Self, MalformedJwt> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
        }

        if text.len() > MAX_TOKEN || text.split('.').count() != 3 {
            return Err(MalformedJwt);
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| MalformedJwt)?;
        if header.crit.is_some() {
            return Err(MalformedJwt);
        }
        let claims: Claims = insecure_decode_claims(text).map_err(|_| MalformedJwt)?;
        Ok(Self {
            text: SecretString::from(text),
            header,
            unverified_issuer: claims.iss,
        })
    }

    /// The `iss` that it claims: good for choosing among known issuers, for nothing else.
    pub fn unverified_issuer(&self) -> &str {
        &self.unverified_issuer
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

impl fmt::Debug for UnverifiedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedJwt(***)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn decoded(header: &str, claims: &str) -> Result<UnverifiedJwt, MalformedJwt> {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        UnverifiedJwt::decode(&format!("{}.{}.c2ln", part(header), part(claims)))
    }

    #[test]
    fn only_a_short_signed_token_that_asks_for_no_extension_is_looked_at() {
        const HEADER: &str = r#"{"alg":"RS256"}"#;
        const CLAIMS: &str = r#"{"iss":"https://a.example"}"#;
        let jwt = decoded(HEADER, CLAIMS).unwrap();
        assert_eq!(jwt.unverified_issuer(), "https://a.example");
        assert_eq!(format!("{jwt:?}"), "UnverifiedJwt(***)");
        let long = format!(
            r#"{{"iss":"https://a.example","x":"{}"}}"#,
            "x".repeat(MAX_TOKEN)
        );
        for (header, claims) in [
            (r#"{"alg":"RS256","crit":["exp"],"exp":1}"#, CLAIMS),
            (r#"{"alg":"none"}"#, CLAIMS),
            (HEADER, r#"{"iss":7}"#),
            (HEADER, "{}"),
            (HEADER, &long),
        ] {
            let refused = decoded(header, claims).err();
            assert_eq!(refused, Some(MalformedJwt), "{header}");
        }
    }
}
