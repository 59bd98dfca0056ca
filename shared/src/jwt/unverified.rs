//! A JWT that nobody vouches for yet.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::rejected::{MalformedJwt, Part};
use crate::json::Object;

/// Longest token that is looked at, octets.
const MAX_TOKEN: usize = 16 * 1024;

/// A compact JWS (RFC 7515) whose signature was not checked. Its text is a secret: whoever has it can use
/// it.
pub struct UnverifiedJwt {
    text: SecretString,
    header: Header,
    unverified_issuer: String,
    unverified_claims: Map<String, Value>,
}

/// What of the header is needed to find a key.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl UnverifiedJwt {
    /// Reads header and issuer.
    ///
    /// # Errors
    /// When it is not a compact JWS with a JSON header, claims and an `iss`, is longer than 16 KiB, has no signature or
    /// a symmetric one, is by its `typ` made for another purpose, or asks for extensions by `crit` or `b64`.
    pub fn decode(text: &str) -> Result<Self, MalformedJwt> {
        Self::decode_of_type(text, names_a_jwt)
    }

    /// [`UnverifiedJwt::decode`] for a token of an Amazon Cognito identity pool, whose `typ` is `JWS`.
    ///
    /// # Errors
    /// As there.
    pub fn decode_of_identity_pool(text: &str) -> Result<Self, MalformedJwt> {
        Self::decode_of_type(text, |typ| typ == "JWS")
    }

    fn decode_of_type(text: &str, accepts: fn(&str) -> bool) -> Result<Self, MalformedJwt> {
        if text.len() > MAX_TOKEN {
            return Err(MalformedJwt::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(match text.split('.').count() {
                5 => MalformedJwt::Encrypted,
                _ => MalformedJwt::Parts,
            });
        };
        let header = Header::read(&object(Part::Header, header)?, accepts)?;
        if octets(Part::Signature, signature)?.is_empty() {
            return Err(MalformedJwt::Unsigned);
        }
        let unverified_claims = object(Part::Claims, claims)?;
        let unverified_issuer = match unverified_claims.get("iss") {
            Some(Value::String(iss)) => iss.clone(),
            Some(_) => return Err(MalformedJwt::IssuerType),
            None => return Err(MalformedJwt::NoIssuer),
        };
        Ok(Self {
            header,
            text: SecretString::from(text),
            unverified_issuer,
            unverified_claims,
        })
    }

    /// The `iss` that it claims: good for choosing among known issuers, for nothing else.
    pub fn unverified_issuer(&self) -> &str {
        &self.unverified_issuer
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Nobody vouches for them before the signature is verified.
    pub(super) fn unverified_claims(&self) -> &Map<String, Value> {
        &self.unverified_claims
    }

    /// What is signed, and the signature in base64url.
    pub(super) fn signed_parts(&self) -> (&[u8], &str) {
        let (message, signature) = self
            .text
            .expose_secret()
            .rsplit_once('.')
            .unwrap_or_default();
        (message.as_bytes(), signature)
    }
}

impl Header {
    fn read(members: &Map<String, Value>, accepts: fn(&str) -> bool) -> Result<Self, MalformedJwt> {
        let Some(algorithm) = members.get("alg").and_then(Value::as_str) else {
            return Err(MalformedJwt::NoAlgorithm);
        };
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(MalformedJwt::Unsigned);
        }
        if algorithm.starts_with("HS") {
            return Err(MalformedJwt::Symmetric);
        }
        let algorithm =
            Algorithm::from_str(algorithm).map_err(|_| MalformedJwt::UnknownAlgorithm)?;
        if members.contains_key("crit") {
            return Err(MalformedJwt::Critical);
        }
        if members.contains_key("b64") {
            return Err(MalformedJwt::UnencodedPayload);
        }
        if !members
            .iter()
            .all(|(name, value)| is_of_its_type(name, value))
        {
            return Err(MalformedJwt::HeaderMember);
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if text("typ").is_some_and(|typ| !accepts(typ)) {
            return Err(MalformedJwt::Type);
        }
        let kid = text("kid").map(str::to_owned);
        Ok(Self { algorithm, kid })
    }
}

/// RFC 7515, section 4.1. Other members may be anything.
fn is_of_its_type(name: &str, value: &Value) -> bool {
    match name {
        "typ" | "cty" | "kid" | "jku" | "x5u" | "x5t" | "x5t#S256" => {
            value.is_string() || value.is_null()
        }
        "jwk" => value.is_object() || value.is_null(),
        "x5c" => value.is_array() || value.is_null(),
        _ => true,
    }
}

/// A part's JSON object, each member of which is there once.
fn object(part: Part, text: &str) -> Result<Map<String, Value>, MalformedJwt> {
    let octets = octets(part, text)?;
    let object: Object = serde_json::from_slice(&octets).map_err(|_| MalformedJwt::Json(part))?;
    match object.has_duplicates {
        false => Ok(object.members),
        true => Err(MalformedJwt::Duplicate(part)),
    }
}

fn octets(part: Part, text: &str) -> Result<Vec<u8>, MalformedJwt> {
    let decoded = URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| MalformedJwt::Encoding(part))
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
                MalformedJwt::Critical,
            ),
            (
                r#"{"alg":"RS256","b64":true}"#,
                CLAIMS,
                MalformedJwt::UnencodedPayload,
            ),
            (r#"{"alg":"none"}"#, CLAIMS, MalformedJwt::Unsigned),
            (HEADER, r#"{"iss":7}"#, MalformedJwt::IssuerType),
            (HEADER, "{}", MalformedJwt::NoIssuer),
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
