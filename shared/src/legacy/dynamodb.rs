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

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use password::Password;
use serde::Deserialize;

use super::{
    Authenticated, Found, LegacyUser, StoreError, Times,
    hashes::{HashSettings, Hashes, Verified},
    lookup::Lookup,
};
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
};

/// Two rows, one in each case, and a pool that does not tell the cases apart.
const AMBIGUOUS_NAME: &str = "ambiguous-name";

/// What a policy says of a table.
#[derive(Debug, Clone)]
pub struct DynamoDbSettings {
    /// The table's name; that of the deployment's own table where it is not given.
    pub table: Option<String>,
    /// How a name that was typed becomes a key.
    pub lookup: Lookup,
    /// What the table calls its attributes.
    pub columns: Columns,
    /// What its hashes are.
    pub hashes: HashSettings,
}

/// What a table calls its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Columns {
    /// Partition key, a string: the user name.
    pub key: String,
    /// The stored hash, a string or binary.
    pub password_hash: String,
    /// The hash's scheme, a string, where the hash does not tell by itself. May be absent.
    pub hash_scheme: String,
    /// A map of what else is known of the user.
    pub attributes: String,
    /// Whether the e-mail address was verified, a boolean. Absent means no.
    pub email_verified: String,
    /// Whether the phone number was verified, a boolean. Absent means no.
    pub phone_number_verified: String,
    /// Whether the account may sign in, a boolean. Absent means yes.
    pub enabled: String,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            key: "username".to_owned(),
            password_hash: "password_hash".to_owned(),
            hash_scheme: "hash_scheme".to_owned(),
            attributes: "attributes".to_owned(),
            email_verified: "email_verified".to_owned(),
            phone_number_verified: "phone_number_verified".to_owned(),
            enabled: "enabled".to_owned(),
        }
    }
}

/// A table of legacy users.
pub(super) struct DynamoDbStore {
    client: Client,
    table: String,
    lookup: Lookup,
    columns: Columns,
    hashes: Hashes,
}

/// A row of the table.
struct Row {
    user: LegacyUser,
    password_hash: Vec<u8>,
    hash_scheme: Option<String>,
    enabled: bool,
}

/// The row of a name, as far as there is one.
enum Read {
    Row(Box<Row>),
    Nothing,
    Ambiguous,
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
            columns: settings.columns,
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
        let row = match self.read(login, times.ask).await? {
            Read::Row(row) if row.enabled => row,
            Read::Row(_) => return Ok(Authenticated::Disabled),
            Read::Nothing => return Ok(Authenticated::Unknown),
            Read::Ambiguous => return Ok(Authenticated::Unsupported(AMBIGUOUS_NAME)),
        };
        let scheme = row.hash_scheme.as_deref();
        let verified = self
            .hashes
            .verify(password, &row.password_hash, scheme, times.verify);
        Ok(match verified.await? {
            Verified::Match(scheme) => Authenticated::Verified(LegacyUser {
                scheme: Some(scheme),
                ..row.user
            }),
            Verified::Mismatch => Authenticated::WrongPassword,
            Verified::Unsupported(code) => Authenticated::Unsupported(code),
        })
    }

    pub(super) async fn find(&self, login: &str, deadline: Deadline) -> Result<Found, StoreError> {
        Ok(match self.read(login, deadline).await? {
            Read::Row(row) if row.enabled => Found::User(row.user),
            Read::Row(_) => Found::Disabled,
            Read::Nothing => Found::Unknown,
            Read::Ambiguous => Found::Unsupported(AMBIGUOUS_NAME),
        })
    }

    async fn read(&self, login: &str, deadline: Deadline) -> Result<Read, ServiceError> {
        let mut found = Read::Nothing;
        for key in self.lookup.keys(login) {
            let Some(item) = self.item(&key, deadline).await? else {
                continue;
            };
            if matches!(found, Read::Row(_)) {
                return Ok(Read::Ambiguous);
            }
            found = Read::Row(Box::new(self.row(key, item)));
        }
        Ok(found)
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

    fn row(&self, record_id: String, mut item: HashMap<String, AttributeValue>) -> Row {
        let columns = &self.columns;
        let flag = |name: &String, default| match item.get(name) {
            Some(AttributeValue::Bool(value)) => *value,
            // Anything but a boolean is an import gone wrong: read as the safer of both.
            Some(_) => false,
            None => default,
        };
        let email_verified = flag(&columns.email_verified, false);
        let phone_number_verified = flag(&columns.phone_number_verified, false);
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
        Row {
            user: LegacyUser {
                record_id,
                attributes,
                email_verified,
                phone_number_verified,
                scheme: None,
            },
            password_hash,
            hash_scheme,
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
