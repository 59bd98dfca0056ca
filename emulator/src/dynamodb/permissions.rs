//! Which IAM actions a DynamoDB request needs, on which table, with which `dynamodb:LeadingKeys`, `dynamodb:Attributes`
//! and `dynamodb:ReturnValues`.
//!
//! What cannot be derived is left out, so that the condition key is absent: a policy that asks for it
//! with `Null: false` refuses. A transaction needs the action of each item, a batch its own.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
//! DynamoDB"; DynamoDB developer guide, "Using IAM with transactions".

use serde_json::Value;

use super::{attributes, key_condition};

/// One action that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permission {
    /// Say `dynamodb:GetItem`.
    pub(super) action: String,
    /// `table/<name>`, `table/<name>/index/<index>` or `table/*`.
    pub(super) resource: String,
    /// The partition keys touched, as text.
    pub(super) leading_keys: Vec<String>,
    /// The top-level attributes named.
    pub(super) attributes: Vec<String>,
    /// What of the item comes back, of an action that writes.
    pub(super) return_values: Vec<String>,
}

/// The partition key's attribute name, of a table or one of its indexes.
pub(super) type HashKeyOf<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

/// Everything that `operation` needs; never empty.
pub(super) fn required(operation: &str, body: &Value, hash_key: HashKeyOf<'_>) -> Vec<Permission> {
    let items = |name: &str| {
        body.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let permissions: Vec<Permission> = match operation {
        "TransactWriteItems" => items("TransactItems")
            .flat_map(|item| item.as_object().into_iter().flatten())
            .map(|(kind, request)| {
                let action = match kind.as_str() {
                    "Put" => "PutItem",
                    "Update" => "UpdateItem",
                    "Delete" => "DeleteItem",
                    "ConditionCheck" => "ConditionCheckItem",
                    other => other,
                };
                of_item(action, request, hash_key)
            })
            .collect(),
        "TransactGetItems" => items("TransactItems")
            .filter_map(|item| item.get("Get"))
            .map(|request| of_item("GetItem", request, hash_key))
            .collect(),
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = body.get("RequestItems").and_then(Value::as_object);
            tables
                .into_iter()
                .flatten()
                .map(|(table, requests)| of_batch(operation, table, requests, hash_key))
                .collect()
        }
        "Query" => vec![of_query(body, hash_key)],
        _ => vec![of_item(operation, body, hash_key)],
    };
    if permissions.is_empty() {
        return vec![permission(operation, "*", None, Vec::new())];
    }
    permissions
}

fn permission(
    action: &str,
    table: &str,
    index: Option<&str>,
    leading_keys: Vec<String>,
) -> Permission {
    let index = index
        .map(|index| format!("/index/{index}"))
        .unwrap_or_default();
    Permission {
        action: format!("dynamodb:{action}"),
        resource: format!("table/{table}{index}"),
        leading_keys,
        attributes: Vec::new(),
        return_values: Vec::new(),
    }
}

fn of_item(action: &str, request: &Value, hash_key: HashKeyOf<'_>) -> Permission {
    let table = table_name(request);
    let key = request.get("Key").or_else(|| request.get("Item"));
    let leading = key.and_then(|key| leading_key(key, &hash_key(table, None)?));
    let index = request.get("IndexName").and_then(Value::as_str);
    let written = request.get("ReturnValues").and_then(Value::as_str);
    let written = written.map(str::to_owned);
    Permission {
        attributes: attributes::named_by(request),
        return_values: written.into_iter().collect(),
        ..permission(action, table, index, leading.into_iter().collect())
    }
}

fn of_batch(action: &str, table: &str, requests: &Value, hash_key: HashKeyOf<'_>) -> Permission {
    let table = last_part(table);
    let keys: Vec<&Value> = match requests {
        Value::Array(writes) => writes
            .iter()
            .filter_map(|write| {
                write
                    .pointer("/PutRequest/Item")
                    .or_else(|| write.pointer("/DeleteRequest/Key"))
            })
            .collect(),
        reads => reads
            .get("Keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .collect(),
    };
    let leading = hash_key(table, None).map(|name| {
        keys.into_iter()
            .filter_map(|key| leading_key(key, &name))
            .collect()
    });
    permission(action, table, None, leading.unwrap_or_default())
}

fn of_query(body: &Value, hash_key: HashKeyOf<'_>) -> Permission {
    let table = table_name(body);
    let index = body.get("IndexName").and_then(Value::as_str);
    let values = match hash_key(table, index) {
        Some(name) => key_condition::values_of(&name, body),
        None => Vec::new(),
    };
    let leading = values.into_iter().filter_map(as_text).collect();
    permission("Query", table, index, leading)
}

fn table_name(request: &Value) -> &str {
    let name = request.get("TableName").and_then(Value::as_str);
    name.map_or("*", last_part)
}

/// A table may be named by its ARN.
fn last_part(table: &str) -> &str {
    match table.starts_with("arn:") {
        true => table.rsplit('/').next().unwrap_or(table),
        false => table,
    }
}

fn leading_key(key: &Value, hash_key: &str) -> Option<String> {
    as_text(key.get(hash_key)?)
}

/// `{"S": "a"}` as `a`; numbers and binaries as they are written.
fn as_text(attribute: &Value) -> Option<String> {
    let (kind, value) = attribute.as_object()?.iter().next()?;
    matches!(kind.as_str(), "S" | "N" | "B")
        .then(|| value.as_str().map(str::to_owned))
        .flatten()
}

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::*;

    fn hash_key(_: &str, index: Option<&str>) -> Option<String> {
        Some(if index.is_some() { "other" } else { "pk" }.to_owned())
    }

    fn needs(operation: &str, body: Value) -> Vec<(String, String, String)> {
        let permissions = required(operation, &body, &hash_key).into_iter();
        permissions
            .map(|it| (it.action, it.resource, it.leading_keys.join(",")))
            .collect()
    }

    fn one(action: &str, resource: &str, keys: &str) -> (String, String, String) {
        (
            format!("dynamodb:{action}"),
            resource.to_owned(),
            keys.to_owned(),
        )
    }

    #[test]
    fn an_item_action_needs_its_partition_key() {
        let key = json!({"TableName": "T", "Key": {"pk": {"S": "a"}, "sk": {"S": "z"}}});
        assert_eq!(
            needs("GetItem", key.clone()),
            [one("GetItem", "table/T", "a")]
        );
        assert_eq!(
            needs("UpdateItem", key),
            [one("UpdateItem", "table/T", "a")]
        );
        let item = json!({"TableName": "arn:aws:dynamodb:us-east-1:123456789012:table/T",
                          "Item": {"pk": {"N": "7"}}});
        assert_eq!(needs("PutItem", item), [one("PutItem", "table/T", "7")]);
    }

    #[test]
    fn a_transaction_needs_the_action_of_each_item() {
        let body = json!({"TransactItems": [
            {"Put": {"TableName": "A", "Item": {"pk": {"S": "x"}}}},
            {"ConditionCheck": {"TableName": "B", "Key": {"pk": {"S": "y"}}}},
        ]});
        assert_eq!(
            needs("TransactWriteItems", body),
            [
                one("PutItem", "table/A", "x"),
                one("ConditionCheckItem", "table/B", "y")
            ]
        );
    }

    #[test]
    fn a_batch_needs_every_key_of_a_table_at_once() {
        let body = json!({"RequestItems": {"T": [
            {"PutRequest": {"Item": {"pk": {"S": "x"}}}},
            {"DeleteRequest": {"Key": {"pk": {"S": "y"}}}},
        ]}});
        assert_eq!(
            needs("BatchWriteItem", body),
            [one("BatchWriteItem", "table/T", "x,y")]
        );
        let body = json!({"RequestItems": {"T": {"Keys": [{"pk": {"S": "x"}}]}}});
        assert_eq!(
            needs("BatchGetItem", body),
            [one("BatchGetItem", "table/T", "x")]
        );
    }

    #[test]
    fn a_query_of_an_index_needs_the_index_and_its_key() {
        let body = json!({"TableName": "T", "IndexName": "I",
            "KeyConditionExpression": "other = :o", "ExpressionAttributeValues": {":o": {"S": "x"}}});
        assert_eq!(needs("Query", body), [one("Query", "table/T/index/I", "x")]);
    }

    #[test]
    fn what_names_no_key_has_no_leading_keys() {
        assert_eq!(
            needs("Scan", json!({"TableName": "T"})),
            [one("Scan", "table/T", "")]
        );
        assert_eq!(
            needs("ListTables", json!({})),
            [one("ListTables", "table/*", "")]
        );
        let nothing = json!({"TransactItems": []});
        assert_eq!(
            needs("TransactWriteItems", nothing),
            [one("TransactWriteItems", "table/*", "")]
        );
    }
}
