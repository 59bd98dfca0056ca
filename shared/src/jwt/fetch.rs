//! `GET` of a small JSON document from an issuer: no redirects, no more than 100 KiB, by a deadline.

use serde::de::DeserializeOwned;

use super::url::RuntimeApi;
use crate::{
    deadline::Deadline,
    https::{Https, HttpsError, HttpsUrl, Request},
};

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
    #[error("the answer was HTTP {0}, expected 200")]
    Status(u16),
    #[error(transparent)]
    Https(#[from] HttpsError),
    #[error("the issuer had none a moment ago, and is not asked again yet")]
    Resting,
}

/// What documents are fetched with. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Https,
    runtime_api: Option<RuntimeApi>,
}

impl Fetcher {
    /// Fetches through `client`, and never from the Lambda Runtime API.
    pub fn new(client: Https, runtime_api: Option<RuntimeApi>) -> Self {
        Self {
            client,
            runtime_api,
        }
    }

    /// The document at `url`.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        deadline: Deadline,
    ) -> Result<T, FetchError> {
        let runtime_api = self.runtime_api.as_ref();
        if runtime_api.is_some_and(|api| api.is_meant_by(url)) {
            return Err(FetchError::RuntimeApi);
        }
        let url: HttpsUrl = url.parse().map_err(|_| FetchError::Url)?;
        let request = Request::get(&url);
        let answer = self.client.send(request, MAX_DOCUMENT, deadline).await?;
        match answer.status {
            200 => Ok(answer.json()?),
            status => Err(FetchError::Status(status)),
        }
    }
}
