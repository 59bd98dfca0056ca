//! Who erased whom, and when: a record in the directory, by a digest of the person. It is begun before anything is
//! removed, so that a command that stopped half way is told of too.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{Client, types::AttributeValue::S};
use serde_json::{Value, json};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item, read_text, rfc3339, text},
};
use time::OffsetDateTime;

/// The records of one person.
pub(super) struct Erasures<'a> {
    pub(super) client: Client,
    pub(super) directory: &'a str,
    /// The pool, or the source of the vendor's that knows the person.
    pub(super) scope: &'a str,
    pub(super) subject: &'a str,
}

/// The ARN of whoever runs the command.
///
/// # Errors
/// When STS does not say it by `deadline`.
pub(super) async fn caller(config: &SdkConfig, deadline: Deadline) -> Result<String, ServiceError> {
    const OPERATION: &str = "sts:GetCallerIdentity";
    let call = aws_sdk_sts::Client::new(config).get_caller_identity();
    let said = deadline.bound(call.send()).await;
    let said = said.map_err(|_| ServiceError::incomplete(OPERATION))?;
    let said = said.map_err(|error| ServiceError::new(OPERATION, &error))?;
    said.arn.ok_or_else(|| ServiceError::incomplete(OPERATION))
}

impl Erasures<'_> {
    /// Those of before, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub(super) async fn before(&self, deadline: Deadline) -> Result<Vec<Value>, ServiceError> {
        let read = self
            .client
            .query()
            .table_name(self.directory)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", S(self.at("").pk))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:Query", &error))?;
        let items = read.items.unwrap_or_default().into_iter();
        let told = items.map(|item| {
            json!({
                "begun_at": read_text(&item, "sk"),
                "completed_at": read_text(&item, "completed_at"),
                "erased_by": read_text(&item, "erased_by"),
            })
        });
        Ok(told.collect())
    }

    /// Says that `erased_by` begins now; the record's key.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(super) async fn begin(
        &self,
        erased_by: &str,
        keeps_user: bool,
        deadline: Deadline,
    ) -> Result<DirectoryKey, ServiceError> {
        let key = self.at(&rfc3339(OffsetDateTime::now_utc()));
        let mut item = key_item(&key);
        item.extend([
            text("of", self.scope),
            text("erased_by", erased_by),
            text("left_in_pool", if keeps_user { "yes" } else { "no" }),
        ]);
        self.client
            .put_item()
            .table_name(self.directory)
            .set_item(Some(item))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map(|_| key)
            .map_err(|error| ServiceError::new("dynamodb:PutItem", &error))
    }

    /// Says that it is done.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(super) async fn complete(
        &self,
        key: &DirectoryKey,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let now = rfc3339(OffsetDateTime::now_utc());
        self.client
            .update_item()
            .table_name(self.directory)
            .set_key(Some(key_item(key)))
            .update_expression("SET completed_at = :now")
            .set_expression_attribute_values(Some(Item::from([text(":now", now)])))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map(drop)
            .map_err(|error| ServiceError::new("dynamodb:UpdateItem", &error))
    }

    fn at(&self, time: &str) -> DirectoryKey {
        DirectoryKey::erasure(self.scope, self.subject, time)
    }
}
