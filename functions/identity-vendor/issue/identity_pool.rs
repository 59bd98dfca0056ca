//! Amazon Cognito's side of a developer-authenticated identity.

use std::collections::BTreeMap;

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_cognitoidentity::{Client, config::Builder};
use secrecy::SecretString;
use shared::{
    aws::{Ahead, ServiceError, timeouts},
    deadline::Deadline,
    policy::Name,
    vending::ROLE_TAG,
};

/// As IAM names it.
const OPERATION: &str = "cognito-identity:GetOpenIdTokenForDeveloperIdentity";

/// The identity pool, and the developer provider in it.
pub(crate) struct IdentityPool {
    client: Client,
    pool_id: String,
    provider: String,
}

/// What a token is to be like.
pub(crate) struct TokenRequest<'a> {
    /// The role that it opens.
    pub(crate) alias: &'a Name,
    /// What it carries beside the alias.
    pub(crate) tags: &'a BTreeMap<String, String>,
    /// How long it lives.
    pub(crate) seconds: u32,
}

/// A Cognito OpenID token, and whose it is.
pub(crate) struct OpenIdToken {
    pub(crate) identity_id: String,
    pub(crate) token: SecretString,
}

impl IdentityPool {
    pub(crate) fn new(config: &SdkConfig, pool_id: String, provider: String) -> Self {
        let client = Client::new(config);
        Self {
            client,
            pool_id,
            provider,
        }
    }

    /// Opens a connection to Cognito.
    pub(super) async fn open(&self, ahead: &Ahead, deadline: Deadline) {
        let call = Builder::new()
            .http_client(ahead.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(deadline));
        let _ = self
            .client
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(&self.pool_id)
            .logins(&self.provider, "-")
            .customize()
            .config_override(call)
            .send()
            .await;
    }

    /// A token that opens the one role only. `identity_id` is the one on record: with it Cognito refuses rather
    /// than makes another.
    pub(crate) async fn open_id_token(
        &self,
        developer_user_id: &str,
        identity_id: Option<&str>,
        request: &TokenRequest<'_>,
        deadline: Deadline,
    ) -> Result<OpenIdToken, ServiceError> {
        let output = self
            .client
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(&self.pool_id)
            .set_identity_id(identity_id.map(str::to_owned))
            .logins(&self.provider, developer_user_id)
            .set_principal_tags(Some(request.tags.clone().into_iter().collect()))
            // Last, so that nothing stands in its place.
            .principal_tags(ROLE_TAG, request.alias.as_str())
            .token_duration(request.seconds.into())
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await
            .map_err(|error| ServiceError::new(OPERATION, &error))?;
        match (output.identity_id, output.token) {
            (Some(identity_id), Some(token)) => Ok(OpenIdToken {
                identity_id,
                token: SecretString::from(token),
            }),
            _ => Err(ServiceError::incomplete(OPERATION)),
        }
    }
}
