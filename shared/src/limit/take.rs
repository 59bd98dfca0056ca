//! Takes a token from a bucket in the ephemeral table.
//!
//! A condition decides, not what was read before: any number of environments that take at the same time let
//! no more through than the bucket holds.

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{N, S},
};

use super::{Bucket, Level, Rate, rate::now_ms};
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::EphemeralKey,
};

/// The buckets.
#[derive(Debug, Clone)]
pub struct Limiter {
    client: Client,
    table: String,
}

impl Limiter {
    /// Buckets in the ephemeral table called `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Takes one from the bucket `key`; whether there was one.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub async fn take(
        &self,
        key: &EphemeralKey,
        rate: Rate,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let key = key.clone();
        let bucket = Bucket { key, rate };
        self.take_keeping(&bucket, Level::Full, 0, deadline).await
    }

    /// Takes one from `bucket`, in which there was `seen` a moment ago, if `kept` are left then; whether they are.
    ///
    /// What was seen decides only which conditional write comes first: mostly it is the only one.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub async fn take_keeping(
        &self,
        bucket: &Bucket,
        seen: Level,
        kept: u32,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let Bucket { key, rate } = bucket;
        let attempt = rate.attempt(now_ms(), kept);
        let from_full = Step {
            update: "SET full_at = :full_at, expires_at = :expires_at",
            condition: "attribute_not_exists(pk) OR full_at <= :now",
            numbers: &[
                (":full_at", attempt.of_a_full_bucket()),
                (":now", attempt.now),
                (":expires_at", attempt.expires_at()),
            ],
        };
        let from_the_rest = Step {
            update: "SET full_at = full_at + :interval, expires_at = :expires_at",
            condition: "full_at > :now AND full_at <= :latest",
            numbers: &[
                (":interval", attempt.interval),
                (":now", attempt.now),
                (":latest", attempt.latest),
                (":expires_at", attempt.expires_at()),
            ],
        };
        // From a bucket that has become full since it was seen, somebody else may take between the first two writes:
        // the third finds what they left. Who is to leave something for others does not try so hard.
        let steps: &[&Step<'_>] = match seen {
            Level::Full => &[&from_full, &from_the_rest],
            _ if kept > 0 => &[&from_the_rest, &from_full],
            Level::Left(_) | Level::Empty(_) => &[&from_the_rest, &from_full, &from_the_rest],
        };
        for step in steps {
            // A full bucket has no more than that to keep.
            let enough = kept < rate.burst() || !std::ptr::eq(*step, &from_full);
            if enough && self.step(key, step, deadline).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the condition held.
    async fn step(
        &self,
        key: &EphemeralKey,
        step: &Step<'_>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let numbers = step.numbers.iter();
        let numbers = numbers.map(|(name, value)| ((*name).to_owned(), N(value.to_string())));
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", S(key.0.clone()))
            .update_expression(step.update)
            .condition_expression(step.condition)
            .set_expression_attribute_values(Some(numbers.collect()))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
            },
        }
    }
}

/// One conditional update.
struct Step<'a> {
    update: &'static str,
    condition: &'static str,
    numbers: &'a [(&'static str, i64)],
}
