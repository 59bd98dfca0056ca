//! Ways to break a role, found by walking its documents: nothing that is written there may be idle.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::isolation::world::Documents;

/// Granted as the EventBridge user guide writes it, on the stream; but IAM knows no resource for it, so
/// that the grant is idle and nothing can tell whether it is there.
const IDLE: [&str; 1] = ["without dynamodb:ListStreams"];

/// A role with one thing changed.
pub(crate) struct Mutant {
    pub(crate) name: String,
    /// Logical id.
    pub(crate) role: String,
    pub(crate) documents: Documents,
}

/// Each condition key taken out; each pattern, resource, action and principal widened; each action
/// taken away.
pub(crate) fn all(roles: &BTreeMap<String, Documents>) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (role, documents) in roles {
        for (change, trust) in of_document(&documents.trust) {
            mutants.push(Mutant {
                name: format!("{role}, trust {change}"),
                role: role.clone(),
                documents: Documents {
                    trust,
                    ..documents.clone()
                },
            });
        }
        for (index, policy) in documents.policies.iter().enumerate() {
            for (change, policy) in of_document(policy) {
                let mut documents = documents.clone();
                documents.policies[index] = policy;
                let name = format!("{role}, policy {index} {change}");
                mutants.push(Mutant {
                    name,
                    role: role.clone(),
                    documents,
                });
            }
        }
    }
    mutants
}

fn of_document(document: &Value) -> Vec<(String, Value)> {
    let statements = document["Statement"]
        .as_array()
        .expect("lists of statements");
    let mut mutants = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let statement = statement.as_object().unwrap();
        for (change, mutated) in of_statement(statement) {
            let mut document = document.clone();
            document["Statement"][index] = Value::Object(mutated);
            mutants.push((format!("statement {index}: {change}"), document));
        }
    }
    mutants
}

type Statement = Map<String, Value>;

fn of_statement(statement: &Statement) -> Vec<(String, Statement)> {
    let mut mutants = Vec::new();
    let with = |element: &str, value: Value| {
        let mut statement = statement.clone();
        statement.insert(element.to_owned(), value);
        statement
    };
    // A denial is not weaker for being wider; without it, what others open is open.
    if statement.get("Effect") == Some(&json!("Deny")) {
        assert!(!statement.contains_key("Condition"), "not mutated yet");
        return vec![
            (
                "without the denial".to_owned(),
                with("Action", json!("iam:GetAccountSummary")),
            ),
            (
                "the denial allows".to_owned(),
                with("Effect", json!("Allow")),
            ),
        ];
    }
    for (change, condition) in
        of_condition(&statement.get("Condition").cloned().unwrap_or(json!({})))
    {
        mutants.push((change, with("Condition", condition)));
    }
    for resource in texts(statement.get("Resource")) {
        mutants.push((
            format!("Resource {resource} is *"),
            with("Resource", json!("*")),
        ));
        if let Some((before, rest)) = resource.split_once("${") {
            let (_, after) = rest.split_once('}').unwrap();
            let wide = format!("{before}*{after}");
            mutants.push((
                format!("Resource {resource} is {wide}"),
                with("Resource", json!(wide)),
            ));
        }
    }
    let actions = texts(statement.get("Action"));
    for action in &actions {
        let others: Vec<_> = actions.iter().filter(|other| other != &action).collect();
        // A statement without action is none: it asks for what no cell does.
        let others = if others.is_empty() {
            json!("iam:GetAccountSummary")
        } else {
            json!(others)
        };
        mutants.push((format!("without {action}"), with("Action", others)));
    }
    let service = actions[0].split(':').next().unwrap();
    let every = format!("{service}:*");
    mutants.push((format!("Action is {every}"), with("Action", json!(every))));
    if statement.contains_key("Principal") {
        mutants.push(("Principal is *".to_owned(), with("Principal", json!("*"))));
    }
    mutants.retain(|(change, _)| !IDLE.contains(&change.as_str()));
    mutants
}

fn of_condition(condition: &Value) -> Vec<(String, Value)> {
    let mut mutants = Vec::new();
    for (operator, keys) in condition.as_object().unwrap() {
        for (key, values) in keys.as_object().unwrap() {
            let mut without = condition.clone();
            let keys = without[operator].as_object_mut().unwrap();
            keys.remove(key);
            if keys.is_empty() {
                without.as_object_mut().unwrap().remove(operator);
            }
            mutants.push((format!("without {operator} {key}"), without));
            if operator.ends_with("Like") {
                for value in texts(Some(values)) {
                    let mut wide = condition.clone();
                    let wider = match (operator.as_str(), key.as_str()) {
                        ("ArnLike", _) => "arn:aws:*:*:*:*",
                        (_, "s3:prefix") => "users/*",
                        _ => "*",
                    };
                    wide[operator][key] = json!([wider]);
                    mutants.push((format!("{operator} {key} {value} is {wider}"), wide));
                }
            }
        }
    }
    mutants
}

/// One text or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}
