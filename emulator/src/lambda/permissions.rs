//! Who outside an account may invoke a function: its resource policy, by version or alias.
//!
//! Source: Lambda developer guide, "Working with resource-based IAM policies in Lambda".

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::name::{function_name, qualifier};

/// One statement: a service that may invoke, and for what source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `Sid`.
    pub statement_id: String,
    /// `lambda:InvokeFunction`.
    pub action: String,
    /// Say `cognito-idp.amazonaws.com`.
    pub principal: String,
    /// The ARN, `*` allowed, on whose behalf the service calls.
    pub source_arn: Option<String>,
    /// The account of that source.
    pub source_account: Option<String>,
}

/// Who calls a function.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The service.
    pub service: &'a str,
    /// On whose behalf.
    pub arn: &'a str,
    /// Of the source, where the service tells it.
    pub account: Option<&'a str>,
}

/// The resource policies of all functions. A policy belongs to the name as it is invoked: what is
/// granted on an alias says nothing of the function itself, and the other way round.
#[derive(Debug, Default)]
pub struct Permissions(Mutex<BTreeMap<Target, Vec<Permission>>>);

/// A function's name and its qualifier.
type Target = (String, Option<String>);

impl Permissions {
    /// Adds a statement to the policy of a function (a name or ARN, qualified or not). Answers
    /// whether its id was free.
    pub fn add(&self, function: &str, qualified: Option<&str>, permission: Permission) -> bool {
        let mut policies = self.policies();
        let policy = policies.entry(target(function, qualified)).or_default();
        let free = policy
            .iter()
            .all(|other| other.statement_id != permission.statement_id);
        if free {
            policy.push(permission);
        }
        free
    }

    /// Takes a statement away. Answers whether it was there.
    pub fn remove(&self, function: &str, qualified: Option<&str>, statement_id: &str) -> bool {
        let mut policies = self.policies();
        let Some(policy) = policies.get_mut(&target(function, qualified)) else {
            return false;
        };
        let before = policy.len();
        policy.retain(|permission| permission.statement_id != statement_id);
        policy.len() < before
    }

    /// The policy document; none where nobody may invoke.
    pub(super) fn document(
        &self,
        function: &str,
        qualified: Option<&str>,
        function_arn: &str,
    ) -> Option<Value> {
        let policies = self.policies();
        let policy = policies.get(&target(function, qualified))?;
        let statements: Vec<Value> = policy
            .iter()
            .map(|permission| permission.statement(function_arn))
            .collect();
        (!statements.is_empty())
            .then(|| json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }))
    }

    /// Whether `source` may invoke the function under this name.
    pub fn allow(&self, function: &str, source: Source<'_>) -> bool {
        let policies = self.policies();
        let policy = policies.get(&target(function, None));
        policy.into_iter().flatten().any(|permission| {
            permission.action == "lambda:InvokeFunction"
                && permission.principal == source.service
                && permission
                    .source_arn
                    .as_ref()
                    .is_none_or(|pattern| matches(pattern, source.arn))
                && permission
                    .source_account
                    .as_ref()
                    .is_none_or(|account| source.account == Some(account.as_str()))
        })
    }

    fn policies(&self) -> MutexGuard<'_, BTreeMap<Target, Vec<Permission>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permission {
    pub(super) fn statement(&self, function_arn: &str) -> Value {
        let mut statement = json!({
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": { "Service": self.principal },
            "Action": self.action,
            "Resource": function_arn,
        });
        let mut condition = serde_json::Map::new();
        if let Some(account) = &self.source_account {
            let value = json!({ "AWS:SourceAccount": account });
            condition.insert("StringEquals".to_owned(), value);
        }
        if let Some(arn) = &self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": arn }));
        }
        if let (false, Some(statement)) = (condition.is_empty(), statement.as_object_mut()) {
            statement.insert("Condition".to_owned(), condition.into());
        }
        statement
    }
}

fn target(function: &str, qualified: Option<&str>) -> Target {
    let qualified = qualified.or_else(|| qualifier(function));
    (
        function_name(function).to_owned(),
        qualified.map(str::to_owned),
    )
}

/// `*` stands for any text, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or_default();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| matches(rest, text.get(at..).unwrap_or_default()))
        }
        Some(wanted) => text.chars().next().is_some_and(|found| {
            (wanted == '?' || wanted == found)
                && matches(
                    pattern.get(wanted.len_utf8()..).unwrap_or_default(),
                    text.get(found.len_utf8()..).unwrap_or_default(),
                )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIAS: &str = "arn:aws:lambda:us-east-1:123456789012:function:greeter:live";

    fn cognito(arn: &str) -> Source<'_> {
        Source {
            service: "cognito-idp.amazonaws.com",
            arn,
            account: Some("123456789012"),
        }
    }

    fn permission(source_arn: &str) -> Permission {
        Permission {
            statement_id: "one".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: "cognito-idp.amazonaws.com".to_owned(),
            source_arn: Some(source_arn.to_owned()),
            source_account: Some("123456789012".to_owned()),
        }
    }

    #[test]
    fn a_permission_on_an_alias_is_not_one_on_the_function() {
        let permissions = Permissions::default();
        assert!(permissions.add(ALIAS, None, permission("arn:pool/a")));
        assert!(permissions.allow(ALIAS, cognito("arn:pool/a")));
        assert!(permissions.allow("greeter:live", cognito("arn:pool/a")));
        assert!(!permissions.allow("greeter", cognito("arn:pool/a")));
        assert!(!permissions.allow(ALIAS, cognito("arn:pool/b")));
    }

    #[test]
    fn a_statement_is_taken_away_by_its_id() {
        let permissions = Permissions::default();
        assert!(permissions.add("greeter", Some("live"), permission("arn:*")));
        assert!(!permissions.add(ALIAS, None, permission("arn:*")));
        assert!(!permissions.remove("greeter", None, "one"));
        assert!(permissions.remove("greeter", Some("live"), "one"));
        assert!(!permissions.allow(ALIAS, cognito("arn:pool/a")));
    }

    #[test]
    fn a_star_in_a_source_arn_stands_for_any_text() {
        assert!(matches("arn:api/*/*/token", "arn:api/prod/POST/token"));
        assert!(!matches("arn:api/*/token", "arn:api/prod/POST/credentials"));
    }
}
