//! Credentials of a role, in another account mostly.

use aws_config::SdkConfig;
use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError, future},
};
use aws_sdk_sts::Client;

use crate::{aws::ServiceError, telemetry::error_chain};

const OPERATION: &str = "sts:AssumeRole";

/// What a session is called that assumes a role: CloudTrail shows it in the other account.
const SESSION_NAME: &str = "poolkeeper";

/// A role that is assumed when its credentials are needed; the SDK keeps them until shortly before they
/// expire. The call ends with the call that needs them.
#[derive(Debug)]
pub(super) struct AssumedRole {
    client: Client,
    role_arn: String,
    external_id: Option<String>,
}

impl AssumedRole {
    /// The role at `role_arn`, assumed by whom `config` is. With `external_id`, the role's owner can tell
    /// this deployment from others that its operator serves (IAM user guide, "The confused deputy problem").
    pub(super) fn new(config: &SdkConfig, role_arn: String, external_id: Option<String>) -> Self {
        Self {
            client: Client::new(config),
            role_arn,
            external_id,
        }
    }

    async fn assume(&self) -> Result<Credentials, ServiceError> {
        let output = self
            .client
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(|error| ServiceError::new(OPERATION, &error))?;
        let incomplete = || ServiceError::incomplete(OPERATION);
        let credentials = output.credentials.ok_or_else(incomplete)?;
        let expiration = credentials.expiration.try_into();
        Ok(Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            Some(expiration.map_err(|_| incomplete())?),
            "AssumedRole",
        ))
    }

    async fn provide(&self) -> provider::Result {
        self.assume().await.map_err(|error| {
            // The call that needs the credentials only says that it was not sent.
            let cause = error_chain(&error);
            tracing::warn!(cause, "a role cannot be assumed");
            CredentialsError::provider_error(error)
        })
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}
