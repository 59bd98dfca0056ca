//! The durable record of who is who: a subject of a source → a developer user id → an IdentityId.
//!
//! The developer user id is random: it is readable in every token that Cognito issues, so it must say
//! nothing about the person. The record is made by a conditional write; whoever comes first decides, and
//! everybody else reads what was decided. Only a heal changes the IdentityId, from one value to another.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, KeysAndAttributes, ReturnValue},
};
use shared::{
    aws::{ServiceError, Trouble, dynamodb_call},
    deadline::Deadline,
    policy::Name,
    state::{DirectoryKey, Item, key_item, read_number, read_text, rfc3339},
    vending::Caller,
};
use time::OffsetDateTime;

const READ: &str = "dynamodb:BatchGetItem";
const UPDATE: &str = "dynamodb:UpdateItem";

/// The directory table's identity records.
pub(crate) struct IdentityRecords {
    pub(super) client: Client,
    pub(super) table: String,
    pub(super) identity_pool_id: String,
}

/// Who somebody is in the identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) developer_user_id: String,
    /// None until Cognito has given one.
    pub(crate) identity_id: Option<String>,
}

/// What the directory has of a caller who asks for a role.
#[derive(Debug, Default)]
pub(crate) struct OnRecord {
    /// Who they are; none at their first call.
    pub(crate) identity: Option<Identity>,
    /// The latest revoke-before time of the subject, the source and the role, seconds since 1970; 0 for none.
    revoked_before: i64,
}

impl OnRecord {
    /// Whether the caller's proof was made before, or in the very second of, a revocation.
    pub(crate) fn revokes(&self, caller: &Caller) -> bool {
        i64::try_from(caller.issued_at).unwrap_or(i64::MAX) <= self.revoked_before
    }
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

    /// What there is of `caller` and of the role `alias`, in one read.
    pub(crate) async fn read(
        &self,
        caller: &Caller,
        alias: &Name,
        deadline: Deadline,
    ) -> Result<OnRecord, ServiceError> {
        let identity = self.key(caller);
        let keys = [
            identity.clone(),
            DirectoryKey::revoked("source", caller.source.as_str()),
            DirectoryKey::revoked("role", alias.as_str()),
        ];
        let items = self.batch(&keys, deadline).await?;
        let revoked = items
            .iter()
            .filter_map(|item| read_number(item, "revoked_before"));
        let revoked_before = revoked.max().unwrap_or(0);
        let is_identity = |item: &&Item| read_text(item, "pk") == Some(identity.pk.as_str());
        let item = items.iter().find(is_identity);
        // A subject may be revoked before the first call, when there is no more than that on record.
        let known = item.filter(|item| item.contains_key("developer_user_id"));
        Ok(OnRecord {
            identity: known.map(read_identity).transpose()?,
            revoked_before,
        })
    }

    /// The identity of `caller`, who has none: a new one, or that of another first call which was faster.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Identity, ServiceError> {
        let developer_user_id = random_id()
            .map_err(|_| ServiceError::incomplete("the operating system's random octets"))?;
        let mut members = HashMap::from([
            (
                ":user".to_owned(),
                AttributeValue::S(developer_user_id.clone()),
            ),
            (
                ":source".to_owned(),
                AttributeValue::S(caller.source.to_string()),
            ),
        ]);
        let now = rfc3339(OffsetDateTime::now_utc());
        members.insert(":now".to_owned(), AttributeValue::S(now));
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&self.key(caller))))
            .update_expression(
                "SET developer_user_id = :user, #source = :source, created_at = :now",
            )
            .expression_attribute_names("#source", "source")
            .condition_expression("attribute_not_exists(developer_user_id)")
            .set_expression_attribute_values(Some(members))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Identity {
                developer_user_id,
                identity_id: None,
            }),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    self.find(caller, deadline).await
                }
                _ => Err(ServiceError::new(UPDATE, &error)),
            },
        }
    }

    /// The identity of `caller`, who has one.
    pub(crate) async fn find(
        &self,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Identity, ServiceError> {
        let items = self.batch(&[self.key(caller)], deadline).await?;
        let item = items
            .first()
            .ok_or_else(|| ServiceError::incomplete(READ))?;
        read_identity(item)
    }

    /// Keeps the IdentityId that Cognito gave, if the record still has `known`. Answers the one that is kept.
    pub(crate) async fn keep_identity_id(
        &self,
        caller: &Caller,
        known: Option<&str>,
        identity_id: &str,
        deadline: Deadline,
    ) -> Result<String, ServiceError> {
        let condition = match known {
            None => "attribute_exists(developer_user_id) AND attribute_not_exists(identity_id)",
            Some(_) => "identity_id = :known",
        };
        let known = known.map(|known| AttributeValue::S(known.to_owned()));
        let mut values =
            HashMap::from([(":id".to_owned(), AttributeValue::S(identity_id.to_owned()))]);
        values.extend(known.map(|known| (":known".to_owned(), known)));
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&self.key(caller))))
            .update_expression("SET identity_id = :id")
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::None)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match result {
            Ok(_) => Ok(identity_id.to_owned()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    let identity = self.find(caller, deadline).await?;
                    let kept = identity.identity_id;
                    kept.ok_or_else(|| ServiceError::incomplete(UPDATE))
                }
                _ => Err(ServiceError::new(UPDATE, &error)),
            },
        }
    }

    pub(super) fn key(&self, caller: &Caller) -> DirectoryKey {
        let source = caller.source.as_str();
        DirectoryKey::identity(&self.identity_pool_id, source, &caller.subject)
    }

    async fn batch(
        &self,
        keys: &[DirectoryKey],
        deadline: Deadline,
    ) -> Result<Vec<Item>, ServiceError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(key_item).collect()))
            // A record that was made a moment ago must be seen, or a second one would be tried.
            .consistent_read(true)
            .build()
            .map_err(|_| ServiceError::incomplete(READ))?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, wanted)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new(READ, &error))?;
        // What was not read might be a revocation.
        if output.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(ServiceError {
                code: "UnprocessedKeys".to_owned(),
                trouble: Trouble::Throttled,
                ..ServiceError::incomplete(READ)
            });
        }
        let mut answers = output
            .responses
            .ok_or_else(|| ServiceError::incomplete(READ))?;
        Ok(answers.remove(&self.table).unwrap_or_default())
    }
}

fn read_identity(item: &Item) -> Result<Identity, ServiceError> {
    let member = |name| read_text(item, name).map(str::to_owned);
    Ok(Identity {
        developer_user_id: member("developer_user_id")
            .ok_or_else(|| ServiceError::incomplete(READ))?,
        identity_id: member("identity_id"),
    })
}

/// A random UUID, without its hyphens.
fn random_id() -> Result<String, getrandom::Error> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets)?;
    let uuid = uuid::Builder::from_random_bytes(octets).into_uuid();
    Ok(uuid.simple().to_string())
}

#[cfg(test)]
mod tests {
    use shared::vending::Claims;

    use super::*;

    #[test]
    fn a_proof_of_before_a_revocation_is_revoked_and_a_later_one_is_not() {
        let caller = |issued_at| Caller {
            source: Name::try_from("app".to_owned()).unwrap(),
            subject: "ana".to_owned(),
            claims: Claims::default(),
            issued_at,
            expires_at: u64::MAX,
            bound_to_proof: false,
            guest_identity: None,
        };
        let on_record = |revoked_before| OnRecord {
            identity: None,
            revoked_before,
        };
        assert!(!on_record(0).revokes(&caller(1)));
        assert!(on_record(100).revokes(&caller(99)));
        // Nobody can tell whether a proof of that second was before.
        assert!(on_record(100).revokes(&caller(100)));
        assert!(!on_record(100).revokes(&caller(101)));
    }
}
