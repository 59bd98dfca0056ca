//! The answers, in the formats that clients read by themselves. The one place where a denial becomes HTTP.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::state::rfc3339;
use time::OffsetDateTime;

use crate::{
    denial::Denial,
    issue::{Credentials, OpenIdToken, Vended, VendedCredentials},
    protocol::{AWS_CREDENTIALS, JWT, Shape},
    route::Route,
};

/// A denial on the wire.
struct Wire {
    status: StatusCode,
    /// OAuth's error code (RFC 6749, section 5.2; RFC 8693, section 2.2.2).
    error: &'static str,
    /// The code in AWS's manner.
    code: &'static str,
    message: &'static str,
    /// A header that belongs to the status.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Wire {
    fn of(denial: Denial, shape: Shape) -> Self {
        let bad_request = |error, message| Self {
            status: StatusCode::BAD_REQUEST,
            error,
            code: "InvalidRequest",
            message,
            header: None,
        };
        let again = |status, code, message, seconds: u32| Self {
            status,
            error: "temporarily_unavailable",
            code,
            message,
            header: Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
        };
        let too_many = |seconds| {
            let message = "too many requests, try again later";
            again(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                message,
                seconds,
            )
        };
        let unavailable = |seconds| {
            let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
            again(status, code, "try again later", seconds)
        };
        match denial {
            Denial::InvalidRequest(message) => bad_request("invalid_request", message),
            Denial::UnsupportedGrantType => bad_request(
                "unsupported_grant_type",
                "grant_type must be urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            Denial::InvalidScope => bad_request("invalid_scope", "scopes are not supported"),
            Denial::InvalidTarget(message) => bad_request("invalid_target", message),
            Denial::NoProof => Self {
                status: StatusCode::UNAUTHORIZED,
                error: "invalid_client",
                code: "Unauthorized",
                message: "expected Authorization: Bearer and a JWT",
                // RFC 6750, section 3.
                header: Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            },
            Denial::ProofRejected(_)
            | Denial::TokenWithoutId
            | Denial::TokenUsed
            | Denial::Revoked => Self::proof_rejected(shape, "the token is not accepted"),
            Denial::ProofEndsTooSoon => Self::proof_rejected(shape, "the token ends too soon"),
            // RFC 6749, section 5.2: the client is known, and may not do this.
            Denial::MayNotVouch => bad_request(
                "unauthorized_client",
                "you may not vouch for this user in this way",
            ),
            Denial::GuestTokenRejected => {
                bad_request("invalid_request", "guest_token is not accepted")
            }
            Denial::GuestNotUpgradable => bad_request(
                "invalid_target",
                "the guest's identity cannot become yours; leave guest_token out",
            ),
            Denial::DeniedByRule | Denial::NoRole | Denial::ClaimNotUsable => Self {
                status: match shape {
                    Shape::OAuth => StatusCode::BAD_REQUEST,
                    Shape::Sdk => StatusCode::FORBIDDEN,
                },
                error: "invalid_target",
                code: "AccessDenied",
                message: "no such role is granted to you",
                header: None,
            },
            Denial::MethodNotAllowed(allowed) => Self {
                status: StatusCode::METHOD_NOT_ALLOWED,
                error: "invalid_request",
                code: "MethodNotAllowed",
                message: "this method is not allowed here",
                header: Some((header::ALLOW, HeaderValue::from_static(allowed))),
            },
            Denial::NoSuchRoute => Self {
                status: StatusCode::NOT_FOUND,
                error: "invalid_request",
                code: "NotFound",
                message: "there is nothing here",
                header: None,
            },
            Denial::LimitedPrincipal(seconds)
            | Denial::LimitedSource(seconds)
            | Denial::LimitedAddress(seconds) => too_many(seconds),
            Denial::Throttled => too_many(1),
            Denial::Shed(seconds) => unavailable(seconds),
            Denial::KeyNotYetKnown | Denial::Unavailable => unavailable(1),
            Denial::Internal => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                error: "server_error",
                code: "InternalError",
                message: "the request cannot be served",
                header: None,
            },
        }
    }

    fn proof_rejected(shape: Shape, message: &'static str) -> Self {
        let (status, header) = match shape {
            // RFC 8693, section 2.2.2: an unacceptable subject token is an invalid request.
            Shape::OAuth => (StatusCode::BAD_REQUEST, None),
            // RFC 6750, section 3.1.
            Shape::Sdk => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                let header = (header::WWW_AUTHENTICATE, challenge);
                (StatusCode::UNAUTHORIZED, Some(header))
            }
        };
        Self {
            status,
            error: "invalid_request",
            code: "Unauthorized",
            message,
            header,
        }
    }
}

/// The answer to a request that is denied. By the request id the cause is found in the log.
pub(crate) fn denial(denial: Denial, shape: Shape, request_id: &str) -> ApiGatewayV2httpResponse {
    let wire = Wire::of(denial, shape);
    let (code, message) = (wire.code, wire.message);
    let body = match shape {
        Shape::OAuth => json!({
            "error": wire.error,
            "error_description": message,
            "request_id": request_id,
        }),
        Shape::Sdk => json!({
            "Code": code,
            "Message": message,
            "code": code,
            "message": message,
            "RequestId": request_id,
        }),
    };
    let mut response = response(wire.status, &body);
    if let Some((name, value)) = wire.header {
        response.headers.insert(name, value);
    }
    response
}

/// The answer that has what was asked for.
pub(crate) fn vended(vended: &Vended, route: Option<Route>) -> ApiGatewayV2httpResponse {
    let container = matches!(route, Some(Route::Credentials | Route::RoleCredentials));
    let body = match vended {
        Vended::Token(token, expires_in) if route == Some(Route::Identity) => {
            developer_identity(token, *expires_in)
        }
        Vended::Token(token, expires_in) => open_id_token(token, *expires_in),
        Vended::Credentials(vended) if container => {
            container_credentials(&vended.credentials, &vended.account_id)
        }
        Vended::Credentials(vended) => exchanged_credentials(vended),
    };
    response(StatusCode::OK, &body)
}

/// The answer of a function that is there. It started, so its rules and its wiring agree; no service was asked.
pub(crate) fn healthy() -> ApiGatewayV2httpResponse {
    response(StatusCode::OK, &json!({"status": "ok"}))
}

/// A Cognito OpenID token, by RFC 8693, section 2.2.1. `IdentityId` and `Token` are what the developer-
/// authenticated hooks of AWS's mobile and JavaScript SDKs read, in either casing.
fn open_id_token(token: &OpenIdToken, expires_in: u32) -> Value {
    let (id, text) = (&token.identity_id, token.token.expose_secret());
    json!({
        "access_token": text,
        "issued_token_type": JWT,
        "token_type": "N_A",
        "expires_in": expires_in,
        "identity_id": id,
        "identityId": id,
        "IdentityId": id,
        "token": text,
        "Token": text,
    })
}

/// What the developer-authenticated hooks of AWS's mobile and JavaScript SDKs read, in either casing.
fn developer_identity(token: &OpenIdToken, expires_in: u32) -> Value {
    let (id, text) = (&token.identity_id, token.token.expose_secret());
    json!({
        "IdentityId": id,
        "identityId": id,
        "Token": text,
        "token": text,
        "expiresIn": expires_in,
    })
}

/// AWS SDKs and tools reference guide, "Container credential provider".
fn container_credentials(credentials: &Credentials, account_id: &str) -> Value {
    json!({
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.expose_secret(),
        "Token": credentials.session_token.expose_secret(),
        "Expiration": rfc3339(credentials.expiration),
        "AccountId": account_id,
    })
}

/// Credentials, by RFC 8693, section 2.2.1, with the members that STS gives them.
fn exchanged_credentials(vended: &VendedCredentials) -> Value {
    let credentials = &vended.credentials;
    let left = credentials.expiration - OffsetDateTime::now_utc();
    let session_token = credentials.session_token.expose_secret();
    let mut body = json!({
        "access_token": session_token,
        "issued_token_type": AWS_CREDENTIALS,
        "token_type": "N_A",
        "expires_in": left.whole_seconds().max(0),
        "credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.expose_secret(),
            "SessionToken": session_token,
            "Expiration": rfc3339(credentials.expiration),
            "AccountId": vended.account_id,
        },
    });
    // A session of the flow `direct` has none.
    if let (Some(id), Some(members)) = (&vended.identity_id, body.as_object_mut()) {
        members.insert("identity_id".to_owned(), Value::from(id.as_str()));
    }
    body
}

fn response(status: StatusCode, body: &Value) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
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
