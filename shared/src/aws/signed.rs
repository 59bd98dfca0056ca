//! Signed requests of raw JSON, for settings that an SDK's types would drop because they do not know them.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::{client::http::HttpConnector, http::Request};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::{
    ServiceError, Trouble,
    tls::{InvalidCaBundle, TrustedRoots},
};
use crate::deadline::Deadline;

/// Largest answer that is read, octets. A user pool's description is some kilobytes.
const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// What is waited before the one further try.
const PAUSE: Duration = Duration::from_millis(200);

/// Sends signed requests. Clones share their connections.
#[derive(Debug, Clone)]
pub struct SignedClient {
    connector: Arc<Connector>,
    credentials: Option<SharedCredentialsProvider>,
    /// Instead of AWS's own endpoints.
    endpoint: Option<String>,
}

/// One request: whom it is for, and what.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The Region of the endpoint.
    pub region: &'a str,
    /// `POST`, for awsJson always.
    pub method: &'a str,
    /// The path with its query; `/` for awsJson.
    pub path: &'a str,
    /// `X-Amz-Target` without the operation; none for a REST API.
    pub target: Option<&'a str>,
    /// The body; null means none.
    pub body: &'a Value,
}

/// A request that was not answered as hoped.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct SignedError {
    /// What went wrong, without content.
    pub error: ServiceError,
    /// The service's own words, for an operator's screen: they may quote what was sent.
    pub message: String,
}

impl SignedClient {
    /// With the credentials and the endpoint of `config`.
    ///
    /// # Errors
    /// When `AWS_CA_BUNDLE` names something that is no bundle of certificates.
    pub fn new(config: &SdkConfig) -> Result<Self, InvalidCaBundle> {
        Ok(Self {
            connector: Arc::new(super::connector_to(TrustedRoots::Amazon)?),
            credentials: config.credentials_provider(),
            endpoint: config.endpoint_url().map(str::to_owned),
        })
    }

    /// The same, at another endpoint.
    #[must_use]
    pub fn at(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.trim_end_matches('/').to_owned());
        self
    }

    /// Asks for `action`, as IAM names it (`cognito-idp:DescribeUserPool`): the service that it names is
    /// the endpoint's and the signature's, and for awsJson the rest is the operation.
    ///
    /// Throttling and 5xx are worth one further try, so whatever is asked may be done twice.
    ///
    /// # Errors
    /// No credentials, no answer by `deadline`, or one that says no.
    pub async fn signed(
        &self,
        action: &'static str,
        request: SignedRequest<'_>,
        deadline: Deadline,
    ) -> Result<Value, SignedError> {
        match self.attempt(action, request, deadline).await {
            Err(error) if error.error.trouble != Trouble::Refused => {
                let _ = deadline.bound(tokio::time::sleep(PAUSE)).await;
                self.attempt(action, request, deadline).await
            }
            settled => settled,
        }
    }

    async fn attempt(
        &self,
        action: &'static str,
        request: SignedRequest<'_>,
        deadline: Deadline,
    ) -> Result<Value, SignedError> {
        let failed = |code: &str| SignedError {
            error: ServiceError {
                code: code.to_owned(),
                ..ServiceError::incomplete(action)
            },
            message: String::new(),
        };
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| failed("no credentials"))?;
        let exchange = async {
            let credentials = provider.provide_credentials().await;
            let identity = credentials.map_err(|_| failed("no credentials"))?.into();
            let signed = self.sign(action, request, &identity);
            let signed = signed.ok_or_else(|| failed("not sent"))?;
            let answer = self.connector.call(signed).await;
            let answer = answer.map_err(|_| failed("no connection"))?;
            let status = answer.status().as_u16();
            let header = |name| answer.headers().get(name).map(str::to_owned);
            let request_id = header("x-amzn-requestid").unwrap_or_default();
            let kind = header("x-amzn-errortype");
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let bytes = body.map_err(|_| failed("unreadable answer"))?.to_bytes();
            if status >= 300 {
                return Err(refused(action, status, &request_id, kind, &bytes));
            }
            if bytes.is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_slice(&bytes).map_err(|_| failed("unreadable answer"))
        };
        let settled = deadline.bound(exchange).await;
        settled.unwrap_or_else(|_| Err(failed("time-out")))
    }

    fn sign(
        &self,
        action: &str,
        request: SignedRequest<'_>,
        identity: &aws_smithy_runtime_api::client::identity::Identity,
    ) -> Option<Request> {
        let (service, operation) = action.split_once(':')?;
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!(
                "https://{service}.{}.{}",
                request.region,
                suffix(request.region)
            ),
        };
        let body = match request.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let mut unsigned = http::Request::builder()
            .method(request.method)
            .uri(format!("{base}{}", request.path));
        if let Some(target) = request.target {
            unsigned = unsigned
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", format!("{target}.{operation}"));
        }
        let mut unsigned = unsigned.body(SdkBody::from(body.as_str())).ok()?;
        let params = SigningParams::builder()
            .identity(identity)
            .region(request.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let uri = unsigned.uri().to_string();
        let headers = unsigned.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new(request.method, uri, headers, body).ok()?;
        let (instructions, _) = sign(signable, &params).ok()?.into_parts();
        instructions.apply_to_request_http1x(&mut unsigned);
        Request::try_from(unsigned).ok()
    }
}

/// An error's code is in a header or in the body, bare, behind a `#`, or before a `:`.
/// Source: Smithy specification, "AWS restJson1 protocol", Operation error serialization.
fn refused(
    action: &'static str,
    status: u16,
    request_id: &str,
    kind: Option<String>,
    body: &[u8],
) -> SignedError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = kind
        .as_deref()
        .or_else(|| text("__type"))
        .unwrap_or("unknown");
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = text("message").or_else(|| text("Message"));
    SignedError {
        error: ServiceError::answered(action, status, code, request_id),
        message: message.unwrap_or_default().to_owned(),
    }
}

/// The domain of AWS's endpoints in a Region.
fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_its_code_wherever_it_stands() {
        let code = |kind: Option<&str>, body: &str| {
            let kind = kind.map(str::to_owned);
            refused("lambda:GetPolicy", 400, "", kind, body.as_bytes())
                .error
                .code
        };
        assert_eq!(
            code(Some("ResourceNotFoundException:http://x"), ""),
            "ResourceNotFoundException"
        );
        assert_eq!(
            code(None, r#"{"__type":"com.amazon#InvalidParameterException"}"#),
            "InvalidParameterException"
        );
        assert_eq!(code(None, "no JSON"), "unknown");
        assert_eq!(
            code(None, r#"{"__type":"canary@example.com"}"#),
            "unprintable"
        );
    }

    #[test]
    fn whether_it_may_pass_is_told_by_code_and_status() {
        let trouble = |status, body: &str| {
            refused("lambda:GetPolicy", status, "", None, body.as_bytes())
                .error
                .trouble
        };
        assert_eq!(
            trouble(400, r#"{"__type":"TooManyRequestsException"}"#),
            Trouble::Throttled
        );
        assert_eq!(trouble(503, ""), Trouble::Unavailable);
        assert_eq!(
            trouble(400, r#"{"__type":"NotAuthorizedException"}"#),
            Trouble::Refused
        );
    }
}
