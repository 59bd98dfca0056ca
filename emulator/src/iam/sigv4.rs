//! Signature Version 4, the checking half: who signed this request, and did they.
//!
//! The body is always hashed, also for S3, which would take a signature without it. The age of a signature is not
//! checked; whoever could replay one on this machine could read its memory.
//!
//! Source: IAM user guide, "Create a signed AWS API request".

use axum::http::{HeaderMap, Method, Uri};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature covers.
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

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
    pub(super) fn verify(&self, secret: &str, request: &Request<'_>) -> bool {
        self.try_verify(secret, request).unwrap_or(false)
    }

    fn try_verify(&self, secret: &str, request: &Request<'_>) -> Option<bool> {
        let headers = request.headers;
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        let bound = ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"];
        if bound
            .iter()
            .any(|name| headers.contains_key(*name) && !signed.contains(name))
        {
            return Some(false);
        }
        let mut canonical = format!(
            "{}\n{}\n{}\n",
            request.method,
            canonical_path(self.service, request.uri.path()),
            canonical_query(request.uri.query().unwrap_or_default()),
        );
        for name in &signed {
            let value = headers.get(*name)?.to_str().ok()?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            canonical.push_str(&format!("{name}:{value}\n"));
        }
        let payload = base16ct::lower::encode_string(&Sha256::digest(request.body));
        canonical.push_str(&format!("\n{}\n{payload}", self.signed_headers));

        let Self {
            date,
            region,
            service,
            ..
        } = self;
        let timestamp = headers.get("x-amz-date")?.to_str().ok()?;
        let request = base16ct::lower::encode_string(&Sha256::digest(canonical.as_bytes()));
        let text =
            format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{request}");

        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, region, service, "aws4_request"] {
            key = mac(&key, part)?.finalize().into_bytes().to_vec();
        }
        let expected = base16ct::mixed::decode_vec(self.signature).ok()?;
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

/// The path as it was sent, encoded once more; but for S3.
fn canonical_path(service: &str, path: &str) -> String {
    if service == "s3" {
        return path.to_owned();
    }
    let mut canonical = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => canonical.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => canonical.push(char::from(byte)),
            byte => canonical.push_str(&format!("%{byte:02X}")),
        }
    }
    canonical
}

/// The parameters in order of their names; one without a value has an empty one.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(&str, &str)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {

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
            let request = Request {
                method: &Method::POST,
                uri: &Uri::from_static("/"),
                headers: &HeaderMap::new(),
                body: b"",
            };
            for header in [header, whole] {
                if let Some(authorization) = Authorization::parse(&header) {
                    prop_assert!(!authorization.verify("secret", &request));
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
