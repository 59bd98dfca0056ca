//! IAM actions: what a role is granted is what its function calls.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::agreement::{
    calls::calls,
    suite::{Suite, role_of, statements, texts},
};

/// What Lambda writes on a function's behalf.
const LOGS: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// What Lambda does on a function's behalf with a queue that it polls for it.
const POLLING: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// What Lambda does in a VPC on a function's behalf.
const NETWORK: [&str; 6] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// What a shared module calls in a way that the function does not go, and its role must not allow: pre-sign-up looks
/// whether the old pool knows somebody, and tries no password.
const NEVER_CALLED: [(&str, &str); 2] = [
    ("PreSignUpFunction", "cognito-idp:AdminInitiateAuth"),
    ("PreSignUpFunction", "cognito-idp:AdminListGroupsForUser"),
];

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let template = suite.template();
    let mut findings = Vec::new();
    for function in template.functions() {
        let id = &function.logical_id;
        let Some(role) = role_of(template, function) else {
            findings.push(format!("{id} has a role that the template does not make"));
            continue;
        };
        let sharing = template
            .functions()
            .iter()
            .filter(|other| other.role_arn == role.arn);
        if sharing.count() > 1 {
            findings.push(format!("{id} shares its role with another function"));
        }
        let statements = statements(&role.policies);
        for statement in &statements {
            if statement["Effect"] != json!("Allow") {
                findings.push(format!(
                    "{} has a statement that this test cannot read",
                    role.name
                ));
            }
        }
        let granted: BTreeSet<String> = statements
            .iter()
            .flat_map(|it| texts(&it["Action"]))
            .map(str::to_owned)
            .collect();
        let log_group = &template.get(id).unwrap().properties["LoggingConfig"]["LogGroup"];
        for action in LOGS {
            if !may_log(&statements, action, log_group) {
                findings.push(format!(
                    "{id} lacks {action} on the log group that it is given"
                ));
            }
        }
        let in_vpc = !template.get(id).unwrap().properties["VpcConfig"].is_null();
        let network: &[&str] = if in_vpc { &NETWORK } else { &[] };
        for lacking in network.iter().filter(|action| !granted.contains(**action)) {
            findings.push(format!("{id} is in a VPC and lacks {lacking}"));
        }
        let queue = polled_queue(&template.get(id).unwrap().properties);
        let polling: &[&str] = if queue.is_some() { &POLLING } else { &[] };
        for action in polling {
            if !may(&statements, action, queue.unwrap_or_default()) {
                findings.push(format!(
                    "{id} lacks {action} on the queue that Lambda polls"
                ));
            }
        }
        for wide in granted.iter().filter(|action| action.contains('*')) {
            findings.push(format!("{id} is granted {wide}, which names no action"));
        }
        let Some(code) = suite.code(&function.binary) else {
            continue;
        };
        let calls = calls(code);
        findings.extend(calls.obstacles);
        let never = NEVER_CALLED.iter();
        let never = never.filter(|(function, _)| function == id);
        let never: BTreeSet<String> = never.map(|(_, action)| (*action).to_owned()).collect();
        for wrong in never.intersection(&granted) {
            findings.push(format!("{id} is granted {wrong}, which it must not have"));
        }
        let unnamed: BTreeSet<String> = calls.actions.difference(&never).cloned().collect();
        for lacking in unnamed.difference(&granted) {
            findings.push(format!("{id} calls {lacking}, which its role lacks"));
        }
        let needed: BTreeSet<String> = calls
            .actions
            .into_iter()
            .chain(
                LOGS.iter()
                    .chain(network)
                    .chain(polling)
                    .map(|action| (*action).to_owned()),
            )
            .collect();
        for idle in granted.difference(&needed) {
            findings.push(format!(
                "{id} is granted {idle}, which its code never calls"
            ));
        }
        findings.extend(pools(
            &statements,
            id,
            function.environment.get("IDENTITY_POOL_ID"),
        ));
    }
    findings
}

/// The queue of a function's event of type `SQS`.
fn polled_queue(function: &Value) -> Option<&str> {
    let events = function["Events"].as_object()?;
    let event = events.values().find(|event| event["Type"] == "SQS")?;
    event["Properties"]["Queue"].as_str()
}

/// Whether some statement is of this action, and of this resource alone.
fn may(statements: &[&Value], action: &str, resource: &str) -> bool {
    statements.iter().any(|statement| {
        texts(&statement["Action"]).contains(&action) && texts(&statement["Resource"]) == [resource]
    })
}

fn may_log(statements: &[&Value], action: &str, log_group: &Value) -> bool {
    let group = log_group.as_str().unwrap_or("none");
    statements.iter().any(|statement| {
        let resources = texts(&statement["Resource"]);
        texts(&statement["Action"]).contains(&action)
            && resources
                .iter()
                .all(|arn| arn.ends_with(&format!(":log-group:{group}:*")))
    })
}

/// A grant on an identity pool is on the pool that the function is wired to.
fn pools(statements: &[&Value], id: &str, wired: Option<&String>) -> Vec<String> {
    let mut findings = Vec::new();
    for statement in statements {
        let actions = texts(&statement["Action"]);
        if !actions
            .iter()
            .any(|action| action.starts_with("cognito-identity:"))
        {
            continue;
        }
        for resource in texts(&statement["Resource"]) {
            let pool = resource.split_once(":identitypool/").map(|(_, pool)| pool);
            if pool.is_none() || pool != wired.map(String::as_str) {
                findings.push(format!(
                    "{id} is granted {resource}, which is not the pool of IDENTITY_POOL_ID"
                ));
            }
        }
    }
    findings
}
