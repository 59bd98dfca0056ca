//! The top-level attributes that a DynamoDB request names: `dynamodb:Attributes`.
//!
//! Those of its key or item, and those of its expressions. A request that reads whole items names no more than its key.
//! Of the parameters before expressions (`AttributeUpdates`, `Expected`, `AttributesToGet`) the names are taken too.
//!
//! Source: DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control".

use std::collections::BTreeSet;

use serde_json::Value;

/// Expressions, by their parameters.
const EXPRESSIONS: [&str; 5] = [
    "UpdateExpression",
    "ConditionExpression",
    "ProjectionExpression",
    "KeyConditionExpression",
    "FilterExpression",
];
/// Parameters whose members are called by attributes.
const MEMBERS: [&str; 6] = [
    "Key",
    "Item",
    "AttributeUpdates",
    "Expected",
    "KeyConditions",
    "QueryFilter",
];
/// Words of expressions that are no attributes: keywords in any case, and functions.
const WORDS: [&str; 16] = [
    "set",
    "remove",
    "add",
    "delete",
    "and",
    "or",
    "not",
    "in",
    "between",
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "begins_with",
    "contains",
    "size",
    "if_not_exists",
];

/// Of one request, or of one item of a transaction.
pub(super) fn named_by(request: &Value) -> Vec<String> {
    let mut named = BTreeSet::new();
    for parameter in MEMBERS {
        let members = request.get(parameter).and_then(Value::as_object);
        named.extend(
            members
                .into_iter()
                .flat_map(|members| members.keys().cloned()),
        );
    }
    let got = request.get("AttributesToGet").and_then(Value::as_array);
    let got = got.into_iter().flatten().filter_map(Value::as_str);
    named.extend(got.map(top_level));
    for parameter in EXPRESSIONS {
        let expression = request.get(parameter).and_then(Value::as_str);
        for word in expression.map(words).into_iter().flatten() {
            named.insert(match word.starts_with('#') {
                true => placeholder(request, word),
                false => word.to_owned(),
            });
        }
    }
    named.into_iter().collect()
}

/// The first part of each path; neither values (`:v`) nor numbers, keywords and functions.
fn words(expression: &str) -> Vec<&str> {
    let in_path = |c: char| c.is_alphanumeric() || "_#:.-[]".contains(c);
    let paths = expression
        .split(|c| !in_path(c))
        .filter(|path| !path.is_empty());
    let names = paths.map(|path| path.split(['.', '[']).next().unwrap_or(path));
    names
        .filter(|name| {
            let first = name.chars().next();
            let named = first.is_some_and(|c| c == '#' || c == '_' || c.is_alphabetic());
            named && !WORDS.contains(&name.to_lowercase().as_str())
        })
        .collect()
}

fn placeholder(request: &Value, word: &str) -> String {
    let names = request.get("ExpressionAttributeNames");
    let name = names.and_then(|names| names.get(word)?.as_str());
    // One that stands for nothing is refused by DynamoDB later on.
    name.unwrap_or(word).to_owned()
}

fn top_level(path: &str) -> String {
    path.split(['.', '[']).next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_names_its_key_and_what_its_expressions_name() {
        let request = json!({
            "Key": {"pk": {"S": "a"}},
            "UpdateExpression": "SET #s = :s, marks.#first[0] = if_not_exists(counted, :n) ADD offers :one",
            "ConditionExpression": "attribute_not_exists(pk) OR (#s IN (:a, :b) AND size(text) BETWEEN 1 AND :n)",
            "ExpressionAttributeNames": {"#s": "state", "#first": "first"},
        });
        let named = ["counted", "marks", "offers", "pk", "state", "text"];
        assert_eq!(named_by(&request), named);
    }

    #[test]
    fn a_put_names_all_that_it_writes_and_an_old_update_too() {
        let put = json!({"Item": {"pk": {"S": "a"}, "hash": {"S": "x"}}});
        assert_eq!(named_by(&put), ["hash", "pk"]);
        let old = json!({
            "Key": {"pk": {"S": "a"}},
            "AttributeUpdates": {"hash": {"Action": "DELETE"}},
            "Expected": {"enabled": {"Exists": false}},
        });
        assert_eq!(named_by(&old), ["enabled", "hash", "pk"]);
        assert_eq!(
            named_by(&json!({"AttributesToGet": ["a.b", "c"]})),
            ["a", "c"]
        );
    }
}
