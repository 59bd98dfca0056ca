//! What went wrong with a call to an AWS service, without what was sent or received.

use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A call that failed. The SDK's own errors hold raw headers and bodies, credentials among them, and
/// print them with `Debug`; this keeps the operation, a code and the request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code} (request {request_id})")]
pub struct ServiceError {
    /// As IAM names it, `dynamodb:GetItem`.
    pub operation: &'static str,
    /// The service's error code, or what kept us from one.
    pub code: String,
    /// AWS's request id, `-` where there was no answer.
    pub request_id: String,
    /// What the caller can make of it.
    pub trouble: Trouble,
}

/// What a caller can make of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The service understood and said no.
    Refused,
    /// Too many requests; later may do.
    Throttled,
    /// No answer, or one that was none: later may do.
    Unavailable,
}

impl ServiceError {
    /// Of an answer to `operation` that lacks what it must have.
    pub fn incomplete(operation: &'static str) -> Self {
        Self {
            operation,
            code: "incomplete answer".to_owned(),
            request_id: "-".to_owned(),
            trouble: Trouble::Unavailable,
        }
    }

    /// Of an answer with this status and error code.
    pub(super) fn answered(
        operation: &'static str,
        status: u16,
        code: &str,
        request_id: &str,
    ) -> Self {
        let request_id = if request_id.is_empty() {
            "-"
        } else {
            request_id
        };
        Self {
            operation,
            code: printable(code),
            request_id: printable(request_id),
            trouble: Trouble::of_answer(status, code),
        }
    }

    /// Of the SDK's error for `operation`.
    pub fn new<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata,
        SdkError<E, HttpResponse>: RequestId,
    {
        let (code, trouble) = match error {
            SdkError::TimeoutError(_) => ("time-out".to_owned(), Trouble::Unavailable),
            SdkError::DispatchFailure(_) => ("no connection".to_owned(), Trouble::Unavailable),
            SdkError::ResponseError(_) => ("unreadable answer".to_owned(), Trouble::Unavailable),
            SdkError::ServiceError(service) => {
                let code = service.err().meta().code().unwrap_or("unknown");
                let trouble = Trouble::of_answer(service.raw().status().as_u16(), code);
                (printable(code), trouble)
            }
            _ => ("not sent".to_owned(), Trouble::Unavailable),
        };
        Self {
            operation,
            code,
            request_id: printable(error.request_id().unwrap_or("-")),
            trouble,
        }
    }
}

impl ServiceError {
    /// Whether it is the caller who is refused, whatever was asked: a role, a boundary or an organisation's policy.
    pub fn is_access_denied(&self) -> bool {
        self.code.ends_with("AccessDeniedException") || self.code == "AccessDenied"
    }
}

impl Trouble {
    fn of_answer(status: u16, code: &str) -> Self {
        if is_throttling(code) || status == 429 {
            Self::Throttled
        } else if status >= 500 || code == "IDPCommunicationError" {
            Self::Unavailable
        } else {
            Self::Refused
        }
    }
}

/// Codes by which services say "too many" (AWS SDKs reference guide, "Retry behavior").
fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
    )
}

/// A code or an id comes from the network: what is not shaped like one is not repeated.
fn printable(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:=/+".contains(c);
    if text.len() <= 128 && text.chars().all(plain) {
        text.to_owned()
    } else {
        "unprintable".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_none_is_not_repeated() {
        assert_eq!(printable("ThrottlingException"), "ThrottlingException");
        assert_eq!(printable("canary@example.com"), "unprintable");
        assert_eq!(printable("a b"), "unprintable");
        assert_eq!(printable(&"x".repeat(129)), "unprintable");
    }
}
