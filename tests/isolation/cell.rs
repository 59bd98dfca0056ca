//! A cell of the matrix, and how `emulator::iam` judges it.

use emulator::iam::{Context, Decision, Trusted, evaluate, evaluate_trust};
use serde::Serialize;
use serde_json::{Value, json};

use crate::isolation::world::Documents;

pub(crate) const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
pub(crate) const SUBJECT: &str = "cognito-identity.amazonaws.com:sub";

/// Who wishes to become the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wisher {
    Federated(&'static str),
    Service(&'static str),
    /// The sessions of a role, by its ARN.
    Aws(&'static str),
}

/// One question to a role, and the answer that it must get.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cell {
    pub(crate) name: String,
    /// Logical id.
    pub(crate) role: String,
    /// Asked of the trust policy, not of the role's own policies.
    pub(crate) trust: Option<Wisher>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Context,
    pub(crate) session_policy: Option<Value>,
    /// What the resource's own policy says of everybody, beside the role's.
    pub(crate) resource_policy: Option<Value>,
    pub(crate) allowed: bool,
}

impl Cell {
    /// A request that is refused, until it is said to be allowed.
    pub(crate) fn new(role: &str, action: &str, resource: &str, what: &str) -> Self {
        Self {
            name: format!("{role} {action} {what}"),
            role: role.to_owned(),
            trust: None,
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: Context::new(),
            session_policy: None,
            resource_policy: None,
            allowed: false,
        }
    }

    pub(crate) fn with(mut self, key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        self.context.insert(key.to_owned(), values);
        self
    }

    /// With the partition keys that the request touches; none leaves the condition key out.
    pub(crate) fn touching(self, keys: &[&str]) -> Self {
        if keys.is_empty() {
            return self;
        }
        self.with(LEADING_KEYS, keys)
    }

    pub(crate) fn within(mut self, session_policy: &Value) -> Self {
        self.session_policy = Some(session_policy.clone());
        self
    }

    /// Of a resource that its own policy opens to `Principal: "*"`.
    pub(crate) fn opened_to_all(mut self) -> Self {
        self.resource_policy = Some(json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": self.action,
            "Resource": self.resource,
        }]}));
        self
    }

    pub(crate) fn allowed_if(mut self, allowed: bool) -> Self {
        self.allowed = allowed;
        self
    }

    pub(crate) fn allowed(self) -> Self {
        self.allowed_if(true)
    }

    /// What `emulator::iam` says.
    pub(crate) fn is_allowed_by(&self, documents: &Documents) -> bool {
        let says = |policies: &[Value]| {
            evaluate(policies, &self.action, &self.resource, &self.context) == Decision::Allow
        };
        match self.trust {
            None => {
                let session = self.session_policy.as_ref().map(std::slice::from_ref);
                // In one account either policy allows, and a denial in either decides.
                let mut either = documents.policies.clone();
                either.extend(self.resource_policy.as_ref().map(of_everybody));
                says(&either) && session.is_none_or(says)
            }
            Some(wisher) => {
                let itself = match wisher {
                    Wisher::Aws(arn) => vec![arn],
                    _ => Vec::new(),
                };
                let wisher = match wisher {
                    Wisher::Federated(id) => Trusted::Federated(id),
                    Wisher::Service(id) => Trusted::Service(id),
                    Wisher::Aws(_) => Trusted::Aws(&itself),
                };
                let decision =
                    evaluate_trust(&documents.trust, wisher, &self.action, &self.context);
                decision == Decision::Allow
            }
        }
    }
}

/// A resource's policy for everybody, as a policy of whoever asks.
fn of_everybody(policy: &Value) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let principal = statement.as_object_mut().unwrap().remove("Principal");
        assert_eq!(principal, Some(json!("*")));
    }
    policy
}
