//! A DynamoDB table into which the users of an old system were imported with their hashes.
//!
//! Schema (docs/legacy-table.md); the names are the store's `columns` in the policy:
//!
//! | attribute | type | |
//! | --- | --- | --- |
//! | `username` | S | partition key |
//! | `password_hash` | S or B | as the old system stored it |
//! | `hash_scheme` | S | optional: the scheme, where the hash does not tell |
//! | `attributes` | M of S, N, BOOL | optional |
//! | `email_verified`, `phone_number_verified` | BOOL | optional, absent is no |
//! | `enabled` | BOOL | optional, absent is yes |
//! | `groups` | SS, or L of S | optional |
//! | `mfa` | BOOL | optional: the old system asked for a second factor |
//! | `verified_at` | S | written, if the policy says so: when the password was verified last |

mod columns;
mod row;

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use password::Password;
use time::OffsetDateTime;

pub use self::columns::{Columns, Index};
use super::{
    Authenticated, Found, StoreError, Times,
    answer::AMBIGUOUS_NAME,
    hashes::{HashSettings, Hashes},
    lookup::Lookup,
    row::{Read, Row},
};
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::rfc3339,
};

/// What asking for a row is given.
const ASK: Duration = Duration::from_millis(100);
/// What marking one is given, and may take: a right password must not be told by a table that hangs.
const MARK: Duration = Duration::from_millis(100);

/// What a policy says of a table.
#[derive(Debug, Clone)]
pub struct DynamoDbSettings {
    /// The table's name; that of the deployment's own table where it is not given.
    pub table: Option<String>,
    /// How a name that was typed becomes a key.
    pub lookup: Lookup,
    /// Where a name is looked up that is no key of the table.
    pub index: Option<Index>,
    /// What the table calls its attributes.
    pub columns: Columns,
    /// What its hashes are.
    pub hashes: HashSettings,
    /// Whether a row is marked with the time at which its password was verified.
    pub mark_verified: bool,
}

/// A table of legacy users.
pub(super) struct DynamoDbStore {
    client: Client,
    table: String,
    lookup: Lookup,
    index: Option<Index>,
    columns: Columns,
    hashes: Hashes,
    mark_verified: bool,
}

impl DynamoDbStore {
    /// The table called `table`, by what the policy says of it.
    pub(super) fn new(
        client: Client,
        table: String,
        settings: DynamoDbSettings,
        hashes: Hashes,
    ) -> Self {
        Self {
            client,
            table,
            lookup: settings.lookup,
            index: settings.index,
            columns: settings.columns,
            mark_verified: settings.mark_verified,
            hashes,
        }
    }

    pub(super) fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    pub(super) async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        times: Times,
    ) -> Result<Authenticated, StoreError> {
        let read = self.read(login, times.ask).await?;
        let authenticated = read.authenticate(&self.hashes, password, times.verify);
        authenticated.await
    }

    /// What an answer is given in the floor of time: an allowance, not a measurement.
    pub(super) fn allowance(&self) -> Duration {
        let mark = self.mark_verified.then_some(MARK);
        ASK + mark.unwrap_or_default()
    }

    pub(super) async fn find(&self, login: &str, deadline: Deadline) -> Result<Found, StoreError> {
        Ok(self.read(login, deadline).await?.found())
    }

    async fn read(&self, login: &str, deadline: Deadline) -> Result<Read, ServiceError> {
        let mut found: Option<Row> = None;
        for name in self.lookup.keys(login) {
            let mut keys = vec![name.clone()];
            let mut item = self.item(&name, deadline).await?;
            if let (None, Some(index)) = (&item, &self.index) {
                keys = self.indexed(index, &name, deadline).await?;
                if let Some(key) = keys.first() {
                    item = self.item(key, deadline).await?;
                }
            }
            let (Some(key), Some(item)) = (keys.first(), item) else {
                continue;
            };
            // Two rows of one name, or one for each way of writing it.
            let other = |row: &Row| row.user.record_id != *key;
            if keys.len() > 1 || found.as_ref().is_some_and(other) {
                return Ok(Read::Unusable(AMBIGUOUS_NAME));
            }
            found = Some(Row::of_item(&self.columns, key.clone(), item));
        }
        Ok(found.map_or(Read::Nothing, |row| Read::Row(Box::new(row))))
    }

    async fn item(
        &self,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<HashMap<String, AttributeValue>>, ServiceError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(&self.columns.key, AttributeValue::S(key.to_owned()))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(output.item)
    }

    /// The keys of the rows, two at most, that the index has for `name`. What an index projects differs, so the row is
    /// read from the table.
    async fn indexed(
        &self,
        index: &Index,
        name: &str,
        deadline: Deadline,
    ) -> Result<Vec<String>, ServiceError> {
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(&index.name)
            .key_condition_expression("#name = :name")
            .expression_attribute_names("#name", &index.key)
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            .limit(2)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:Query", &error))?;
        let items = output.items.unwrap_or_default().into_iter();
        let keys = items.filter_map(|mut item| match item.remove(&self.columns.key)? {
            AttributeValue::S(key) => Some(key),
            _ => None,
        });
        Ok(keys.collect())
    }

    /// Marks the row of a user whose password was verified at `now`, if the policy says so. It makes no row: somebody may
    /// have deleted it in between.
    pub(super) async fn mark_verified(
        &self,
        record_id: &str,
        now: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        if !self.mark_verified {
            return Ok(());
        }
        self.client
            .update_item()
            .table_name(&self.table)
            .key(&self.columns.key, AttributeValue::S(record_id.to_owned()))
            .update_expression("SET verified_at = :now")
            .condition_expression("attribute_exists(#key)")
            .expression_attribute_names("#key", &self.columns.key)
            .expression_attribute_values(":now", AttributeValue::S(rfc3339(now)))
            .customize()
            .config_override(dynamodb_call(deadline.at_most(MARK)))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:UpdateItem", &error))?;
        Ok(())
    }
}
