//! Answers of the AWS JSON protocols.
//!
//! Source: Smithy specification, "AWS JSON 1.0/1.1 protocol", operation error serialization.

use axum::{
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{AccessDenied, AuthenticationError};
use crate::random::NoEntropy;

/// An error of a JSON service: status, code and message as the SDKs read them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct JsonError {
    /// 400 but for faults of the service itself.
    pub status: StatusCode,
    /// Say `ResourceNotFoundException`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl JsonError {
    /// A fault of the caller.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
        }
    }

    /// A fault of the service.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Self::new("InternalErrorException", message)
        }
    }

    /// An operation that AWS has and this service has not, or that nobody has.
    pub fn unknown_operation(operation: &str) -> Self {
        let message = format!("{operation} is not an operation of this service.");
        Self::new("UnknownOperationException", message)
    }

    /// The answer, in version `1.0` or `1.1` of the protocol.
    pub fn into_response(self, version: &str) -> Response {
        let body = json!({ "__type": self.code, "message": self.message });
        let mut response = json_response(self.status, version, &body);
        // REST clients of other languages read the code here.
        let kind = HeaderValue::from_static(self.code);
        response.headers_mut().insert("x-amzn-errortype", kind);
        response
    }
}

impl From<NoEntropy> for JsonError {
    fn from(error: NoEntropy) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<AuthenticationError> for JsonError {
    fn from(error: AuthenticationError) -> Self {
        Self::new(error.json_code(), error.to_string())
    }
}

impl From<AccessDenied> for JsonError {
    fn from(error: AccessDenied) -> Self {
        Self::new("AccessDeniedException", error.to_string())
    }
}

/// An answer in version `1.0` or `1.1` of the AWS JSON protocol.
pub fn json_response(status: StatusCode, version: &str, body: &Value) -> Response {
    let content_type = format!("application/x-amz-json-{version}");
    (status, [(CONTENT_TYPE, content_type)], body.to_string()).into_response()
}
