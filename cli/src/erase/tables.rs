//! The person in the tables.

use aws_sdk_dynamodb::{
    Client,
    types::AttributeValue::{self, S},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item, read_text, text},
};

use super::LegacyRow;

/// The tables.
pub(super) struct Tables<'a> {
    pub(super) client: Client,
    pub(super) directory: &'a str,
}

/// What the directory has of a person.
#[derive(Default)]
pub(super) struct Records {
    pub(super) profile: bool,
    /// The key of the claim of their mailbox.
    pub(super) claim: Option<String>,
    /// Outbox events but `user.deleted`, which is what consumers hear of this.
    pub(super) events: Vec<DirectoryKey>,
    /// Records of a legacy store that name them.
    pub(super) moved: Vec<DirectoryKey>,
    /// Records of the vendor, by which the subject `sub` of a source has an identity of an identity pool.
    pub(super) identities: Vec<DirectoryKey>,
    /// The ids of these identities, which the identity pool still has.
    pub(super) identity_ids: Vec<String>,
    /// That a guest's identity became one of theirs.
    pub(super) guests: Vec<DirectoryKey>,
}

/// Nobody: whose a guest's identity is once its owner is erased. No partition key is called so.
const ERASED: &str = "erased";

/// Whether `pk` is that of the identity of the subject `sub`, whatever the source that knows them.
fn is_identity_of(pk: &str, sub: &str) -> bool {
    match pk.split('#').collect::<Vec<_>>()[..] {
        ["IDENTITY", pool, source, _digest] => DirectoryKey::identity(pool, source, sub).pk == pk,
        _ => false,
    }
}

fn key(item: &Item) -> Option<DirectoryKey> {
    let part = |name| read_text(item, name).map(str::to_owned);
    let (pk, sk) = part("pk").zip(part("sk"))?;
    Some(DirectoryKey { pk, sk })
}

impl Tables<'_> {
    /// Reads the user's partition, and scans for moved-in records, which name their user by `sub`, and for
    /// identities.
    pub(super) async fn find(
        &self,
        user_pool_id: &str,
        sub: &str,
        deadline: Deadline,
    ) -> Result<Records, ServiceError> {
        let mut records = Records::default();
        let profile = DirectoryKey::profile(user_pool_id, sub);
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(self.directory)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", S(profile.pk.clone()))
                .set_exclusive_start_key(from)
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await
                .map_err(|error| ServiceError::new("dynamodb:Query", &error))?;
            for item in page.items.unwrap_or_default() {
                match read_text(&item, "sk") {
                    Some("PROFILE") => {
                        records.profile = true;
                        records.claim = read_text(&item, "claim").map(str::to_owned);
                    }
                    _ if read_text(&item, "type") == Some("user.deleted") => {}
                    _ => records.events.extend(key(&item)),
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        let mut guests: Vec<(DirectoryKey, String)> = Vec::new();
        loop {
            let page = self
                .client
                .scan()
                .table_name(self.directory)
                .filter_expression(
                    "(begins_with(pk, :moved) AND #sub = :sub) OR sk = :identity OR sk = :guest",
                )
                .expression_attribute_names("#sub", "sub")
                .set_expression_attribute_values(Some(Item::from([
                    text(":moved", DirectoryKey::moved_prefix(user_pool_id)),
                    text(":sub", sub),
                    text(":identity", DirectoryKey::identity("", "", "").sk),
                    text(":guest", DirectoryKey::guest("", "").sk),
                ])))
                .set_exclusive_start_key(from)
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await
                .map_err(|error| ServiceError::new("dynamodb:Scan", &error))?;
            for item in page.items.unwrap_or_default() {
                let Some(key) = key(&item) else {
                    continue;
                };
                let own = |name| read_text(&item, name).map(str::to_owned);
                match key.sk.as_str() {
                    "MOVED" => records.moved.push(key),
                    "GUEST" => guests.extend(own("owner").map(|owner| (key, owner))),
                    _ if is_identity_of(&key.pk, sub) => {
                        records.identity_ids.extend(own("identity_id"));
                        records.identities.push(key);
                    }
                    _ => {}
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        let is_theirs = |owner: &str| records.identities.iter().any(|key| key.pk == owner);
        let guests = guests.into_iter().filter(|(_, owner)| is_theirs(owner));
        records.guests = guests.map(|(key, _)| key).collect();
        Ok(records)
    }

    /// Deletes the events and identities, and the name in moved-in records: that somebody moved in stays, by a
    /// digest. A guest's identity becomes nobody's before its owner goes: whoever has its token must not have it.
    pub(super) async fn forget(
        &self,
        records: &Records,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        for event in &records.events {
            self.delete(self.directory, key_item(event), deadline)
                .await?;
        }
        for record in &records.moved {
            let changed = self
                .client
                .update_item()
                .table_name(self.directory)
                .set_key(Some(key_item(record)))
                .update_expression("REMOVE user_name, #sub")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#sub", "sub")
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await;
            changed.map_err(|error| ServiceError::new("dynamodb:UpdateItem", &error))?;
        }
        for guest in &records.guests {
            let changed = self
                .client
                .update_item()
                .table_name(self.directory)
                .set_key(Some(key_item(guest)))
                .update_expression("SET #owner = :erased")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":erased", S(ERASED.to_owned()))
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await;
            changed.map_err(|error| ServiceError::new("dynamodb:UpdateItem", &error))?;
        }
        for identity in &records.identities {
            self.delete(self.directory, key_item(identity), deadline)
                .await?;
        }
        Ok(())
    }

    /// Deletes a row of a legacy table.
    pub(super) async fn delete_row(
        &self,
        row: &LegacyRow,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let key = Item::from([(row.column.clone(), AttributeValue::S(row.key.clone()))]);
        self.delete(&row.table, key, deadline).await
    }

    async fn delete(&self, table: &str, key: Item, deadline: Deadline) -> Result<(), ServiceError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(table)
            .set_key(Some(key))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        deleted
            .map(drop)
            .map_err(|error| ServiceError::new("dynamodb:DeleteItem", &error))
    }
}
