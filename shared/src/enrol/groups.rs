//! Membership of a group of the user pool.

use aws_sdk_cognitoidentityprovider::{Client, config::Builder};

use crate::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    record::User,
};

/// The user pools.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    pub(super) client: Client,
}

impl Groups {
    /// Puts the user into the group; whoever is in it already stays.
    ///
    /// # Errors
    /// When there is no such group, or Cognito does not answer by `deadline`.
    pub(super) async fn join(
        &self,
        user: &User<'_>,
        group: &str,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let added = self
            .client
            .admin_add_user_to_group()
            .user_pool_id(user.user_pool_id)
            .username(user.user_name)
            .group_name(group)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await;
        added
            .map(drop)
            .map_err(|error| ServiceError::new("cognito-idp:AdminAddUserToGroup", &error))
    }
}
