//! The answers, in the formats that clients read by themselves. The one place where a refusal becomes
//! HTTP.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    cognito::OpenIdToken,
    request::{AWS_CREDENTIALS, JWT},
    sts::Credentials,
};

/// Whom the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An OAuth 2.0 client: RFC 8693, errors by RFC 6749, section 5.2.
    TokenExchange,
    /// The container credentials provider of an AWS SDK. JS reads `Code` and `Message` of an error, Go
    /// `code` and `message`; boto3 shows the text.
    ContainerCredentials,
}

/// Why nothing is vended. What a client may know, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    InvalidRequest(&'static str),
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget(&'static str),
    /// No bearer token.
    NoProof,
    /// The proof does not verify, for a reason that the log has.
    ProofRejected,
    /// The rules grant no role, or not this one.
    NotGranted,
    MethodNotAllowed(&'static str),
    NoSuchPath,
    /// Later may do.
    Throttled,
    /// Later may do.
    Unavailable,
    /// A fault of ours or of the deployment.
    Internal,
}

impl Refusal {
    /// A stable code for the audit line.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::InvalidScope => "invalid-request",
            Self::UnsupportedGrantType => "unsupported-grant-type",
            Self::InvalidTarget(_) => "invalid-target",
            Self::NoProof => "no-proof",
            Self::ProofRejected => "proof-rejected",
            Self::NotGranted => "no-role",
            Self::MethodNotAllowed(_) | Self::NoSuchPath => "no-such-route",
            Self::Throttled => "throttled",
            Self::Unavailable => "dependency-failed",
            Self::Internal => "internal",
        }
    }

    /// Status, error code of RFC 6749 / RFC 8693, code in AWS's manner, message.
    fn wire(self, shape: Shape) -> (i64, &'static str, &'static str, &'static str) {
        let rejected = if shape == Shape::TokenExchange {
            400
        } else {
            401
        };
        let not_granted = if shape == Shape::TokenExchange {
            400
        } else {
            403
        };
        match self {
            Self::InvalidRequest(text) => (400, "invalid_request", "InvalidRequest", text),
            Self::UnsupportedGrantType => (
                400,
                "unsupported_grant_type",
                "InvalidRequest",
                "grant_type must be urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            Self::InvalidScope => (
                400,
                "invalid_scope",
                "InvalidRequest",
                "scopes are not supported",
            ),
            Self::InvalidTarget(text) => (400, "invalid_target", "InvalidRequest", text),
            Self::NoProof => (
                401,
                "invalid_client",
                "Unauthorized",
                "expected Authorization: Bearer and a JWT",
            ),
            // RFC 8693, section 2.2.2: an unacceptable subject token is an invalid request.
            Self::ProofRejected => (
                rejected,
                "invalid_request",
                "Unauthorized",
                "the token is not accepted",
            ),
            Self::NotGranted => (
                not_granted,
                "invalid_target",
                "AccessDenied",
                "no such role is granted to you",
            ),
            Self::MethodNotAllowed(_) => (
                405,
                "invalid_request",
                "MethodNotAllowed",
                "this method is not allowed here",
            ),
            Self::NoSuchPath => (404, "invalid_request", "NotFound", "there is nothing here"),
            Self::Throttled => (
                429,
                "temporarily_unavailable",
                "TooManyRequests",
                "too many requests, try again later",
            ),
            Self::Unavailable => (
                503,
                "temporarily_unavailable",
                "ServiceUnavailable",
                "try again later",
            ),
            Self::Internal => (
                500,
                "server_error",
                "InternalError",
                "the request cannot be served",
            ),
        }
    }
}

/// The answer to a request that is refused.
pub(crate) fn refusal(refusal: Refusal, shape: Shape) -> ApiGatewayV2httpResponse {
    let (status, error, code, message) = refusal.wire(shape);
    let body = match shape {
        Shape::TokenExchange => json!({"error": error, "error_description": message}),
        Shape::ContainerCredentials => {
            json!({"Code": code, "Message": message, "code": code, "message": message})
        }
    };
    let mut response = response(status, &body);
    let mut header = |name: HeaderName, value: &'static str| {
        response
            .headers
            .insert(name, HeaderValue::from_static(value));
    };
    match refusal {
        Refusal::Throttled | Refusal::Unavailable => header(header::RETRY_AFTER, "1"),
        Refusal::MethodNotAllowed(allowed) => header(header::ALLOW, allowed),
        // RFC 6750, section 3.
        Refusal::NoProof => header(header::WWW_AUTHENTICATE, "Bearer"),
        Refusal::ProofRejected if status == 401 => {
            header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
        }
        _ => {}
    }
    response
}

/// A Cognito OpenID token, by RFC 8693, section 2.2.1. `IdentityId` and `Token` are what the developer-
/// authenticated hooks of AWS's mobile and JavaScript SDKs read, in either casing.
pub(crate) fn token(token: &OpenIdToken, expires_in: u32) -> ApiGatewayV2httpResponse {
    let (id, text) = (&token.identity_id, token.token.expose_secret());
    let body = json!({
        "access_token": text,
        "issued_token_type": JWT,
        "token_type": "N_A",
        "expires_in": expires_in,
        "identity_id": id,
        "identityId": id,
        "IdentityId": id,
        "token": text,
        "Token": text,
    });
    response(200, &body)
}

/// Credentials, in the shape that was asked for.
pub(crate) fn credentials(
    credentials: &Credentials,
    identity_id: &str,
    account_id: &str,
    shape: Shape,
) -> ApiGatewayV2httpResponse {
    let secret = credentials.secret_access_key.expose_secret();
    let session_token = credentials.session_token.expose_secret();
    let expiration = credentials.expiration.format(&Rfc3339).unwrap_or_default();
    let body = match shape {
        // AWS SDKs and tools reference guide, "Container credential provider".
        Shape::ContainerCredentials => json!({
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": secret,
            "Token": session_token,
            "Expiration": expiration,
            "AccountId": account_id,
        }),
        Shape::TokenExchange => json!({
            "access_token": session_token,
            "issued_token_type": AWS_CREDENTIALS,
            "token_type": "N_A",
            "expires_in": (credentials.expiration - OffsetDateTime::now_utc()).whole_seconds().max(0),
            "identity_id": identity_id,
            "credentials": {
                "AccessKeyId": credentials.access_key_id,
                "SecretAccessKey": secret,
                "SessionToken": session_token,
                "Expiration": expiration,
                "AccountId": account_id,
            },
        }),
    };
    response(200, &body)
}

fn response(status: i64, body: &Value) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.headers = HeaderMap::from_iter([
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        // RFC 6749, section 5.1.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ]);
    response.body = Some(Body::Text(body.to_string()));
    response
}
