//! Who has moved in: a record by store and record id, not by the name that was typed.
//!
//! Cognito asks about every name that the pool does not hold, also about users who were deleted, banned or
//! renamed there. Without a record they would come back by their old password. When the function answers, a
//! user is `offered`: Cognito may still refuse them, and it may ask again for the same attempt, so a bounded
//! number of offers is made. Who has been seen in the pool is `moved`, and is offered no more. What the pool
//! cannot be told by the trigger's answer (groups) and cannot take over (a second factor) is in the record,
//! for whoever sees the user in the pool.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{Bool, N, S, Ss},
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
    /// The groups of the pool that the user gets into.
    pub(crate) groups: BTreeSet<String>,
    /// Whether the old system asked for a second factor.
    pub(crate) mfa: bool,
    /// The scheme of the hash that was verified, if one was.
    pub(crate) scheme: Option<&'static str>,
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
        let mut attributes = vec![
            ("user_pool_id", S(mover.user_pool_id.to_owned())),
            ("store", S(mover.store.to_owned())),
            ("user_name", S(mover.user_name.to_owned())),
            ("offered_at", S(rfc3339(OffsetDateTime::now_utc()))),
            ("mfa", Bool(mover.mfa)),
        ];
        // DynamoDB holds no empty set.
        if !mover.groups.is_empty() {
            attributes.push(("groups", Ss(mover.groups.iter().cloned().collect())));
        }
        attributes.extend(mover.scheme.map(|scheme| ("scheme", S(scheme.to_owned()))));
        let sets: Vec<String> = attributes
            .iter()
            .map(|(name, _)| format!("#{name} = :{name}"))
            .collect();
        let names = attributes.iter();
        let names = names.map(|(name, _)| (format!("#{name}"), (*name).to_owned()));
        let values = attributes.iter();
        let values = values.map(|(name, value)| (format!(":{name}"), value.clone()));
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", S(key.pk))
            .key("sk", S(key.sk))
            .update_expression(format!(
                "SET #state = :offered, {}, \
                 first_offered_at = if_not_exists(first_offered_at, :offered_at) ADD offers :one",
                sets.join(", ")
            ))
            .condition_expression(
                "attribute_not_exists(pk) OR (#state = :offered AND offers < :most)",
            )
            .set_expression_attribute_names(Some(names.collect()))
            .set_expression_attribute_values(Some(values.collect()))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":offered", S("offered".to_owned()))
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
