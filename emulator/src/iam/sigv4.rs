//! Signature Version 4, the checking half: who signed this request, and did they.
//!
//! Only what the local services are sent: `POST /` without a query, the body hashed. The age of a
//! signature is not checked; whoever could replay one on this machine could read its memory.
//!
//! Source: IAM user guide, "Create a signed AWS API request".

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The parts of an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads `AWS4-HMAC-SHA256 Credential=…/…/…/…/aws4_request, SignedHeaders=…, Signature=…`.
    pub(super) fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?;
        let field = |name: &str| {
            let mut fields = fields.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let mut scope = field("Credential")?.split('/');
        let authorization = Self {
            access_key_id: scope.next()?,
            date: scope.next()?,
            region: scope.next()?,
            service: scope.next()?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        };
        (scope.next() == Some("aws4_request") && scope.next().is_none()).then_some(authorization)
    }

    /// Whether the request was signed with `secret`, and what binds it (host, date, and the session
    /// token if there is one) was among what was signed.
    pub(super) fn verify(&self, secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
        self.try_verify(secret, headers, body).unwrap_or(false)
    }

    fn try_verify(&self, secret: &str, headers: &HeaderMap, body: &[u8]) -> Option<bool> {
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        let bound = ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"];
        if bound
            .iter()
            .any(|name| headers.contains_key(*name) && !signed.contains(name))
        {
            return Some(false);
        }
        let mut canonical = "POST\n/\n\n".to_owned();
        for name in &signed {
            let value = headers.get(*name)?.to_str().ok()?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            canonical.push_str(&format!("{name}:{value}\n"));
        }
        let payload = hex(&Sha256::digest(body));
        canonical.push_str(&format!("\n{}\n{payload}", self.signed_headers));

        let Self {
            date,
            region,
            service,
            ..
        } = self;
        let timestamp = headers.get("x-amz-date")?.to_str().ok()?;
        let request = hex(&Sha256::digest(canonical.as_bytes()));
        let text =
            format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{request}");

        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, region, service, "aws4_request"] {
            key = mac(&key, part)?.finalize().into_bytes().to_vec();
        }
        let expected = unhex(self.signature)?;
        Some(mac(&key, &text)?.verify_slice(&expected).is_ok())
    }
}

fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    Some(
        Hmac::<Sha256>::new_from_slice(key)
            .ok()?
            .chain_update(text.as_bytes()),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(digits).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_authorization_header_panics_or_verifies(
            header in "\\PC{0,80}",
            signed in "[a-z-]{0,8}(;[a-z-]{0,8})?",
            signature in "[0-9a-f]{0,64}|\\PC{0,9}",
        ) {
            let whole = format!(
                "{ALGORITHM} Credential=AK/20260101/us-east-1/sts/aws4_request, SignedHeaders={signed}, Signature={signature}"
            );
            prop_assert!(Authorization::parse(&whole).is_some() || signature.contains(','));
            for header in [header, whole] {
                if let Some(authorization) = Authorization::parse(&header) {
                    prop_assert!(!authorization.verify("secret", &HeaderMap::new(), b""));
                }
            }
        }
    }

    #[test]
    fn the_scope_ends_in_aws4_request() {
        let header = |end: &str| {
            format!(
                "{ALGORITHM} Credential=AK/20260101/us-east-1/sts/{end}, SignedHeaders=host, Signature=00"
            )
        };
        assert!(Authorization::parse(&header("aws4_request")).is_some());
        assert!(Authorization::parse(&header("aws5_request")).is_none());
    }
}
