//! What the profile says is still to be done, and that it is done.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::tables::Tables;
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    record::{PENDING_GROUPS, PENDING_INVITATION, User},
    state::{DirectoryKey, Item, key_item},
};

/// What is still to be done for a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// The groups to join.
    pub groups: BTreeSet<String>,
    /// Whether an invitation is to be looked for.
    pub invitation: bool,
    /// An operator has erased the user: nothing is recorded of them any more.
    pub erased: bool,
}

impl Pending {
    /// Of a profile.
    pub fn read(profile: &Item) -> Self {
        let groups = profile.get(PENDING_GROUPS).map(AttributeValue::as_ss);
        let groups = groups.and_then(Result::ok).cloned();
        Self {
            groups: groups.unwrap_or_default().into_iter().collect(),
            invitation: profile.contains_key(PENDING_INVITATION),
            erased: profile.contains_key("erased_at"),
        }
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && !self.invitation
    }
}

impl Tables {
    pub(super) async fn pending(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<Pending, ServiceError> {
        let key = DirectoryKey::profile(user.user_pool_id, user.sub);
        let item = self.item(&self.directory, key_item(&key), deadline).await?;
        Ok(item.as_ref().map(Pending::read).unwrap_or_default())
    }

    /// The group is pending no more.
    pub(super) async fn joined(
        &self,
        user: &User<'_>,
        group: &str,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let group = AttributeValue::Ss(vec![group.to_owned()]);
        let values = Item::from([(":group".to_owned(), group)]);
        let change = format!("DELETE {PENDING_GROUPS} :group");
        self.change(user, change, Some(values), deadline).await
    }

    /// No invitation is to be looked for any more.
    pub(super) async fn without_invitation(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let change = format!("REMOVE {PENDING_INVITATION}");
        self.change(user, change, None, deadline).await
    }

    pub(super) async fn forget(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let change = format!("REMOVE {PENDING_GROUPS}, {PENDING_INVITATION}");
        self.change(user, change, None, deadline).await
    }

    /// Changes a profile that is there; one that is gone has nothing pending.
    async fn change(
        &self,
        user: &User<'_>,
        change: String,
        values: Option<Item>,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let key = DirectoryKey::profile(user.user_pool_id, user.sub);
        let sent = self
            .client
            .update_item()
            .table_name(&self.directory)
            .set_key(Some(key_item(&key)))
            .update_expression(change)
            .condition_expression("attribute_exists(pk)")
            .set_expression_attribute_values(values)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
        }
    }
}
