//! Who has moved in: a record by store and record id, not by the name that was typed.
//!
//! Cognito asks about every name that the pool does not hold, also about users who were deleted, banned or
//! renamed there. Without a record they would come back by their old password. When the function answers, a
//! user is `offered`: Cognito may still refuse them, and it may ask again for the same attempt, so a bounded
//! number of offers is made. Who has been seen in the pool is `moved`, and is offered no more.

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{N, S},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, rfc3339},
};
use time::OffsetDateTime;

/// The records of the directory table.
pub(crate) struct MovedIn {
    client: Client,
    table: String,
    max_offers: u32,
}

/// Who is to move in, and where from.
pub(crate) struct Mover<'a> {
    pub(crate) user_pool_id: &'a str,
    pub(crate) store: &'a str,
    pub(crate) record_id: &'a str,
    /// The name by which the pool will know the user.
    pub(crate) user_name: &'a str,
}

/// Whether a user may move in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Yes, and it is recorded.
    Made,
    /// No: they have moved in already, or were offered too often.
    MovedBefore,
}

impl MovedIn {
    pub(crate) fn new(client: Client, table: String, max_offers: u32) -> Self {
        Self {
            client,
            table,
            max_offers,
        }
    }

    /// Records that `mover` is offered to Cognito.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn offer(
        &self,
        mover: &Mover<'_>,
        deadline: Deadline,
    ) -> Result<Offer, ServiceError> {
        let key = DirectoryKey::moved(mover.user_pool_id, mover.store, mover.record_id);
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", S(key.pk))
            .key("sk", S(key.sk))
            .update_expression(
                "SET #state = :offered, user_pool_id = :pool, #store = :store, user_name = :name, \
                 offered_at = :now ADD offers :one",
            )
            .condition_expression(
                "attribute_not_exists(pk) OR (#state = :offered AND offers < :most)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#store", "store")
            .expression_attribute_values(":offered", S("offered".to_owned()))
            .expression_attribute_values(":pool", S(mover.user_pool_id.to_owned()))
            .expression_attribute_values(":store", S(mover.store.to_owned()))
            .expression_attribute_values(":name", S(mover.user_name.to_owned()))
            .expression_attribute_values(":now", S(rfc3339(OffsetDateTime::now_utc())))
            .expression_attribute_values(":one", N("1".to_owned()))
            .expression_attribute_values(":most", N(self.max_offers.to_string()))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match written {
            Ok(_) => Ok(Offer::Made),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(Offer::MovedBefore)
            }
            Err(error) => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
        }
    }
}
