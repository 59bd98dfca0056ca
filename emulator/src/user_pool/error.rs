//! The errors of the user pool, in the words of the service: those that developers report; AWS documents
//! the types only.

use serde_json::Value;

use crate::{iam::JsonError, jwt_signer::KeyError};

/// What an operation answers.
pub(super) type Answer = Result<Value, JsonError>;

impl JsonError {
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

impl From<KeyError> for JsonError {
    fn from(error: KeyError) -> Self {
        Self::internal(error.to_string())
    }
}
