//! Whether a function's resource policy lets a pool invoke it. Pure.
//!
//! Source: Lambda developer guide, "Working with resource-based IAM policies in Lambda".

use serde_json::{Map, Value};

use crate::state::digest;

/// Who invokes triggers.
const COGNITO: &str = "cognito-idp.amazonaws.com";

/// Whether a statement of `policy` admits the pool. What cannot be read admits nobody.
pub fn admits(policy: &Value, pool_arn: &str) -> bool {
    let statements = policy.get("Statement").and_then(Value::as_array);
    let mut statements = statements.into_iter().flatten();
    statements.any(|statement| {
        let text = |name: &str| statement.get(name).and_then(Value::as_str);
        let principal = statement.pointer("/Principal/Service");
        let invokes = |action: &str| ["lambda:InvokeFunction", "lambda:*"].contains(&action);
        let conditions = statement.get("Condition").and_then(Value::as_object);
        text("Effect") == Some("Allow")
            && texts(principal).any(|service| service == COGNITO)
            && texts(statement.get("Action")).any(invokes)
            && conditions.is_none_or(|conditions| all_hold(conditions, pool_arn))
    })
}

fn all_hold(conditions: &Map<String, Value>, pool_arn: &str) -> bool {
    let account = pool_arn.split(':').nth(4).unwrap_or_default();
    conditions.iter().all(|(operator, keys)| {
        let keys = keys.as_object();
        keys.is_some_and(|keys| {
            keys.iter().all(|(key, values)| {
                let value = match key.to_ascii_lowercase().as_str() {
                    "aws:sourcearn" => pool_arn,
                    "aws:sourceaccount" => account,
                    _ => return false,
                };
                match operator.as_str() {
                    "StringEquals" => texts(Some(values)).any(|wanted| wanted == value),
                    "ArnLike" | "ArnEquals" | "StringLike" => {
                        texts(Some(values)).any(|pattern| matches(pattern, value))
                    }
                    _ => false,
                }
            })
        })
    })
}

/// The id of the statement that lets a pool invoke a function: the same for the same two.
pub fn statement_id(pool_arn: &str, function_arn: &str) -> String {
    let digest = digest("trigger-permission", &[pool_arn, function_arn]);
    format!("poolkeeper-{}", digest.get(..16).unwrap_or_default())
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

/// `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const POOL: &str = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x";

    fn policy(condition: Value) -> Value {
        json!({ "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": COGNITO },
            "Action": "lambda:InvokeFunction",
            "Condition": condition,
        }]})
    }

    #[test]
    fn a_pool_is_admitted_by_its_arn_or_a_pattern_of_it() {
        for condition in [
            json!({ "ArnLike": { "AWS:SourceArn": POOL }, "StringEquals": { "AWS:SourceAccount": "123456789012" } }),
            json!({ "ArnLike": { "AWS:SourceArn": "arn:aws:cognito-idp:*:*:userpool/*" } }),
            json!({}),
        ] {
            assert!(admits(&policy(condition.clone()), POOL), "{condition}");
        }
    }

    #[test]
    fn nothing_else_admits_it() {
        for condition in [
            json!({ "ArnLike": { "AWS:SourceArn": format!("{POOL}y") } }),
            json!({ "ArnLike": { "AWS:SourceArn": "arn:aws:cognito-idp:*:userpool/*_y" } }),
            json!({ "StringEquals": { "AWS:SourceAccount": "999999999999" } }),
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }),
            json!({ "StringNotEquals": { "AWS:SourceArn": "x" } }),
        ] {
            assert!(!admits(&policy(condition.clone()), POOL), "{condition}");
        }
        let mut other = policy(json!({}));
        other["Statement"][0]["Principal"]["Service"] = json!("sns.amazonaws.com");
        assert!(!admits(&other, POOL) && !admits(&Value::Null, POOL));
    }

    #[test]
    fn a_statement_is_named_by_pool_and_function() {
        let one = statement_id(POOL, "f");
        assert_eq!(one, statement_id(POOL, "f"));
        assert_ne!(one, statement_id(POOL, "g"));
        assert!(one.len() <= 100 && one.starts_with("poolkeeper-"));
    }
}
