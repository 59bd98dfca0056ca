//! `GET` of a small JSON document from an issuer: no redirects, no more than 100 KiB, by a deadline.

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::{client::http::HttpConnector, http::Request};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::{deadline::Deadline, policy::IssuerUrl};

/// Largest document that is read, octets.
const MAX_DOCUMENT: usize = 100 * 1024;

/// Why a document could not be had. Never part of an answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the URL cannot be requested")]
    Url,
    #[error("the time ran out")]
    DeadlineExceeded,
    #[error("no connection, or no answer")]
    NoAnswer,
    #[error("the answer was HTTP {0}, expected 200")]
    Status(u16),
    #[error("the document could not be read to its end, or is larger than 100 KiB")]
    Body,
    #[error("the document is not the JSON that was expected")]
    Json,
}

/// The document at `url`.
pub(super) async fn json<T: DeserializeOwned>(
    connector: &Connector,
    url: &IssuerUrl,
    deadline: Deadline,
) -> Result<T, FetchError> {
    let request = Request::get(url.as_str()).map_err(|_| FetchError::Url)?;
    let exchange = async {
        let response = connector
            .call(request)
            .await
            .map_err(|_| FetchError::NoAnswer)?;
        // A redirect is a status like any other: what it points to is nobody's word but the network's.
        if response.status().as_u16() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_DOCUMENT)
            .collect()
            .await;
        let bytes = body.map_err(|_| FetchError::Body)?.to_bytes();
        serde_json::from_slice(&bytes).map_err(|_| FetchError::Json)
    };
    deadline
        .bound(exchange)
        .await
        .map_err(|_| FetchError::DeadlineExceeded)?
}
