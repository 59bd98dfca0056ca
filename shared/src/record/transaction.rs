//! A transaction on the state tables, with an outcome for each of its items.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder},
};

use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item},
};

/// As IAM names what a transaction needs.
const OPERATION: &str = "dynamodb:TransactWriteItems";

/// Milliseconds before a transaction that met another one is tried again.
const CONFLICT_PAUSES: [u64; 4] = [20, 60, 140, 300];

/// When an item may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is there yet.
    New,
    /// Nothing is there, or what is there should have been deleted by this time (seconds since 1970):
    /// DynamoDB may take days to.
    NewOrExpired(i64),
}

/// Items that are written together or not at all.
#[derive(Debug, Default)]
pub struct Transaction(Vec<TransactWriteItem>);

/// Which item of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(usize);

/// What became of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Transacted {
    /// Every item is written.
    Written,
    /// No item is, for the conditions of these did not hold.
    Refused(Vec<Position>),
}

impl Transaction {
    /// Puts `item` into `table` if `condition` holds.
    pub fn put(&mut self, table: &str, item: Item, condition: Condition) -> Position {
        let (expression, values) = match condition {
            Condition::New => ("attribute_not_exists(pk)", None),
            Condition::NewOrExpired(now) => (
                "attribute_not_exists(pk) OR expires_at <= :now",
                Some(Item::from([(
                    ":now".to_owned(),
                    AttributeValue::N(now.to_string()),
                )])),
            ),
        };
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression(expression)
            .set_expression_attribute_values(values)
            .build();
        // `build` fails only without table or item, which are set above.
        self.push(TransactWriteItem::builder().set_put(put.ok()).build())
    }

    /// Sets one text attribute of the item at `key`, which must exist.
    pub fn set(
        &mut self,
        table: &str,
        key: &DirectoryKey,
        attribute: &str,
        value: &str,
    ) -> Position {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .build();
        // As above.
        self.push(TransactWriteItem::builder().set_update(update.ok()).build())
    }

    /// Updates an item, as `update` says, which names its table, key and expression.
    pub fn update(&mut self, update: UpdateBuilder) -> Position {
        let update = update.build().ok();
        self.push(TransactWriteItem::builder().set_update(update).build())
    }

    /// Deletes the item at `key`, if there is one.
    pub fn delete(&mut self, table: &str, key: Item) -> Position {
        let delete = Delete::builder().table_name(table).set_key(Some(key));
        // As above.
        let delete = delete.build().ok();
        self.push(TransactWriteItem::builder().set_delete(delete).build())
    }

    /// Writes it, and tries again where it met another transaction.
    ///
    /// # Errors
    /// When DynamoDB does not say by `deadline` what became of it.
    pub async fn write(
        self,
        client: &Client,
        deadline: Deadline,
    ) -> Result<Transacted, ServiceError> {
        let mut pauses = CONFLICT_PAUSES.into_iter().map(Duration::from_millis);
        loop {
            let result = client
                .transact_write_items()
                .set_transact_items(Some(self.0.clone()))
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await;
            let error = match result {
                Ok(_) => return Ok(Transacted::Written),
                Err(error) => error,
            };
            match cancellation(&error) {
                Some(Cancellation::Refused(items)) => return Ok(Transacted::Refused(items)),
                Some(Cancellation::Conflict) => match pauses.next() {
                    Some(pause) if pause < deadline.remaining() => tokio::time::sleep(pause).await,
                    _ => return Err(ServiceError::new(OPERATION, &error)),
                },
                None => return Err(ServiceError::new(OPERATION, &error)),
            }
        }
    }

    fn push(&mut self, item: TransactWriteItem) -> Position {
        self.0.push(item);
        Position(self.0.len() - 1)
    }
}

/// The two reasons for a cancelled transaction that we know what to do about.
enum Cancellation {
    Refused(Vec<Position>),
    Conflict,
}

fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Cancellation> {
    let TransactWriteItemsError::TransactionCanceledException(canceled) =
        error.as_service_error()?
    else {
        return None;
    };
    // One for each item, in the order of the items (API reference, TransactWriteItems).
    let reasons = canceled.cancellation_reasons().iter();
    let codes: Vec<&str> = reasons
        .map(|reason| reason.code().unwrap_or("None"))
        .collect();
    let refused = codes.iter().enumerate();
    let refused: Vec<Position> = refused
        .filter(|(_, code)| **code == "ConditionalCheckFailed")
        .map(|(index, _)| Position(index))
        .collect();
    if !refused.is_empty() {
        return Some(Cancellation::Refused(refused));
    }
    let mut reasons = codes.into_iter().filter(|code| *code != "None").peekable();
    reasons.peek()?;
    reasons
        .all(|code| code == "TransactionConflict")
        .then_some(Cancellation::Conflict)
}
