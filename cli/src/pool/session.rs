//! A user pool and Lambda, reached with the operator's own credentials.

use std::{env, time::Duration};

use shared::{
    aws::{self, SignedClient},
    deadline::Deadline,
    user_pool::PoolApi,
};

use crate::error::Error;

/// What one command may take in all.
const TIME: Duration = Duration::from_secs(60);

/// One command's way to AWS.
pub(super) struct Session {
    pub(super) api: PoolApi,
    pub(super) lambda: SignedClient,
    pub(super) deadline: Deadline,
}

/// Runs `command` with a session for the pool.
pub(super) fn with_session<T>(
    user_pool_id: &str,
    command: impl AsyncFnOnce(Session) -> Result<T, Error>,
) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Output)?;
    runtime.block_on(async {
        let invalid = |error: aws::InvalidCaBundle| Error::Pool(error.to_string());
        let config = aws::config().await.map_err(invalid)?;
        let client = SignedClient::new(&config).map_err(invalid)?;
        // As SDKs have it: a service's own endpoint goes before that of all.
        let at = |variable: &str| match env::var(variable) {
            Ok(endpoint) if !endpoint.is_empty() => client.clone().at(&endpoint),
            _ => client.clone(),
        };
        let lambda = at("AWS_ENDPOINT_URL_LAMBDA");
        let cognito = at("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER");
        let session = Session {
            api: PoolApi::new(cognito, lambda.clone(), user_pool_id),
            lambda,
            deadline: Deadline::after(TIME),
        };
        command(session).await
    })
}
