//! The errors of the user pool, in the words of the service.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{jwt_signer::KeyError, random::NoEntropy};

/// What an operation answers.
pub(super) type Answer = Result<Value, CognitoError>;

/// An exception of the service and the text that its caller reads. The texts are those of the
/// service as developers report them; AWS documents the types only.
#[derive(Debug, thiserror::Error)]
#[error("{exception}: {message}")]
pub(super) struct CognitoError {
    exception: &'static str,
    message: String,
}

impl CognitoError {
    pub(super) fn new(exception: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { exception, message }
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(super) fn not_authorized(message: impl Into<String>) -> Self {
        Self::new("NotAuthorizedException", message)
    }

    pub(super) fn wrong_credentials() -> Self {
        Self::not_authorized("Incorrect username or password.")
    }

    pub(super) fn user_not_found() -> Self {
        Self::new("UserNotFoundException", "User does not exist.")
    }

    pub(super) fn code_mismatch() -> Self {
        Self::new(
            "CodeMismatchException",
            "Invalid verification code provided, please try again.",
        )
    }

    pub(super) fn expired_code() -> Self {
        Self::new(
            "ExpiredCodeException",
            "Invalid code provided, please request a code again.",
        )
    }

    pub(super) fn resource_not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }
}

impl From<NoEntropy> for CognitoError {
    fn from(error: NoEntropy) -> Self {
        Self::new("InternalErrorException", error.to_string())
    }
}

impl From<KeyError> for CognitoError {
    fn from(error: KeyError) -> Self {
        Self::new("InternalErrorException", error.to_string())
    }
}

impl IntoResponse for CognitoError {
    /// awsJson1.1: the exception in `__type` and in a header of its own, HTTP 400; what is the
    /// service's fault is 500.
    fn into_response(self) -> Response {
        let status = if self.exception == "InternalErrorException" {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        };
        let body = json!({ "__type": self.exception, "message": self.message }).to_string();
        let headers = [
            (header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.1"),
            ("x-amzn-errortype", self.exception),
        ];
        (status, headers, body).into_response()
    }
}
