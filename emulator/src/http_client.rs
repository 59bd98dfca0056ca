//! A plain-http client for the tour and the tests, on the stack that is linked anyway.

use std::collections::BTreeMap;

use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, SharedHttpClient},
        result::ConnectorError,
    },
    http::{HttpError, Request},
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// The request is none.
    #[error("the request cannot be made")]
    Request(#[from] HttpError),
    /// No connection.
    #[error("no answer")]
    Connector(#[from] ConnectorError),
    /// The answer breaks off.
    #[error("the answer breaks off")]
    Body,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends one request.
///
/// # Errors
/// When nothing comes back.
pub async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, HttpClientError> {
    let mut request = Request::new(SdkBody::from(body));
    request.set_method(method)?;
    request.set_uri(url.to_owned())?;
    for (name, value) in headers {
        request
            .headers_mut()
            .try_append((*name).to_owned(), (*value).to_owned())?;
    }
    let response = Connector::builder().build_http().call(request).await?;
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(|_| HttpClientError::Body)?;
    Ok(Answer {
        status,
        headers,
        body: body.to_bytes().to_vec(),
    })
}

/// The HTTP client of an SDK that talks to the local stack.
pub fn sdk_client() -> SharedHttpClient {
    Builder::new().build_http()
}
