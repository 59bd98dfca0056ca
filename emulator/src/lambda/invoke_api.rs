//! The Invoke API, as SDKs and Cognito call it.
//! Source: Lambda API reference, Invoke; error objects as its service model shapes them.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{Invocation, InvokeError, LambdaHost, ids};

/// `POST /2015-03-31/functions/{name}/invocations`. An `Event` is not retried when it fails.
pub fn invoke_router(host: LambdaHost) -> Router {
    Router::new()
        .route(
            "/2015-03-31/functions/{name}/invocations",
            post(invoke).layer(DefaultBodyLimit::disable()),
        )
        .with_state(host)
}

async fn invoke(
    State(host): State<LambdaHost>,
    Path(function): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let with_tail = header("x-amz-log-type") == Some("Tail");
    let outcome = match header("x-amz-invocation-type").unwrap_or("RequestResponse") {
        "RequestResponse" => host
            .invoke(&function, payload.to_vec())
            .await
            .map(|invocation| answer(&invocation, with_tail)),
        "Event" => host
            .start(&function, payload.to_vec())
            .map(|_detached| StatusCode::ACCEPTED.into_response()),
        "DryRun" => host
            .function(&function)
            .map(|_| StatusCode::NO_CONTENT.into_response()),
        other => Err(InvokeError::InvalidParameterValue(other.to_owned())),
    };
    let mut response = outcome.unwrap_or_else(|error| refuse(&error));
    response
        .headers_mut()
        .entry("x-amzn-requestid")
        .or_insert_with(|| header_value(&ids::request_id()));
    response
}

fn answer(invocation: &Invocation, with_tail: bool) -> Response {
    let mut response = invocation.payload.clone().into_response();
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        headers.insert(HeaderName::from_static(name), header_value(value));
    };
    set("content-type", "application/json");
    set("x-amzn-requestid", &invocation.request_id);
    set("x-amz-executed-version", "$LATEST");
    if let Some(kind) = &invocation.function_error {
        set("x-amz-function-error", kind);
    }
    if with_tail {
        set(
            "x-amz-log-result",
            &BASE64_STANDARD.encode(&invocation.log_tail),
        );
    }
    response
}

fn refuse(error: &InvokeError) -> Response {
    let message = error.to_string();
    let (status, kind, body) = match error {
        InvokeError::ResourceNotFound { .. } => (
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": message }),
        ),
        InvokeError::TooManyRequests => (
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            json!({
                "Type": "User",
                "Reason": "ConcurrentInvocationLimitExceeded",
                "message": message,
            }),
        ),
        InvokeError::RequestTooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            json!({ "Type": "User", "message": message }),
        ),
        InvokeError::InvalidRequestContent(_) => (
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            json!({ "Type": "User", "message": message }),
        ),
        InvokeError::InvalidParameterValue(_) => (
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            json!({ "Type": "User", "message": message }),
        ),
        InvokeError::Service(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            json!({ "Type": "Service", "Message": message }),
        ),
    };
    (status, [("x-amzn-errortype", kind)], Json(body)).into_response()
}

/// Ids, base64 and AWS's own words: always a header value.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
