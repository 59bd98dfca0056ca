//! The person in the user pool.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::{Client, error::ProvideErrorMetadata};
use shared::{aws::ServiceError, deadline::Deadline};

/// The user pool.
pub(super) struct Pool<'a> {
    client: Client,
    id: &'a str,
}

/// Who was found there.
pub(super) struct Found {
    pub(super) sub: String,
    pub(super) user_name: String,
}

impl<'a> Pool<'a> {
    pub(super) fn new(config: &SdkConfig, id: &'a str) -> Self {
        Self {
            client: Client::new(config),
            id,
        }
    }

    /// The user called `name`, if there is one.
    pub(super) async fn find(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Option<Found>, ServiceError> {
        const OPERATION: &str = "cognito-idp:AdminGetUser";
        let call = self
            .client
            .admin_get_user()
            .user_pool_id(self.id)
            .username(name);
        let got = deadline.bound(call.send()).await;
        match got.map_err(|_| ServiceError::incomplete(OPERATION))? {
            Ok(user) => {
                let mut attributes = user.user_attributes.unwrap_or_default().into_iter();
                let sub = attributes.find(|attribute| attribute.name == "sub");
                let sub = sub.and_then(|sub| sub.value);
                let sub = sub.ok_or_else(|| ServiceError::incomplete(OPERATION))?;
                Ok(Some(Found {
                    sub,
                    user_name: user.username,
                }))
            }
            Err(error) if error.code() == Some("UserNotFoundException") => Ok(None),
            Err(error) => Err(ServiceError::new(OPERATION, &error)),
        }
    }

    /// Deletes the user; one who is gone already stays so.
    pub(super) async fn delete(
        &self,
        user_name: &str,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        const OPERATION: &str = "cognito-idp:AdminDeleteUser";
        let call = self
            .client
            .admin_delete_user()
            .user_pool_id(self.id)
            .username(user_name);
        let deleted = deadline.bound(call.send()).await;
        match deleted.map_err(|_| ServiceError::incomplete(OPERATION))? {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("UserNotFoundException") => Ok(()),
            Err(error) => Err(ServiceError::new(OPERATION, &error)),
        }
    }
}
