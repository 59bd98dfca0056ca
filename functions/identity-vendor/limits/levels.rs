//! Looks at buckets, by one cheap read that may be a moment old: whoever is refused by it has cost no write.

use std::collections::HashMap;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, KeysAndAttributes},
};
use shared::{
    aws::{Ahead, ServiceError, Trouble, dynamodb_call},
    deadline::Deadline,
    limit::{Bucket, Level},
    state::{Item, read_number, read_text},
};

const OPERATION: &str = "dynamodb:BatchGetItem";

/// The ephemeral table, to look at.
pub(crate) struct Levels {
    client: Client,
    table: String,
}

impl Levels {
    /// Buckets in the ephemeral table called `table`.
    pub(crate) fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Opens a connection to DynamoDB.
    pub(super) async fn open(&self, ahead: &Ahead, deadline: Deadline) {
        let call = dynamodb_call(deadline)
            .http_client(ahead.clone())
            .retry_config(RetryConfig::disabled());
        let _ = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S("-".to_owned()))
            .customize()
            .config_override(call)
            .send()
            .await;
    }

    /// What is in each of `buckets`, in their order.
    pub(super) async fn of(
        &self,
        buckets: &[&Bucket],
        deadline: Deadline,
    ) -> Result<Vec<Level>, ServiceError> {
        let key = |bucket: &&Bucket| {
            let value = AttributeValue::S(bucket.key.0.clone());
            HashMap::from([("pk".to_owned(), value)])
        };
        let keys = KeysAndAttributes::builder()
            .projection_expression("pk, full_at")
            .set_keys(Some(buckets.iter().map(key).collect()))
            .build()
            .map_err(|_| ServiceError::incomplete(OPERATION))?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, keys)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new(OPERATION, &error))?;
        let left = output.unprocessed_keys.unwrap_or_default();
        if left.contains_key(&self.table) {
            return Err(ServiceError {
                code: "UnprocessedKeys".to_owned(),
                trouble: Trouble::Throttled,
                ..ServiceError::incomplete(OPERATION)
            });
        }
        let found = output.responses.unwrap_or_default();
        let found = found.get(&self.table).map_or(&[][..], Vec::as_slice);
        let level = |bucket: &&Bucket| {
            let own = |item: &&Item| read_text(item, "pk") == Some(&bucket.key.0);
            let item = found.iter().find(own);
            let full_at = item.and_then(|item| read_number(item, "full_at"));
            bucket.rate.level_now(full_at)
        };
        Ok(buckets.iter().map(level).collect())
    }
}
