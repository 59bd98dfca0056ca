//! A DynamoDB table into which the users of an old system were imported with their hashes.
//!
//! Schema (docs/legacy-table.md); the names are the policy's `legacy_columns`:
//!
//! | attribute | type | |
//! | --- | --- | --- |
//! | `username` | S | partition key |
//! | `password_hash` | S or B | as the old system stored it |
//! | `hash_scheme` | S | optional: the scheme, where the hash does not tell |
//! | `attributes` | M of S, N, BOOL | optional |
//! | `email_verified` | BOOL | optional, absent is no |
//! | `enabled` | BOOL | optional, absent is yes |

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{Client, types::AttributeValue};

use super::LegacyUser;
use crate::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    policy::LegacyColumns,
};

/// A table of legacy users.
#[derive(Debug, Clone)]
pub struct DynamoDbDirectory {
    client: Client,
    table: String,
    columns: LegacyColumns,
}

impl DynamoDbDirectory {
    /// The table called `table`.
    pub fn new(client: Client, table: String, columns: LegacyColumns) -> Self {
        Self {
            client,
            table,
            columns,
        }
    }

    /// The user whose key is `key`.
    ///
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub async fn find(
        &self,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<LegacyUser>, ServiceError> {
        let overrides = aws_sdk_dynamodb::config::Builder::new().timeout_config(timeouts(deadline));
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(&self.columns.key, AttributeValue::S(key.to_owned()))
            .customize()
            .config_override(overrides)
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(output.item.map(|item| self.user(item)))
    }

    fn user(&self, mut item: HashMap<String, AttributeValue>) -> LegacyUser {
        let columns = &self.columns;
        let flag = |name: &String, default| match item.get(name) {
            Some(AttributeValue::Bool(value)) => *value,
            // Anything but a boolean is an import gone wrong: read as the safer of both.
            Some(_) => false,
            None => default,
        };
        let email_verified = flag(&columns.email_verified, false);
        let enabled = flag(&columns.enabled, true);
        let password_hash = match item.remove(&columns.password_hash) {
            Some(AttributeValue::S(text)) => text.into_bytes(),
            Some(AttributeValue::B(octets)) => octets.into_inner(),
            _ => Vec::new(),
        };
        let hash_scheme = item.remove(&columns.hash_scheme).and_then(scalar);
        let attributes = match item.remove(&columns.attributes) {
            Some(AttributeValue::M(map)) => map
                .into_iter()
                .filter_map(|(name, value)| Some((name, scalar(value)?)))
                .collect(),
            _ => BTreeMap::new(),
        };
        LegacyUser {
            password_hash,
            hash_scheme,
            attributes,
            email_verified,
            enabled,
        }
    }
}

fn scalar(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
        AttributeValue::N(number) => Some(number),
        AttributeValue::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
