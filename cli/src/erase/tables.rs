//! The person in the tables.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    Client,
    operation::scan::builders::ScanFluentBuilder,
    types::AttributeValue::{self, S},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item, read_text, text},
};

use super::request::LegacyRow;

/// The tables.
pub(super) struct Tables<'a> {
    pub(super) client: Client,
    pub(super) directory: &'a str,
}

/// What the directory has of a person.
#[derive(Default)]
pub(super) struct Records {
    /// Whether it has heard of such a user: their partition has a profile, a tombstone or an event.
    pub(super) known: bool,
    pub(super) profile: bool,
    /// The keys of the claims of their mailboxes.
    pub(super) claims: BTreeSet<String>,
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

/// The attributes of a profile by which a person may have signed in to a legacy store.
const NAMES: [&str; 3] = ["email", "phone_number", "preferred_username"];

/// Whether `pk` is that of the identity of `subject`, with `source` or whatever the source that knows them.
fn is_identity_of(pk: &str, source: Option<&str>, subject: &str) -> bool {
    match pk.split('#').collect::<Vec<_>>()[..] {
        ["IDENTITY", pool, of, _digest] if source.is_none_or(|source| source == of) => {
            DirectoryKey::identity(pool, of, subject).pk == pk
        }
        _ => false,
    }
}

/// As names are compared that Cognito takes in any case.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn key(item: &Item) -> Option<DirectoryKey> {
    let part = |name| read_text(item, name).map(str::to_owned);
    let (pk, sk) = part("pk").zip(part("sk"))?;
    Some(DirectoryKey { pk, sk })
}

impl Tables<'_> {
    /// Reads the user's partition, and scans for what leads to them by `sub`: claims, moved-in records and
    /// identities. A record of somebody whom a legacy store has only offered names no `sub` yet: `names` are those
    /// by which the pool knows the user, and the profile may know more.
    pub(super) async fn of_user(
        &self,
        user_pool_id: &str,
        sub: &str,
        names: &[String],
        deadline: Deadline,
    ) -> Result<Records, ServiceError> {
        let mut names: BTreeSet<String> = names.iter().map(|name| folded(name)).collect();
        let mut records = self
            .partition(user_pool_id, sub, &mut names, deadline)
            .await?;
        let scan = self
            .client
            .scan()
            .filter_expression(
                "(begins_with(pk, :moved) AND (#sub = :sub OR #state = :offered)) \
                 OR (sk = :claim AND #sub = :sub) OR sk = :identity OR sk = :guest",
            )
            .expression_attribute_names("#sub", "sub")
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(Item::from([
                text(":moved", DirectoryKey::moved_prefix(user_pool_id)),
                text(":offered", "offered"),
                text(":sub", sub),
                text(":claim", DirectoryKey::email_claim("", "").sk),
                text(":identity", DirectoryKey::identity("", "", "").sk),
                text(":guest", DirectoryKey::guest("", "").sk),
            ])));
        let is_theirs = |pk: &str| is_identity_of(pk, None, sub);
        for item in self.scan(scan, is_theirs, &mut records, deadline).await? {
            let Some(key) = key(&item) else {
                continue;
            };
            match key.sk.as_str() {
                "CLAIM" => {
                    records.claims.insert(key.pk);
                }
                _ if read_text(&item, "sub") == Some(sub)
                    || read_text(&item, "user_name")
                        .is_some_and(|name| names.contains(&folded(name))) =>
                {
                    records.moved.push(key);
                }
                _ => {}
            }
        }
        Ok(records)
    }

    /// Scans for the identities of a subject of a source, and for guests' that became theirs.
    pub(super) async fn of_subject(
        &self,
        source: &str,
        subject: &str,
        deadline: Deadline,
    ) -> Result<Records, ServiceError> {
        let mut records = Records::default();
        let scan = self
            .client
            .scan()
            .filter_expression("sk = :identity OR sk = :guest")
            .set_expression_attribute_values(Some(Item::from([
                text(":identity", DirectoryKey::identity("", "", "").sk),
                text(":guest", DirectoryKey::guest("", "").sk),
            ])));
        let is_theirs = |pk: &str| is_identity_of(pk, Some(source), subject);
        self.scan(scan, is_theirs, &mut records, deadline).await?;
        Ok(records)
    }

    /// What the user's partition has, and the names that the profile knows.
    async fn partition(
        &self,
        user_pool_id: &str,
        sub: &str,
        names: &mut BTreeSet<String>,
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
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await
                .map_err(|error| ServiceError::new("dynamodb:Query", &error))?;
            for item in page.items.unwrap_or_default() {
                records.known = true;
                match read_text(&item, "sk") {
                    Some("PROFILE") => {
                        records.profile = true;
                        records
                            .claims
                            .extend(read_text(&item, "claim").map(str::to_owned));
                        names.extend(read_text(&item, "user_name").map(folded));
                        let attributes = item.get("attributes").and_then(|map| map.as_m().ok());
                        let known = NAMES.iter().filter_map(|name| attributes?.get(*name));
                        names.extend(known.filter_map(|name| name.as_s().ok()).map(|n| folded(n)));
                    }
                    _ if read_text(&item, "type") == Some("user.deleted") => {}
                    _ => records.events.extend(key(&item)),
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(records);
            }
        }
    }

    /// Adds the identities that are theirs, and their guests', to `records`; all other items are the answer.
    async fn scan(
        &self,
        scan: ScanFluentBuilder,
        is_theirs: impl Fn(&str) -> bool,
        records: &mut Records,
        deadline: Deadline,
    ) -> Result<Vec<Item>, ServiceError> {
        let (mut others, mut guests) = (Vec::new(), Vec::<(DirectoryKey, String)>::new());
        let mut from = None;
        loop {
            let page = scan
                .clone()
                .table_name(self.directory)
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
                    "GUEST" => guests.extend(own("owner").map(|owner| (key, owner))),
                    "IDENTITY" if is_theirs(&key.pk) => {
                        records.identity_ids.extend(own("identity_id"));
                        records.identities.push(key);
                    }
                    "IDENTITY" => {}
                    _ => others.push(item),
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
        Ok(others)
    }

    /// Takes the names out of moved-in records: that somebody moved in stays, by a digest. Who was only offered has
    /// moved from now on, for nobody will see them in the pool any more, and the old password must not let them in.
    pub(super) async fn forget_moved(
        &self,
        records: &Records,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        for record in &records.moved {
            let changed = self
                .client
                .update_item()
                .table_name(self.directory)
                .set_key(Some(key_item(record)))
                .update_expression("SET #state = :moved REMOVE user_name, #sub")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#sub", "sub")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":moved", S("moved".to_owned()))
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await;
            changed.map_err(|error| ServiceError::new("dynamodb:UpdateItem", &error))?;
        }
        Ok(())
    }

    /// Deletes the events and identities. A guest's identity becomes nobody's before its owner goes: whoever has its
    /// token must not have it.
    pub(super) async fn forget(
        &self,
        records: &Records,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        for event in &records.events {
            self.delete(self.directory, key_item(event), deadline)
                .await?;
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

    /// Whether a legacy table has this row.
    ///
    /// # Errors
    /// Also where the table has another key than this text: rows of such a table are not for this command.
    pub(super) async fn has_row(
        &self,
        row: &LegacyRow,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let read = self
            .client
            .get_item()
            .table_name(&row.table)
            .set_key(Some(row.item_key()))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(read.item.is_some())
    }

    /// Deletes a row of a legacy table.
    pub(super) async fn delete_row(
        &self,
        row: &LegacyRow,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        self.delete(&row.table, row.item_key(), deadline).await
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

impl LegacyRow {
    fn item_key(&self) -> Item {
        Item::from([(self.column.clone(), AttributeValue::S(self.key.clone()))])
    }
}
