//! The partition key values that a Query names: `KeyConditionExpression`, or `KeyConditions` before it.
//!
//! Source: DynamoDB developer guide, "Key condition expressions for the Query operation".

use serde_json::Value;

/// Every value that the request compares `hash_key` with by `=`.
pub(super) fn values_of<'v>(hash_key: &str, body: &'v Value) -> Vec<&'v Value> {
    if let Some(expression) = body.get("KeyConditionExpression").and_then(Value::as_str) {
        return in_expression(hash_key, expression, body);
    }
    let condition = body.get("KeyConditions").and_then(|all| all.get(hash_key));
    let equal = condition.filter(|condition| {
        condition.get("ComparisonOperator").and_then(Value::as_str) == Some("EQ")
    });
    let values = equal.and_then(|condition| condition.get("AttributeValueList")?.as_array());
    values.into_iter().flatten().collect()
}

fn in_expression<'v>(hash_key: &str, expression: &str, body: &'v Value) -> Vec<&'v Value> {
    let tokens = tokens(expression);
    let is_hash_key = |token: &str| match token.strip_prefix('#') {
        None => token == hash_key,
        Some(_) => {
            let names = body.get("ExpressionAttributeNames");
            names.and_then(|names| names.get(token)?.as_str()) == Some(hash_key)
        }
    };
    let values = body.get("ExpressionAttributeValues");
    tokens
        .windows(3)
        .filter_map(|window| match window {
            [name, "=", value] if is_hash_key(name) => values?.get(*value),
            _ => None,
        })
        .collect()
}

/// Names, placeholders and operators; brackets and spaces only part them.
fn tokens(expression: &str) -> Vec<&str> {
    let in_word = |c: char| c.is_alphanumeric() || "_#:.-".contains(c);
    let in_operator = |c: char| "=<>".contains(c);
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let same =
            |c: char| (in_word(first) && in_word(c)) || (in_operator(first) && in_operator(c));
        let end = rest
            .find(|c| !same(c))
            .unwrap_or(rest.len())
            .max(first.len_utf8());
        let (token, after) = rest.split_at(end);
        if in_word(first) || in_operator(first) {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn keys(expression: &str) -> Vec<Value> {
        let body = json!({
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
            "ExpressionAttributeValues": {":p": {"S": "P"}, ":q": {"S": "Q"}, ":s": {"S": "S"}},
        });
        values_of("pk", &body).into_iter().cloned().collect()
    }

    #[test]
    fn the_partition_key_is_found_by_name_or_placeholder_in_any_order() {
        let expected = [json!({"S": "P"})];
        for expression in [
            "pk = :p",
            "pk=:p",
            "(#p = :p) AND (#s > :s)",
            "begins_with(sk, :s) AND #p=:p",
            "sk BETWEEN :q AND :s and pk = :p",
            "sk = :s AND pk = :p",
        ] {
            assert_eq!(keys(expression), expected, "{expression}");
        }
    }

    #[test]
    fn another_attribute_or_comparison_names_no_partition_key() {
        for expression in [
            "sk = :p",
            "#s = :p",
            "pk > :p",
            "pk <= :p",
            "pkx = :p",
            "pk = :none",
        ] {
            assert!(keys(expression).is_empty(), "{expression}");
        }
    }

    #[test]
    fn two_comparisons_name_two_keys() {
        assert_eq!(
            keys("pk = :p OR pk = :q"),
            [json!({"S": "P"}), json!({"S": "Q"})]
        );
    }

    #[test]
    fn the_older_key_conditions_name_it_too() {
        let body = json!({"KeyConditions": {"pk": {
            "ComparisonOperator": "EQ", "AttributeValueList": [{"S": "P"}]}}});
        assert_eq!(values_of("pk", &body), [&json!({"S": "P"})]);
    }

    proptest! {
        #[test]
        fn no_expression_panics(expression in "\\PC{0,60}") {
            keys(&expression);
        }

        #[test]
        fn brackets_and_spaces_change_nothing(before in "[ (]{0,4}", between in " {0,3}", after in "[ )]{0,4}") {
            let expression = format!("{before}#p{between}={between}:p{after}");
            prop_assert_eq!(keys(&expression), [json!({"S": "P"})]);
        }
    }
}
