//! The user pool: its users by parts, and single ones.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cognitoidentityprovider::{
    Client,
    config::Builder,
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::{AttributeType, UserStatusType},
};
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    email::EmailAddress,
};

use crate::pace::Pace;

/// The most users that an answer has (API reference, ListUsers).
const PAGE: i32 = 60;

/// What one call may take: a page that hangs is asked for again.
const CALL: Duration = Duration::from_secs(10);

/// A user pool.
pub(crate) struct Pool<'a> {
    pub(crate) client: &'a Client,
    pub(crate) id: &'a str,
    pub(crate) pace: Pace,
}

/// A user of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolUser {
    pub(crate) sub: String,
    pub(crate) user_name: String,
    /// Whether there is something to record: all but those who never confirmed a sign-up.
    pub(crate) confirmed: bool,
    /// When it was made, seconds since 1970.
    pub(crate) created: i64,
    /// When it was changed last, seconds since 1970.
    pub(crate) modified: i64,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// An answer of ListUsers.
pub(crate) enum Page {
    /// Some users, and what leads to the next.
    Users(Vec<PoolUser>, Option<String>),
    /// The token that led to this page is not accepted any more.
    Expired,
}

impl PoolUser {
    /// The mailbox of the e-mail address, if that is verified.
    pub(crate) fn mailbox(&self) -> Option<String> {
        self.email().map(|email| email.mailbox())
    }

    /// The e-mail address, if that is verified.
    pub(crate) fn email(&self) -> Option<EmailAddress> {
        let verified = self.attributes.get("email_verified")? == "true";
        let email: EmailAddress = self.attributes.get("email")?.parse().ok()?;
        verified.then_some(email)
    }

    /// A user whom the pool does not know any more.
    pub(crate) fn gone(sub: &str) -> Self {
        Self {
            sub: sub.to_owned(),
            user_name: String::new(),
            confirmed: false,
            created: 0,
            modified: 0,
            attributes: BTreeMap::new(),
        }
    }

    /// `None` without a `sub`, which every user has.
    fn of(
        user_name: Option<String>,
        attributes: Option<Vec<AttributeType>>,
        status: Option<UserStatusType>,
        (created, modified): (Option<DateTime>, Option<DateTime>),
    ) -> Option<Self> {
        let attributes = attributes.unwrap_or_default().into_iter();
        let mut attributes: BTreeMap<String, String> = attributes
            .filter_map(|attribute| Some((attribute.name, attribute.value?)))
            .collect();
        Some(Self {
            sub: attributes.remove("sub").filter(|sub| !sub.is_empty())?,
            user_name: user_name?,
            // An administrator vouches for whom they made: a temporary password does not matter.
            confirmed: matches!(
                status,
                Some(
                    UserStatusType::Confirmed
                        | UserStatusType::ExternalProvider
                        | UserStatusType::ForceChangePassword
                        | UserStatusType::ResetRequired
                )
            ),
            created: created.map_or(0, |time| time.secs()),
            modified: modified.map_or(0, |time| time.secs()),
            attributes,
        })
    }
}

impl Pool<'_> {
    /// The users whose `sub` begins with `prefix`, from where `token` leads.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        token: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page, ServiceError> {
        self.pace.turn().await;
        let listed = self
            .client
            .list_users()
            .user_pool_id(self.id)
            .filter(format!("sub ^= \"{prefix}\""))
            .limit(PAGE)
            .set_pagination_token(token.map(str::to_owned))
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline.at_most(CALL))))
            .send()
            .await;
        match listed {
            Ok(listed) => {
                let users = listed.users.unwrap_or_default().into_iter();
                let users = users.filter_map(|user| {
                    PoolUser::of(
                        user.username,
                        user.attributes,
                        user.user_status,
                        (user.user_create_date, user.user_last_modified_date),
                    )
                });
                Ok(Page::Users(users.collect(), listed.pagination_token))
            }
            // A token lives for an hour (API reference, ListUsers); no other parameter changes.
            Err(error) if token.is_some() && error.code() == Some("InvalidParameterException") => {
                Ok(Page::Expired)
            }
            Err(error) => Err(ServiceError::new("cognito-idp:ListUsers", &error)),
        }
    }

    /// Puts the user into a group or takes them out; whoever is as asked already stays so.
    ///
    /// # Errors
    /// When there is no such group to join or no such user, or Cognito does not answer.
    pub(crate) async fn set_member(
        &self,
        user_name: &str,
        group: &str,
        member: bool,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        self.pace.turn().await;
        let limits = || Builder::new().timeout_config(timeouts(deadline.at_most(CALL)));
        if member {
            let added = self
                .client
                .admin_add_user_to_group()
                .user_pool_id(self.id)
                .username(user_name)
                .group_name(group)
                .customize()
                .config_override(limits())
                .send()
                .await;
            return added
                .map(drop)
                .map_err(|error| ServiceError::new("cognito-idp:AdminAddUserToGroup", &error));
        }
        let removed = self
            .client
            .admin_remove_user_from_group()
            .user_pool_id(self.id)
            .username(user_name)
            .group_name(group)
            .customize()
            .config_override(limits())
            .send()
            .await;
        match removed {
            Ok(_) => Ok(()),
            // Nobody is in a group that there is not.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => {
                const OPERATION: &str = "cognito-idp:AdminRemoveUserFromGroup";
                Err(ServiceError::new(OPERATION, &error))
            }
        }
    }

    /// The user called `user_name`, if the pool has one.
    ///
    /// # Errors
    /// When Cognito does not answer.
    pub(crate) async fn get(
        &self,
        user_name: &str,
        deadline: Deadline,
    ) -> Result<Option<PoolUser>, ServiceError> {
        const OPERATION: &str = "cognito-idp:AdminGetUser";
        self.pace.turn().await;
        let got = self
            .client
            .admin_get_user()
            .user_pool_id(self.id)
            .username(user_name)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline.at_most(CALL))))
            .send()
            .await;
        match got {
            Ok(user) => {
                let status = user.user_status;
                let user = PoolUser::of(
                    Some(user.username),
                    user.user_attributes,
                    status,
                    (user.user_create_date, user.user_last_modified_date),
                );
                user.map(Some)
                    .ok_or_else(|| ServiceError::incomplete(OPERATION))
            }
            Err(error) if error.code() == Some("UserNotFoundException") => Ok(None),
            Err(error) => Err(ServiceError::new(OPERATION, &error)),
        }
    }
}
