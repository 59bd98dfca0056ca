//! The users of the pool, as Cognito knows them: who has an address, and who is joined to whom.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::{
    Client,
    config::Builder,
    types::{ProviderUserIdentifierType, UserStatusType, UserType},
};
use serde::Deserialize;
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    email::EmailAddress,
};

/// As IAM names it.
const LIST: &str = "cognito-idp:ListUsers";
const LINK: &str = "cognito-idp:AdminLinkProviderForUser";

/// The client.
#[derive(Debug, Clone)]
pub(crate) struct UserPool {
    client: Client,
}

/// A user of the pool who has an address.
pub(crate) struct PoolUser {
    pub(crate) user_name: String,
    /// Not one of a provider's, made at a first sign-in.
    pub(crate) native: bool,
    pub(crate) enabled: bool,
    pub(crate) email_verified: bool,
    pub(crate) phone_number_verified: bool,
    identities: Vec<Identity>,
}

/// An element of the attribute `identities`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    provider_name: String,
    user_id: String,
}

/// A provider's user and the account that they are joined to.
pub(crate) struct Link {
    pub(crate) user_pool_id: String,
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) user_name: String,
}

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linked {
    /// They are joined now.
    Now,
    /// Cognito says no: they are joined already, or the provider's user has an account.
    Refused,
    /// The account has as many as it may have.
    TooMany,
}

impl UserPool {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let client = Client::new(config);
        Self { client }
    }

    /// Everybody in the pool with this address; `written` is how it was spelt.
    ///
    /// # Errors
    /// When Cognito does not say by `deadline`, or there are more than it says at once.
    pub(crate) async fn users_with(
        &self,
        user_pool_id: &str,
        address: &EmailAddress,
        written: &str,
        deadline: Deadline,
    ) -> Result<Vec<PoolUser>, ServiceError> {
        // An address that could be read has no quotation mark and no backslash.
        let filter = |email: &str| format!("email = \"{email}\"");
        let canonical = address.canonical();
        let mut users = self
            .list(user_pool_id, filter(&canonical), deadline)
            .await?;
        // Whether the filter heeds case is not documented for `email`.
        if written != canonical {
            let spelt = self.list(user_pool_id, filter(written), deadline).await?;
            for user in spelt {
                if !users.iter().any(|other| other.user_name == user.user_name) {
                    users.push(user);
                }
            }
        }
        Ok(users)
    }

    /// Everybody in the pool with this number, which is one in E.164.
    ///
    /// # Errors
    /// As [`Self::users_with`].
    pub(crate) async fn users_at(
        &self,
        user_pool_id: &str,
        phone_number: &str,
        deadline: Deadline,
    ) -> Result<Vec<PoolUser>, ServiceError> {
        let filter = format!("phone_number = \"{phone_number}\"");
        self.list(user_pool_id, filter, deadline).await
    }

    async fn list(
        &self,
        user_pool_id: &str,
        filter: String,
        deadline: Deadline,
    ) -> Result<Vec<PoolUser>, ServiceError> {
        let listed = self
            .client
            .list_users()
            .user_pool_id(user_pool_id)
            .filter(filter)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await
            .map_err(|error| ServiceError::new(LIST, &error))?;
        match listed.pagination_token {
            Some(_) => Err(ServiceError::incomplete(LIST)),
            None => {
                let users = listed.users.unwrap_or_default().into_iter();
                Ok(users.map(PoolUser::read).collect())
            }
        }
    }

    /// Joins a provider's user to an account.
    ///
    /// # Errors
    /// When Cognito does not say by `deadline`.
    pub(crate) async fn link(
        &self,
        link: &Link,
        deadline: Deadline,
    ) -> Result<Linked, ServiceError> {
        let source = ProviderUserIdentifierType::builder()
            .provider_name(&link.provider)
            .provider_attribute_name("Cognito_Subject")
            .provider_attribute_value(&link.subject)
            .build();
        let destination = ProviderUserIdentifierType::builder()
            .provider_name("Cognito")
            .provider_attribute_value(&link.user_name)
            .build();
        let linked = self
            .client
            .admin_link_provider_for_user()
            .user_pool_id(&link.user_pool_id)
            .source_user(source)
            .destination_user(destination)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await;
        let Err(error) = linked else {
            return Ok(Linked::Now);
        };
        match error.as_service_error() {
            Some(refused) if refused.is_invalid_parameter_exception() => Ok(Linked::Refused),
            Some(refused) if refused.is_limit_exceeded_exception() => Ok(Linked::TooMany),
            _ => Err(ServiceError::new(LINK, &error)),
        }
    }
}

impl PoolUser {
    fn read(user: UserType) -> Self {
        let native = user.user_status != Some(UserStatusType::ExternalProvider);
        let attribute = |name: &str| {
            let attributes = user.attributes().iter();
            let mut named = attributes.filter(|attribute| attribute.name() == name);
            named.next().and_then(|attribute| attribute.value())
        };
        let identities = attribute("identities").map(serde_json::from_str);
        Self {
            native,
            enabled: user.enabled,
            email_verified: attribute("email_verified") == Some("true"),
            phone_number_verified: attribute("phone_number_verified") == Some("true"),
            identities: identities.and_then(Result::ok).unwrap_or_default(),
            user_name: user.username.unwrap_or_default(),
        }
    }

    /// Whether a provider's user is joined to them.
    pub(crate) fn has(&self, provider: &str, subject: &str) -> bool {
        let is = |it: &Identity| it.provider_name == provider && it.user_id == subject;
        self.identities.iter().any(is)
    }
}
