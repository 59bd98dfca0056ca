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
pub enum MalformedJwt {
    /// Not a signed JWT.
    #[error("expected a signed JWT in compact form with an iss claim")]
    Form,
    /// Longer than 16 KiB.
    #[error("expected a JWT of at most 16 KiB")]
    TooLong,
    /// Its header asks for what is not supported.
    #[error("expected a JWT without crit and b64 in its header")]
    Extension,
    /// Another kind of token, made for another purpose.
    #[error("expected the typ JWT or at+jwt")]
    Type,
}

impl UnverifiedJwt {
    /// Reads header and issuer.
    ///
    /// # Errors
    /// When it is not a compact JWS with a JSON header and an `iss`, is longer than 16 KiB, is by its `typ` made
    /// for another purpose, or asks for extensions by `crit` (RFC 7515, section 4.1.11: whoever does not know
    /// them must refuse) or by `b64` (RFC 7797, which forbids it without `crit`).
    pub fn decode(text: &str) -> Result<Self, MalformedJwt> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
        }

        if text.len() > MAX_TOKEN {
            return Err(MalformedJwt::TooLong);
        }
        if text.split('.').count() != 3 {
            return Err(MalformedJwt::Form);
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| MalformedJwt::Form)?;
        if header.crit.is_some() || header.extras.inner().contains_key("b64") {
            return Err(MalformedJwt::Extension);
        }
        if header.typ.as_deref().is_some_and(|typ| !names_a_jwt(typ)) {
            return Err(MalformedJwt::Type);
        }
        let claims: Claims = insecure_decode_claims(text).map_err(|_| MalformedJwt::Form)?;
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

/// Whether `typ` is of an identity or access token (RFC 7519, section 5.1; RFC 9068, section 2.1). A logout
/// token, a DPoP proof or a security event of the same issuer is signed by the same key (RFC 8725, section
/// 3.11).
fn names_a_jwt(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    // RFC 7515, section 4.1.9: `application/` may be left out.
    matches!(
        typ.strip_prefix("application/").unwrap_or(&typ),
        "jwt" | "at+jwt"
    )
}

impl fmt::Debug for UnverifiedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedJwt(***)")
    }
}

#[cfg(test)]
mod tests {
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
        for (header, claims, why) in [
            (
                r#"{"alg":"RS256","crit":["exp"],"exp":1}"#,
                CLAIMS,
                MalformedJwt::Extension,
            ),
            (
                r#"{"alg":"RS256","b64":true}"#,
                CLAIMS,
                MalformedJwt::Extension,
            ),
            (r#"{"alg":"none"}"#, CLAIMS, MalformedJwt::Form),
            (HEADER, r#"{"iss":7}"#, MalformedJwt::Form),
            (HEADER, "{}", MalformedJwt::Form),
            (HEADER, &long, MalformedJwt::TooLong),
        ] {
            let refused = decoded(header, claims).err();
            assert_eq!(refused, Some(why), "{header}");
        }
    }

    #[test]
    fn a_token_made_for_another_purpose_is_refused_by_its_typ() {
        let of_type = |typ: &str| {
            let header = format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#);
            decoded(&header, r#"{"iss":"https://a.example"}"#).err()
        };
        for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
            assert_eq!(of_type(typ), None, "{typ}");
        }
        for typ in [
            "logout+jwt",
            "dpop+jwt",
            "secevent+jwt",
            "JWS",
            "JOSE",
            "text/jwt",
            "",
        ] {
            assert_eq!(of_type(typ), Some(MalformedJwt::Type), "{typ}");
        }
    }
}
