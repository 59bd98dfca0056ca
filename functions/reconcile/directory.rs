//! The directory table: what it knows of a page of users, page by page all of it, and what changes in it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem, Update},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    record::{EventKind, PENDING_GROUPS, User, outbox_event},
    state::{DirectoryKey, Item, key_item, number, read_text, rfc3339, text},
};
use time::OffsetDateTime;

/// The most keys of one request (API reference, BatchGetItem).
const BATCH: usize = 100;

/// Items that a page of the table looks at.
const PAGE: i32 = 400;

/// What a call may take.
const CALL: Duration = Duration::from_secs(10);

/// The directory table.
pub(crate) struct Directory {
    client: Client,
    table: String,
}

/// A page of the items that a sweep is for.
pub(crate) struct Swept {
    pub(crate) items: Vec<Item>,
    pub(crate) after: Option<DirectoryKey>,
}

/// How a profile is to be.
pub(crate) struct Change<'a> {
    pub(crate) attributes: &'a BTreeMap<String, String>,
    /// As they are; another run may have changed them since.
    pub(crate) before: &'a BTreeMap<String, String>,
    pub(crate) claim: Option<String>,
    /// The flag that another user has the mailbox goes.
    pub(crate) unflag: bool,
}

impl Directory {
    pub(crate) fn new(table: String, client: Client) -> Self {
        Self { client, table }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The items at `keys`, by partition key, of those that are there.
    ///
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub(crate) async fn items(
        &self,
        keys: BTreeSet<(String, String)>,
        deadline: Deadline,
    ) -> Result<HashMap<String, Item>, ServiceError> {
        const OPERATION: &str = "dynamodb:BatchGetItem";
        let mut found = HashMap::new();
        let mut keys: Vec<Item> = keys
            .into_iter()
            .map(|(pk, sk)| key_item(&DirectoryKey { pk, sk }))
            .collect();
        while !keys.is_empty() {
            let some: Vec<Item> = keys.drain(..keys.len().min(BATCH)).collect();
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(some))
                .consistent_read(true);
            let wanted = wanted
                .build()
                .map_err(|_| ServiceError::incomplete(OPERATION))?;
            let got = self
                .client
                .batch_get_item()
                .request_items(&self.table, wanted)
                .customize()
                .config_override(dynamodb_call(deadline.at_most(CALL)))
                .send()
                .await;
            let got = got.map_err(|error| ServiceError::new(OPERATION, &error))?;
            let items = got.responses.unwrap_or_default().into_values().flatten();
            found.extend(items.filter_map(|item| Some((read_text(&item, "pk")?.to_owned(), item))));
            let left = got.unprocessed_keys.unwrap_or_default().into_values();
            keys.extend(left.flat_map(|left| left.keys));
        }
        Ok(found)
    }

    /// The next page of the profiles, claims and moved-in records of a pool, and of the invitations whose hold was over
    /// before `forgotten`, seconds since 1970.
    ///
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub(crate) async fn sweep(
        &self,
        pool_id: &str,
        after: Option<&DirectoryKey>,
        forgotten: i64,
        deadline: Deadline,
    ) -> Result<Swept, ServiceError> {
        let profile = DirectoryKey::profile(pool_id, "");
        let moved = DirectoryKey::moved_prefix(pool_id);
        let scanned = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(PAGE)
            .set_exclusive_start_key(after.map(key_item))
            .filter_expression(
                "(begins_with(pk, :users) AND sk = :profile) OR (sk = :claim AND user_pool_id = :pool) \
                 OR (begins_with(pk, :moved) AND #state = :offered) \
                 OR (sk = :invitation AND reserved_until < :forgotten AND attribute_not_exists(redeemed_by))",
            )
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(Item::from([
                text(":users", profile.pk),
                text(":profile", profile.sk),
                text(":claim", DirectoryKey::email_claim("", "").sk),
                text(":pool", pool_id),
                text(":moved", moved),
                text(":offered", "offered"),
                text(":invitation", DirectoryKey::invitation("").sk),
                number(":forgotten", forgotten),
            ])))
            .customize()
            .config_override(dynamodb_call(deadline.at_most(CALL)))
            .send()
            .await;
        let scanned = scanned.map_err(|error| ServiceError::new("dynamodb:Scan", &error))?;
        let after = scanned.last_evaluated_key.as_ref().and_then(|key| {
            let part = |name| read_text(key, name).map(str::to_owned);
            let (pk, sk) = part("pk").zip(part("sk"))?;
            Some(DirectoryKey { pk, sk })
        });
        Ok(Swept {
            items: scanned.items.unwrap_or_default(),
            after,
        })
    }

    /// Lets go of an invitation whose hold was over before `forgotten`; whether it was this call that did.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn release_hold(
        &self,
        invitation: &DirectoryKey,
        forgotten: i64,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_item(invitation)))
            .update_expression("REMOVE reserved_for, reserved_until")
            // Somebody may hold or have redeemed it since it was read.
            .condition_expression(
                "reserved_until < :forgotten AND attribute_not_exists(redeemed_by)",
            )
            .set_expression_attribute_values(Some(Item::from([number(":forgotten", forgotten)])))
            .build();
        let update = TransactWriteItem::builder().set_update(update.ok()).build();
        self.written(vec![update], deadline).await
    }

    /// Brings a profile up to date and tells of it; whether it was this call that did.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn update_profile(
        &self,
        user: &User<'_>,
        change: &Change<'_>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let map = |attributes: &BTreeMap<String, String>| {
            let members = attributes.iter().map(|(name, value)| text(name, value));
            AttributeValue::M(members.collect())
        };
        let now = OffsetDateTime::now_utc();
        let mut expression = "SET #attributes = :after, updated_at = :now".to_owned();
        let mut values = Item::from([
            (":after".to_owned(), map(change.attributes)),
            (":before".to_owned(), map(change.before)),
            text(":now", rfc3339(now)),
        ]);
        if let Some(claim) = &change.claim {
            expression.push_str(", claim = :claim");
            values.extend([text(":claim", claim)]);
        }
        if change.unflag {
            expression.push_str(" REMOVE mailbox");
        }
        let profile = DirectoryKey::profile(user.user_pool_id, user.sub);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_item(&profile)))
            .update_expression(expression)
            .condition_expression("#attributes = :before AND attribute_not_exists(erased_at)")
            // A word that DynamoDB reserves.
            .expression_attribute_names("#attributes", "attributes")
            .set_expression_attribute_values(Some(values))
            .build();
        let id = format!("updated#{}", now.unix_timestamp_nanos());
        let event = self.new_event(user, EventKind::Updated, &id, now);
        let update = TransactWriteItem::builder().set_update(update.ok()).build();
        self.written(vec![update, event], deadline).await
    }

    /// Marks a user of a legacy store as moved, and tells of it; whether it was this call that did.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn mark_moved(
        &self,
        user: &User<'_>,
        (record, store): (&DirectoryKey, &str),
        groups: Vec<String>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_item(record)))
            .update_expression("SET #state = :moved, #sub = :sub, moved_at = :now")
            .condition_expression("#state = :offered")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#sub", "sub")
            .set_expression_attribute_values(Some(Item::from([
                text(":moved", "moved"),
                text(":offered", "offered"),
                text(":sub", user.sub),
                text(":now", rfc3339(now)),
            ])))
            .build();
        let event = self.new_event(user, EventKind::Migrated, &format!("migrated#{store}"), now);
        let update = TransactWriteItem::builder().set_update(update.ok()).build();
        let mut items = vec![update, event];
        items.extend(self.joins(user, groups));
        self.written(items, deadline).await
    }

    /// That the user is to join `groups`, if there are any. The next pass lets them.
    fn joins(&self, user: &User<'_>, groups: Vec<String>) -> Option<TransactWriteItem> {
        let profile = DirectoryKey::profile(user.user_pool_id, user.sub);
        let groups = (":groups".to_owned(), AttributeValue::Ss(groups));
        let update = (groups.1 != AttributeValue::Ss(Vec::new())).then(|| {
            Update::builder()
                .table_name(&self.table)
                .set_key(Some(key_item(&profile)))
                .update_expression(format!("ADD {PENDING_GROUPS} :groups"))
                .condition_expression("attribute_exists(pk)")
                .set_expression_attribute_values(Some(Item::from([groups])))
                .build()
        });
        // As below.
        update.map(|update| TransactWriteItem::builder().set_update(update.ok()).build())
    }

    fn new_event(
        &self,
        user: &User<'_>,
        kind: EventKind,
        id: &str,
        now: OffsetDateTime,
    ) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(outbox_event(user, kind, id, now)))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        // `build` fails only without table or item, which are set above.
        TransactWriteItem::builder().set_put(put.ok()).build()
    }

    /// All or none: whether they were written, or somebody else was there before.
    async fn written(
        &self,
        items: Vec<TransactWriteItem>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .customize()
            .config_override(dynamodb_call(deadline.at_most(CALL)))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            // Refused by a condition, or in conflict with somebody at work on the same user: the next pass sees
            // what became of it.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(ServiceError::new("dynamodb:TransactWriteItems", &error)),
        }
    }
}
