//! Outbox events, held to their schemas in docs/events/.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{CONFIRM, FUNCTION, RESET, claims::confirmation, items, text};
use crate::common::{answer, event_text, invoke, stack, tree};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_as_its_schema_says() {
    let stack = stack().await;
    let second = confirmation(2, "ada@example.com");
    for sent in [event_text(CONFIRM), second, event_text(RESET)] {
        answer(&invoke(&stack, FUNCTION, &sent).await);
    }
    let mut kinds = Vec::new();
    for item in items(&stack, "DirectoryTable").await {
        if text(&item, "sk").starts_with("EVENT#") {
            assert_event(&item);
            kinds.push(text(&item, "type"));
        }
    }
    kinds.sort();
    kinds.dedup();
    let expected = [
        "user.confirmed",
        "user.mailbox_taken",
        "user.password_reset",
    ];
    assert_eq!(kinds, expected);
}

/// Holds an outbox item to its schema in docs/events/, as the pipe would send it.
pub(crate) fn assert_event(item: &HashMap<String, AttributeValue>) {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        other => panic!("an event holds texts and numbers only, not {other:?}"),
    };
    let members = item
        .iter()
        .map(|(name, member)| (name.clone(), value(member)));
    let members: serde_json::Map<String, Value> = members.collect();
    let (kind, version) = (text(item, "type"), item["version"].as_n().unwrap());
    let path = tree(&format!("docs/events/{kind}.v{version}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let detail = json!({ "changeId": "1", "item": members });
    // Consumers take what is added; what is written has nothing that the schema does not say.
    let mut closed = schema.clone();
    closed["additionalProperties"] = json!(false);
    closed["properties"]["item"]["additionalProperties"] = json!(false);
    let closed = jsonschema::validator_for(&closed).unwrap();
    if let Err(error) = closed.validate(&detail) {
        panic!("{kind}: {error}");
    }
    let mut with_more = detail;
    with_more["more"] = json!(true);
    with_more["item"]["email"] = json!({ "S": "ada@example.com" });
    assert!(!closed.is_valid(&with_more), "{kind} may hold an attribute");
    let open = jsonschema::validator_for(&schema).unwrap();
    assert!(open.is_valid(&with_more), "{kind} allows no addition");
}
