//! Answers of the AWS query protocol.
//!
//! Source: Smithy specification, "AWS query protocol"; STS API reference, "Common errors".

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Nothing traces requests here.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// An error of STS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct StsError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl StsError {
    /// A request that is wrong in itself.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
        }
    }

    /// A request that its caller may not make.
    pub(super) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            ..Self::invalid(code, message)
        }
    }

    /// What the model's constraints refuse, in the words of AWS's validation.
    pub(super) fn constraint(value: &str, member: &str, constraint: &str) -> Self {
        Self::invalid(
            "ValidationError",
            format!(
                "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
            ),
        )
    }

    pub(super) fn into_response(self) -> Response {
        let kind = if self.status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        let error = Xml::new()
            .text("Type", kind)
            .text("Code", self.code)
            .text("Message", &self.message);
        let body = Xml::new()
            .nested("Error", error)
            .text("RequestId", REQUEST_ID);
        respond(self.status, "ErrorResponse", &body)
    }
}

/// The answer to `action`.
pub(super) fn success(action: &str, result: Xml) -> Response {
    let metadata = Xml::new().text("RequestId", REQUEST_ID);
    let body = Xml::new()
        .nested(&format!("{action}Result"), result)
        .nested("ResponseMetadata", metadata);
    respond(StatusCode::OK, &format!("{action}Response"), &body)
}

fn respond(status: StatusCode, root: &str, body: &Xml) -> Response {
    let document = format!("<{root} xmlns=\"{NAMESPACE}\">{}</{root}>", body.0);
    (status, [(CONTENT_TYPE, "text/xml")], document).into_response()
}

/// Elements, in order.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn text(mut self, name: &str, text: &str) -> Self {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        self.0.push_str(&format!("<{name}>{escaped}</{name}>"));
        self
    }

    pub(super) fn nested(mut self, name: &str, inner: Self) -> Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", inner.0));
        self
    }
}
