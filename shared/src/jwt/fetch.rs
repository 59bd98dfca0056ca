//! `GET` of a small JSON document from an issuer: no redirects, no more than 100 KiB, by a deadline.

use std::sync::Arc;

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::{client::http::HttpConnector, http::Request};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use super::url::RuntimeApi;
use crate::deadline::Deadline;

/// Largest document that is read, octets.
const MAX_DOCUMENT: usize = 100 * 1024;

/// Why a document could not be had. Never part of an answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the URL cannot be requested")]
    Url,
    #[error("the URL is the Lambda Runtime API's")]
    RuntimeApi,
    #[error("the issuer names a jwks_uri that is not https")]
    Insecure,
    #[error("the document speaks for another issuer")]
    AnotherIssuer,
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

/// What documents are fetched with. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    connector: Arc<Connector>,
    runtime_api: Option<RuntimeApi>,
}

impl Fetcher {
    /// Fetches through `connector`, and never from the Lambda Runtime API.
    pub fn new(connector: Connector, runtime_api: Option<RuntimeApi>) -> Self {
        Self {
            connector: Arc::new(connector),
            runtime_api,
        }
    }

    /// The document at `url`.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        deadline: Deadline,
    ) -> Result<T, FetchError> {
        if self
            .runtime_api
            .as_ref()
            .is_some_and(|api| api.is_meant_by(url))
        {
            return Err(FetchError::RuntimeApi);
        }
        let request = Request::get(url).map_err(|_| FetchError::Url)?;
        let exchange = async {
            let response = self
                .connector
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
}
