//! What becomes of the records of a user who is gone: the claim of the mailbox is released, and the profile
//! goes, or leaves a tombstone where the pool still has the user.

use aws_sdk_dynamodb::{
    Client,
    operation::{delete_item::DeleteItemError, transact_write_items::TransactWriteItemsError},
    types::{Delete, Put, TransactWriteItem},
};
use time::OffsetDateTime;

use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    record::{EventKind, User, outbox_event},
    state::{DirectoryKey, Item, key_item, rfc3339, text},
};

/// Of `user.deleted`: a `sub` never comes back.
const DELETED: &str = "user-deleted";

/// Deletes what the directory knows of users.
#[derive(Debug, Clone)]
pub struct Retirer {
    client: Client,
    table: String,
}

/// What is left of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: the pool knows the user no more.
    Nothing,
    /// That the user was erased, so that nobody records anew whom the pool still has.
    Tombstone,
}

impl Retirer {
    /// Of the directory table called `table`.
    pub fn new(table: String, client: Client) -> Self {
        Self { client, table }
    }

    /// Releases the claim with the key `claim`, if it is the user's, and then deletes the profile and tells of
    /// it with `user.deleted`, once. The claim goes first: the profile is what leads to it.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub async fn retire(
        &self,
        user: &User<'_>,
        claim: Option<&str>,
        leave: Leave,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        if let Some(claim) = claim {
            self.release_claim(user.sub, claim, deadline).await?;
        }
        let now = OffsetDateTime::now_utc();
        let event = outbox_event(user, EventKind::Deleted, DELETED, now);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(event))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        // `build` fails only without table or item, which are set above.
        let event = TransactWriteItem::builder().set_put(put.ok()).build();
        let profile = self.without_profile(user, leave, now);
        if self.written(vec![profile.clone(), event], deadline).await? {
            return Ok(());
        }
        // It has been told before.
        self.written(vec![profile], deadline).await.map(drop)
    }

    /// Deletes the claim with the key `pk`, if it is that of the user `sub`; whether it was.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub async fn release_claim(
        &self,
        sub: &str,
        pk: &str,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let key = DirectoryKey {
            pk: pk.to_owned(),
            ..DirectoryKey::email_claim("", "")
        };
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&key)))
            .condition_expression("#sub = :sub")
            .expression_attribute_names("#sub", "sub")
            .set_expression_attribute_values(Some(Item::from([text(":sub", sub)])))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ServiceError::new("dynamodb:DeleteItem", &error)),
            },
        }
    }

    fn without_profile(
        &self,
        user: &User<'_>,
        leave: Leave,
        now: OffsetDateTime,
    ) -> TransactWriteItem {
        let key = key_item(&DirectoryKey::profile(user.user_pool_id, user.sub));
        let builder = TransactWriteItem::builder();
        match leave {
            Leave::Nothing => {
                let delete = Delete::builder().table_name(&self.table).set_key(Some(key));
                builder.set_delete(delete.build().ok()).build()
            }
            Leave::Tombstone => {
                let mut item = key;
                item.extend([
                    text("user_pool_id", user.user_pool_id),
                    text("sub", user.sub),
                    text("erased_at", rfc3339(now)),
                ]);
                let put = Put::builder().table_name(&self.table).set_item(Some(item));
                builder.set_put(put.build().ok()).build()
            }
        }
    }

    /// Whether the items were written; not where a condition refused.
    async fn written(
        &self,
        items: Vec<TransactWriteItem>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => {
                let refused = match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                        let reasons = canceled.cancellation_reasons().iter();
                        let mut codes = reasons.filter_map(|reason| reason.code());
                        codes.any(|code| code == "ConditionalCheckFailed")
                    }
                    _ => false,
                };
                let failed = ServiceError::new("dynamodb:TransactWriteItems", &error);
                if refused { Ok(false) } else { Err(failed) }
            }
        }
    }
}
