//! Items of the state tables: attributes in and out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::DirectoryKey;

/// An item, as the SDK takes and gives it.
pub type Item = HashMap<String, AttributeValue>;

/// The text attribute `name`.
pub fn text(name: &str, value: impl Into<String>) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.into()))
}

/// The number attribute `name`.
pub fn number(name: &str, value: i64) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::N(value.to_string()))
}

/// The attributes of a directory key.
pub fn key_item(key: &DirectoryKey) -> Item {
    Item::from([text("pk", &key.pk), text("sk", &key.sk)])
}

/// The text attribute `name` of an item, if it is there and is a text.
pub fn read_text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    let value = item.get(name)?.as_s().ok()?;
    Some(value.as_str())
}

/// The number attribute `name` of an item, if it is there and is a whole number.
pub fn read_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A time as items and log lines write it: RFC 3339, UTC.
pub fn rfc3339(time: OffsetDateTime) -> String {
    // Fails only for years beyond 9999.
    time.format(&Rfc3339).unwrap_or_default()
}
