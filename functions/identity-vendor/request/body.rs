//! The body of a POST: its content type, its encoding, its size.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::denial::Denial;

/// Largest body, octets, as the client sent it.
const MAX_BODY: usize = 64 * 1024;

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl ContentType {
    /// The media type, and what is said to whom it is not.
    fn expected(self) -> (&'static str, &'static str) {
        match self {
            Self::Form => (
                "application/x-www-form-urlencoded",
                "the content type must be application/x-www-form-urlencoded",
            ),
            Self::Json => (
                "application/json",
                "the content type must be application/json",
            ),
        }
    }
}

/// The octets of the body, if it is of this type.
pub(super) fn octets(
    event: &ApiGatewayV2httpRequest,
    expected: ContentType,
) -> Result<Vec<u8>, Denial> {
    let (media_type, must) = expected.expected();
    let content_type = event.headers.get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next();
    if !essence
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(media_type)
    {
        return Err(Denial::InvalidRequest(must));
    }
    let body = event.body.as_deref().unwrap_or_default();
    let octets = if event.is_base64_encoded {
        let unreadable = Denial::InvalidRequest("the body cannot be read");
        STANDARD.decode(body).map_err(|_| unreadable)?
    } else {
        body.as_bytes().to_vec()
    };
    if octets.len() > MAX_BODY {
        return Err(Denial::InvalidRequest("the body is larger than 64 KiB"));
    }
    Ok(octets)
}
