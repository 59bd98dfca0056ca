//! Objects of S3, as far as users keep their own: GetObject and PutObject by path-style URLs, each judged by IAM.
//!
//! Whether a bucket is there is not looked at: whoever a policy lets into it may use it.
//!
//! Source: Amazon S3 API reference; "Signature calculations for the Authorization header" there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

use crate::iam::{AccessDenied, AuthenticationError, Context, Iam};

/// In the scope of a signature for S3.
const SCOPE: &str = "/s3/aws4_request";

/// The objects of one account.
pub struct S3 {
    iam: Arc<Iam>,
    /// By bucket and key.
    objects: Mutex<HashMap<(String, String), Bytes>>,
}

/// Why a request is refused.
enum Refusal {
    Caller(AuthenticationError),
    Denied(AccessDenied),
    NoSuchKey,
    MethodNotAllowed,
}

impl S3 {
    /// No objects yet.
    pub fn new(iam: Arc<Iam>) -> Self {
        Self {
            iam,
            objects: Mutex::default(),
        }
    }

    /// Answers a request that no other service took: 404 unless it was signed for S3.
    pub fn handle(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
        let authorization = headers.get(header::AUTHORIZATION);
        let signed = authorization.and_then(|value| value.to_str().ok());
        let place = uri.path().trim_start_matches('/').split_once('/');
        let (Some((bucket, key)), true) = (place, signed.is_some_and(|it| it.contains(SCOPE)))
        else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let object = (decoded(bucket), decoded(key));
        self.answer(method, uri, headers, body, object)
            .unwrap_or_else(Refusal::into_response)
    }

    fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
        object: (String, String),
    ) -> Result<Response, Refusal> {
        let action = match *method {
            Method::GET => "s3:GetObject",
            Method::PUT => "s3:PutObject",
            _ => return Err(Refusal::MethodNotAllowed),
        };
        let caller = self.iam.authenticate_request(method, uri, headers, &body);
        let caller = caller.map_err(Refusal::Caller)?;
        let resource = format!("arn:aws:s3:::{}/{}", object.0, object.1);
        let allowed = self
            .iam
            .authorize(&caller, action, &resource, &Context::new());
        allowed.map_err(Refusal::Denied)?;
        if method == Method::PUT {
            self.objects().insert(object, body);
            return Ok(StatusCode::OK.into_response());
        }
        let found = self.objects().get(&object).cloned();
        Ok(found.ok_or(Refusal::NoSuchKey)?.into_response())
    }

    fn objects(&self) -> MutexGuard<'_, HashMap<(String, String), Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::Caller(error) => {
                let code = match error {
                    AuthenticationError::UnknownKey => "InvalidAccessKeyId",
                    other => other.query_code(),
                };
                (StatusCode::FORBIDDEN, code, error.to_string())
            }
            Self::Denied(error) => (StatusCode::FORBIDDEN, "AccessDenied", error.to_string()),
            Self::NoSuchKey => {
                let message = "The specified key does not exist.";
                (StatusCode::NOT_FOUND, "NoSuchKey", message.to_owned())
            }
            Self::MethodNotAllowed => {
                let message = "The specified method is not allowed against this resource.";
                let status = StatusCode::METHOD_NOT_ALLOWED;
                (status, "MethodNotAllowed", message.to_owned())
            }
        };
        // A key may hold what XML does not take as it is.
        let message = message.replace('&', "&amp;").replace('<', "&lt;");
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let kind = [(header::CONTENT_TYPE, "application/xml")];
        (status, kind, body).into_response()
    }
}
