//! What is written for a confirmed user: profile and outbox event, both or neither.
//!
//! Events are delivered more than once, at the same time, and again after a crash. Conditions decide
//! which delivery counts, not tokens: an idempotency token made of an event would not match one whose
//! timestamp differs, and one that is random does not span deliveries.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, Put, TransactWriteItem},
};
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    state::{DirectoryKey, EphemeralKey},
    wiring::Wiring,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// As IAM names what a transaction needs.
const OPERATION: &str = "dynamodb:TransactWriteItems";

/// Milliseconds before a transaction that met another one is tried again.
const CONFLICT_PAUSES: [u64; 4] = [20, 60, 140, 300];

/// The names of the state tables.
pub(crate) struct Tables {
    directory: String,
    ephemeral: String,
}

/// Writes to the state tables.
pub(crate) struct Recorder {
    client: Client,
    tables: Tables,
}

/// Who was confirmed, and by what event.
pub(crate) struct ConfirmedUser<'a> {
    pub(crate) user_pool_id: &'a str,
    pub(crate) sub: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) trigger_source: String,
    pub(crate) attributes: Vec<(&'a str, &'a str)>,
}

/// Whether this delivery was the one that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Now,
    Before,
}

type Item = HashMap<String, AttributeValue>;

impl Tables {
    pub(crate) fn from_wiring(wiring: &mut Wiring<'_>) -> Option<Self> {
        let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        Some(Self {
            directory: directory?,
            ephemeral: ephemeral?,
        })
    }
}

impl Recorder {
    pub(crate) fn new(tables: Tables, config: &aws_config::SdkConfig) -> Self {
        let client = Client::new(config);
        Self { client, tables }
    }

    /// The profile and the event `user.confirmed`, once per user.
    pub(crate) async fn user_confirmed(
        &self,
        user: &ConfirmedUser<'_>,
        deadline: Deadline,
    ) -> Result<Written, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let profile = self.put(&self.tables.directory, profile(user, now), NEW, None);
        let event = event(user, "user.confirmed", "user-confirmed", now);
        let event = self.put(&self.tables.directory, event, NEW, None);
        self.write(vec![profile, event], deadline).await
    }

    /// The event `user.password_reset`, once per `window`: Cognito gives such events no id, so a second
    /// one of the same user within it counts as delivered again.
    pub(crate) async fn password_reset(
        &self,
        user: &ConfirmedUser<'_>,
        window: Duration,
        deadline: Deadline,
    ) -> Result<Written, ServiceError> {
        let now = OffsetDateTime::now_utc();
        let seconds = now.unix_timestamp();
        let expires_at = seconds.saturating_add_unsigned(window.as_secs());
        let who = [user.user_pool_id, user.sub];
        let key = EphemeralKey::recent("post-confirmation", "password-reset", &who);
        let mark = Item::from([
            text("pk", key.0),
            (
                "expires_at".to_owned(),
                AttributeValue::N(expires_at.to_string()),
            ),
        ]);
        let mark = self.put(&self.tables.ephemeral, mark, NEW_OR_EXPIRED, Some(seconds));
        // The mark decides; the event's id only has to be one of its own.
        let id = format!("password-reset#{seconds}");
        let event = event(user, "user.password_reset", &id, now);
        let event = self.put(&self.tables.directory, event, NEW, None);
        self.write(vec![mark, event], deadline).await
    }

    async fn write(
        &self,
        items: Vec<TransactWriteItem>,
        deadline: Deadline,
    ) -> Result<Written, ServiceError> {
        let mut pauses = CONFLICT_PAUSES.into_iter().map(Duration::from_millis);
        loop {
            let overrides =
                aws_sdk_dynamodb::config::Builder::new().timeout_config(timeouts(deadline));
            let result = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .customize()
                .config_override(overrides)
                .send()
                .await;
            let error = match result {
                Ok(_) => return Ok(Written::Now),
                Err(error) => error,
            };
            match cancellation(&error) {
                Some(Cancellation::ConditionFailed) => return Ok(Written::Before),
                Some(Cancellation::Conflict) => match pauses.next() {
                    Some(pause) if pause < deadline.remaining() => tokio::time::sleep(pause).await,
                    _ => return Err(ServiceError::new(OPERATION, &error)),
                },
                None => return Err(ServiceError::new(OPERATION, &error)),
            }
        }
    }

    fn put(&self, table: &str, item: Item, condition: &str, now: Option<i64>) -> TransactWriteItem {
        let values = now.map(|now| (":now".to_owned(), AttributeValue::N(now.to_string())));
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_values(values.map(|value| Item::from([value])))
            .build();
        // `build` fails only without table or item, which are set above.
        TransactWriteItem::builder().set_put(put.ok()).build()
    }
}

/// Nothing is there yet.
const NEW: &str = "attribute_not_exists(pk)";
/// Nothing is there, or what is there should have been deleted: DynamoDB may take days to.
const NEW_OR_EXPIRED: &str = "attribute_not_exists(pk) OR expires_at <= :now";

enum Cancellation {
    ConditionFailed,
    Conflict,
}

/// Why a transaction was cancelled, where it is one of the two reasons that we know what to do about.
fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Cancellation> {
    let TransactWriteItemsError::TransactionCanceledException(canceled) =
        error.as_service_error()?
    else {
        return None;
    };
    let codes = canceled
        .cancellation_reasons()
        .iter()
        .filter_map(CancellationReason::code);
    let codes: Vec<&str> = codes.filter(|code| *code != "None").collect();
    if codes.contains(&"ConditionalCheckFailed") {
        Some(Cancellation::ConditionFailed)
    } else if !codes.is_empty() && codes.iter().all(|code| *code == "TransactionConflict") {
        Some(Cancellation::Conflict)
    } else {
        None
    }
}

fn profile(user: &ConfirmedUser<'_>, now: OffsetDateTime) -> Item {
    let key = DirectoryKey::profile(user.user_pool_id, user.sub);
    let attributes = user
        .attributes
        .iter()
        .map(|(name, value)| text(name, *value));
    Item::from([
        text("pk", key.pk),
        text("sk", key.sk),
        text("user_pool_id", user.user_pool_id),
        text("sub", user.sub),
        text("user_name", user.user_name),
        text("confirmed_by", &user.trigger_source),
        text("created_at", rfc3339(now)),
        (
            "attributes".to_owned(),
            AttributeValue::M(attributes.collect()),
        ),
    ])
}

/// An outbox event: what happened and to whom, no attributes. Consumers read the profile.
fn event(user: &ConfirmedUser<'_>, kind: &str, id: &str, now: OffsetDateTime) -> Item {
    let key = DirectoryKey::event(user.user_pool_id, user.sub, id);
    let mut item = Item::from([
        text("pk", key.pk),
        text("sk", key.sk),
        text("type", kind),
        text("user_pool_id", user.user_pool_id),
        text("sub", user.sub),
        text("trigger_source", &user.trigger_source),
        text("occurred_at", rfc3339(now)),
    ]);
    item.extend(user.client_id.map(|client| text("client_id", client)));
    item
}

fn text(name: &str, value: impl Into<String>) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.into()))
}

fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
