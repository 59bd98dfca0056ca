//! The person in the user pool.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::{Client, error::ProvideErrorMetadata, types::AttributeType};
use shared::{aws::ServiceError, deadline::Deadline};

/// The attributes by which a person may have signed in to a legacy store.
const NAMES: [&str; 3] = ["email", "phone_number", "preferred_username"];

/// The user pool.
pub(super) struct Pool<'a> {
    client: Client,
    id: &'a str,
}

/// Who was found there.
pub(super) struct Found {
    pub(super) sub: String,
    pub(super) user_name: String,
    /// Whatever else the person may be called by.
    names: Vec<String>,
}

impl Found {
    /// `None` without a `sub`, which every user has.
    fn of(user_name: Option<String>, attributes: Option<Vec<AttributeType>>) -> Option<Self> {
        let (mut sub, mut names) = (None, Vec::new());
        for attribute in attributes.unwrap_or_default() {
            match attribute.name.as_str() {
                "sub" => sub = attribute.value,
                name if NAMES.contains(&name) => names.extend(attribute.value),
                _ => {}
            }
        }
        Some(Self {
            sub: sub?,
            user_name: user_name?,
            names,
        })
    }

    /// The user name and the others.
    pub(super) fn all_names(&self) -> Vec<String> {
        let mut names = self.names.clone();
        names.push(self.user_name.clone());
        names
    }
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
            Ok(user) => Found::of(Some(user.username), user.user_attributes)
                .map(Some)
                .ok_or_else(|| ServiceError::incomplete(OPERATION)),
            Err(error) if error.code() == Some("UserNotFoundException") => Ok(None),
            Err(error) => Err(ServiceError::new(OPERATION, &error)),
        }
    }

    /// The user with this `sub`, if there is one.
    pub(super) async fn find_by_sub(
        &self,
        sub: &str,
        deadline: Deadline,
    ) -> Result<Option<Found>, ServiceError> {
        const OPERATION: &str = "cognito-idp:ListUsers";
        let call = self
            .client
            .list_users()
            .user_pool_id(self.id)
            .filter(format!("sub = \"{sub}\""));
        let listed = deadline.bound(call.send()).await;
        let listed = listed.map_err(|_| ServiceError::incomplete(OPERATION))?;
        let listed = listed.map_err(|error| ServiceError::new(OPERATION, &error))?;
        match listed.users.unwrap_or_default().pop() {
            Some(user) => Found::of(user.username, user.attributes)
                .filter(|found| found.sub == sub)
                .map(Some)
                .ok_or_else(|| ServiceError::incomplete(OPERATION)),
            None => Ok(None),
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
