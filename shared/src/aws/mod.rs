//! Clients of AWS services: one HTTP and TLS stack (hyper and rustls on ring), time-outs from the
//! deadline, errors without content.

mod ahead;
mod dynamodb;
mod error;
mod signed;
mod tls;

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder, Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};

pub use self::{
    ahead::Ahead,
    dynamodb::dynamodb_call,
    error::{ServiceError, Trouble},
    signed::{SignedClient, SignedError, SignedRequest},
    tls::{InvalidCaBundle, TrustedRoots},
};
use crate::deadline::Deadline;

/// A host that does not take the connection by then is tried again or given up.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(900);

/// Tries in all, within the deadline. Throttling and 5xx are worth one more.
const MAX_ATTEMPTS: u32 = 2;

/// Region, credentials and endpoints from the environment, as Lambda sets it.
///
/// # Errors
/// When `AWS_CA_BUNDLE` names something that is no bundle of certificates.
pub async fn config() -> Result<SdkConfig, InvalidCaBundle> {
    let http_client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls::context(TrustedRoots::Amazon)?)
        .build_https();
    Ok(aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .build(),
        )
        .load()
        .await)
}

/// The time-outs of one call: it ends with `deadline`, and its first try early enough for a second.
///
/// The connect time-out stays what it is: the SDK keeps its connections by it, and another value would
/// open a new pool.
pub fn timeouts(deadline: Deadline) -> TimeoutConfig {
    let operation = deadline.remaining().max(Duration::from_millis(1));
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(operation)
        .operation_attempt_timeout(operation.mul_f32(0.6))
        .build()
}

/// A connector for hosts that are not AWS's.
pub(crate) fn connector() -> Result<Connector, InvalidCaBundle> {
    connector_to(TrustedRoots::System)
}

fn connector_to(roots: TrustedRoots) -> Result<Connector, InvalidCaBundle> {
    let settings = aws_smithy_runtime_api::client::http::HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    Ok(Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls::context(roots)?)
        .connector_settings(settings)
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build())
}
