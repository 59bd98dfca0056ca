//! Amazon Cognito's side of a developer-authenticated identity.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentity::{Client, config::Builder};
use secrecy::SecretString;
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    policy::Name,
};

/// As IAM names it.
const OPERATION: &str = "cognito-identity:GetOpenIdTokenForDeveloperIdentity";

/// The principal tag that the trust policy of every alias's role requires: signed into the token, it is
/// what keeps the holder of one role's token from naming another role.
const ROLE_TAG: &str = "vend_role";

/// The identity pool, and the developer provider in it.
pub(crate) struct IdentityPool {
    client: Client,
    pool_id: String,
    provider: String,
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

    /// A token that lives `seconds` and opens the role `alias` only. `identity_id` is the one on record:
    /// with it Cognito refuses rather than makes another.
    pub(crate) async fn open_id_token(
        &self,
        developer_user_id: &str,
        identity_id: Option<&str>,
        alias: &Name,
        seconds: u32,
        deadline: Deadline,
    ) -> Result<OpenIdToken, ServiceError> {
        let output = self
            .client
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(&self.pool_id)
            .set_identity_id(identity_id.map(str::to_owned))
            .logins(&self.provider, developer_user_id)
            .principal_tags(ROLE_TAG, alias.as_str())
            .token_duration(seconds.into())
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
