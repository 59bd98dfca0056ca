//! The durable record of who is who: a subject of a source → a developer user id → an IdentityId.
//!
//! The developer user id is random: it is readable in every token that Cognito issues, so it must say
//! nothing about the person. The record is made by a conditional write, and what is in it never changes;
//! whoever comes first decides, and everybody else reads what was decided.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValue},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, key_item, read_text, rfc3339, text},
    vending::Caller,
};
use time::OffsetDateTime;

/// The directory table's identity records.
pub(crate) struct IdentityRecords {
    client: Client,
    table: String,
    identity_pool_id: String,
}

/// Who somebody is in the identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) developer_user_id: String,
    /// None until Cognito has given one.
    pub(crate) identity_id: Option<String>,
}

impl IdentityRecords {
    /// The records of one identity pool: another pool knows none of its identities.
    pub(crate) fn new(config: &SdkConfig, table: String, identity_pool_id: String) -> Self {
        let client = Client::new(config);
        Self {
            client,
            table,
            identity_pool_id,
        }
    }

    /// The identity of `caller`, which is made if there is none.
    pub(crate) async fn find_or_create(
        &self,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Identity, ServiceError> {
        let key = self.key(caller);
        if let Some(identity) = self.find(&key, deadline).await? {
            return Ok(identity);
        }
        match self.create(&key, caller, deadline).await? {
            Some(identity) => Ok(identity),
            // Somebody was faster: theirs counts.
            None => {
                let identity = self.find(&key, deadline).await?;
                identity.ok_or_else(|| ServiceError::incomplete("dynamodb:GetItem"))
            }
        }
    }

    /// Keeps the IdentityId that Cognito gave, unless one is kept already. Answers the one that is kept.
    pub(crate) async fn keep_identity_id(
        &self,
        caller: &Caller,
        identity_id: &str,
        deadline: Deadline,
    ) -> Result<String, ServiceError> {
        const OPERATION: &str = "dynamodb:UpdateItem";
        let output = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&self.key(caller))))
            .update_expression("SET identity_id = if_not_exists(identity_id, :id)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":id", AttributeValue::S(identity_id.to_owned()))
            .return_values(ReturnValue::AllNew)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new(OPERATION, &error))?;
        let kept = output
            .attributes
            .as_ref()
            .and_then(|kept| read_text(kept, "identity_id"));
        kept.map(str::to_owned)
            .ok_or_else(|| ServiceError::incomplete(OPERATION))
    }

    fn key(&self, caller: &Caller) -> DirectoryKey {
        let source = caller.source.as_str();
        DirectoryKey::identity(&self.identity_pool_id, source, &caller.subject)
    }

    async fn find(
        &self,
        key: &DirectoryKey,
        deadline: Deadline,
    ) -> Result<Option<Identity>, ServiceError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            // A record that was made a moment ago must be seen, or a second one would be tried.
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        let Some(found) = output.item else {
            return Ok(None);
        };
        let member = |name| read_text(&found, name).map(str::to_owned);
        Ok(Some(Identity {
            developer_user_id: member("developer_user_id")
                .ok_or_else(|| ServiceError::incomplete("dynamodb:GetItem"))?,
            identity_id: member("identity_id"),
        }))
    }

    /// `None` when there is one already.
    async fn create(
        &self,
        key: &DirectoryKey,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Option<Identity>, ServiceError> {
        let developer_user_id = random_id()
            .map_err(|_| ServiceError::incomplete("the operating system's random octets"))?;
        let mut record = key_item(key);
        record.extend([
            text("developer_user_id", &developer_user_id),
            text("source", caller.source.as_str()),
            text("created_at", rfc3339(OffsetDateTime::now_utc())),
        ]);
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(record))
            .condition_expression("attribute_not_exists(pk)")
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Some(Identity {
                developer_user_id,
                identity_id: None,
            })),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(ServiceError::new("dynamodb:PutItem", &error)),
            },
        }
    }
}

/// A random UUID, without its hyphens.
fn random_id() -> Result<String, getrandom::Error> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets)?;
    let uuid = uuid::Builder::from_random_bytes(octets).into_uuid();
    Ok(uuid.simple().to_string())
}
