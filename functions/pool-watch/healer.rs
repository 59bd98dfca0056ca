//! Puts the triggers back, once, and remembers that it did. This needs UpdateUserPool, the power to take a pool over.

use aws_sdk_dynamodb::{Client, operation::put_item::PutItemError, types::AttributeValue::S};
use shared::{
    aws::{ServiceError, SignedError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, key_item, read_text, rfc3339, text},
    user_pool::{self, ApplyError, Options, PoolApi, PoolSettings, Refusals, Triggers},
};
use time::OffsetDateTime;

/// The mark in the directory table, and the pool.
pub(crate) struct Healer {
    client: Client,
    table: String,
    api: PoolApi,
}

/// Why the triggers were not put back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotHealed {
    #[error("another run puts them back")]
    Overtaken,
    #[error("somebody is changing the pool: {}", .0.join(", "))]
    Changing(Vec<String>),
    #[error(transparent)]
    Table(#[from] ServiceError),
    #[error(transparent)]
    Call(#[from] SignedError),
    #[error(transparent)]
    Refused(#[from] Refusals),
    #[error(transparent)]
    Applied(#[from] ApplyError),
}

impl Healer {
    pub(crate) fn new(client: Client, table: String, api: PoolApi) -> Self {
        Self { client, table, api }
    }

    /// What was put back before, as `user_pool::mark` names it.
    pub(crate) async fn healed_before(
        &self,
        deadline: Deadline,
    ) -> Result<Option<String>, ServiceError> {
        let key = DirectoryKey::watch(self.api.user_pool_id());
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&key)))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        let item = read.item.unwrap_or_default();
        Ok(read_text(&item, "healed").map(str::to_owned))
    }

    /// Marks, then puts back: a run that dies in between leaves an alarm, not a second healing.
    pub(crate) async fn heal(
        &self,
        found: &PoolSettings,
        wanted: &Triggers,
        deadline: Deadline,
    ) -> Result<(), NotHealed> {
        let mfa = self.api.mfa(deadline).await?;
        // The update sends every setting: what somebody has changed since would be undone.
        let now = self.api.describe(deadline).await?;
        let changing = found.differences(&now);
        if !changing.is_empty() {
            return Err(NotHealed::Changing(changing));
        }
        let plan = user_pool::attach(&now, wanted, Options::default())?;
        self.mark(wanted, deadline).await?;
        user_pool::apply(&self.api, &plan, &now, &mfa, deadline).await?;
        Ok(())
    }

    async fn mark(&self, wanted: &Triggers, deadline: Deadline) -> Result<(), NotHealed> {
        let mark = user_pool::mark(wanted);
        let mut item = key_item(&DirectoryKey::watch(self.api.user_pool_id()));
        item.extend([
            text("healed", &mark),
            text("healed_at", rfc3339(OffsetDateTime::now_utc())),
        ]);
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR healed <> :mark")
            .expression_attribute_values(":mark", S(mark))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Err(NotHealed::Overtaken)
            }
            Err(error) => Err(ServiceError::new("dynamodb:PutItem", &error).into()),
        }
    }
}
