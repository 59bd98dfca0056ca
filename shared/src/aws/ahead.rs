//! Connections that are open before the first call needs them.

use aws_config::SdkConfig;
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::Request,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};

/// Largest answer that is read to keep its connection, octets.
const MAX_ANSWER: usize = 64 * 1024;

/// In place of the SDK's own HTTP client, for one call: the call is not made, but a connection to where it would go is
/// open afterwards, in the pool that real calls take theirs from.
///
/// The SDK itself finds the host, whatever Region, endpoint variable or partition decides it. What is sent over the
/// connection is `GET /`, without a signature and without anything of the call: nothing is asked, counted or charged,
/// and whatever the answer says does not matter.
#[derive(Debug, Clone)]
pub struct Ahead(SharedHttpClient);

#[derive(Debug)]
struct Opens(SharedHttpConnector);

/// What the SDK is told in place of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is open, and nothing was asked")]
struct NothingAsked;

impl Ahead {
    /// For clients of `config`; none where it has no HTTP client.
    pub fn new(config: &SdkConfig) -> Option<Self> {
        config.http_client().map(Self)
    }
}

impl HttpClient for Ahead {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Opens(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Opens {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let opening = root_of(request.uri()).map(|request| self.0.call(request));
        HttpConnectorFuture::new(async move {
            if let Some(opening) = opening {
                let answer = opening.await?;
                // A connection whose answer was not read to its end is closed.
                let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            }
            Err(ConnectorError::other(NothingAsked.into(), None))
        })
    }
}

/// `GET` of the root of the host that `url` is at.
fn root_of(url: &str) -> Option<HttpRequest> {
    let url: http::Uri = url.parse().ok()?;
    let (scheme, authority) = (url.scheme_str()?, url.authority()?);
    let mut request = Request::new(SdkBody::empty());
    request.set_method("GET").ok()?;
    request.set_uri(format!("{scheme}://{authority}/")).ok()?;
    Some(request)
}
