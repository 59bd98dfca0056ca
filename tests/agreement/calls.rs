//! Which operations a function calls, by an SDK or by signed requests of its own, and the IAM actions that they need.

use std::collections::BTreeSet;

use crate::agreement::{suite::Code, tokens::Token};

/// Operation (by SDK crate and fluent method) → IAM actions. Source: Service Authorization Reference.
/// STS takes AssumeRoleWithWebIdentity unsigned: it needs no grant of the caller.
const ACTIONS: &[(&str, &str, &[&str])] = &[
    ("aws_sdk_dynamodb", "get_item", &["dynamodb:GetItem"]),
    ("aws_sdk_dynamodb", "put_item", &["dynamodb:PutItem"]),
    ("aws_sdk_dynamodb", "update_item", &["dynamodb:UpdateItem"]),
    ("aws_sdk_dynamodb", "delete_item", &["dynamodb:DeleteItem"]),
    ("aws_sdk_dynamodb", "query", &["dynamodb:Query"]),
    ("aws_sdk_dynamodb", "scan", &["dynamodb:Scan"]),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_add_user_to_group",
        &["cognito-idp:AdminAddUserToGroup"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_remove_user_from_group",
        &["cognito-idp:AdminRemoveUserFromGroup"],
    ),
    ("aws_sdk_sqs", "delete_message", &["sqs:DeleteMessage"]),
    ("aws_sdk_sqs", "receive_message", &["sqs:ReceiveMessage"]),
    ("aws_sdk_sqs", "send_message", &["sqs:SendMessage"]),
    (
        "aws_sdk_cognitoidentityprovider",
        "list_users",
        &["cognito-idp:ListUsers"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_link_provider_for_user",
        &["cognito-idp:AdminLinkProviderForUser"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_get_user",
        &["cognito-idp:AdminGetUser"],
    ),
    (
        "aws_sdk_dynamodb",
        "batch_get_item",
        &["dynamodb:BatchGetItem"],
    ),
    (
        "aws_sdk_dynamodb",
        "batch_write_item",
        &["dynamodb:BatchWriteItem"],
    ),
    ("aws_sdk_dynamodb", "transact_write_items", &[]),
    ("aws_sdk_dynamodb", "transact_get_items", &[]),
    (
        "aws_sdk_cognitoidentity",
        "get_open_id_token_for_developer_identity",
        &["cognito-identity:GetOpenIdTokenForDeveloperIdentity"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_get_user",
        &["cognito-idp:AdminGetUser"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_initiate_auth",
        &["cognito-idp:AdminInitiateAuth"],
    ),
    (
        "aws_sdk_cognitoidentityprovider",
        "admin_list_groups_for_user",
        &["cognito-idp:AdminListGroupsForUser"],
    ),
    (
        "aws_sdk_secretsmanager",
        "get_secret_value",
        &["secretsmanager:GetSecretValue"],
    ),
    ("aws_sdk_sts", "assume_role_with_web_identity", &[]),
    ("aws_sdk_sts", "assume_role", &["sts:AssumeRole"]),
    ("aws_sdk_sts", "get_caller_identity", &[]),
];

/// Builders of a transaction's items → IAM actions. Source: DynamoDB developer guide, "Using IAM with
/// transactions".
const ITEM_ACTIONS: [(&str, &str); 5] = [
    ("Put", "dynamodb:PutItem"),
    ("Update", "dynamodb:UpdateItem"),
    ("Delete", "dynamodb:DeleteItem"),
    ("ConditionCheck", "dynamodb:ConditionCheckItem"),
    ("Get", "dynamodb:GetItem"),
];

/// What AssumeRole is given beside → IAM actions. Source: IAM user guide, "Pass session tags in AWS STS" and "Monitor
/// and control actions taken with assumed roles".
const SESSION_ACTIONS: [(&str, &str); 2] = [
    ("set_tags", "sts:TagSession"),
    ("set_source_identity", "sts:SetSourceIdentity"),
];

/// Ways to call an operation that the scan does not follow.
const UNSEEN: [&str; 5] = [
    "into_paginator",
    "presigned",
    "send_with_plugins",
    "send_with",
    "orchestrate",
];

/// What a function calls, as far as it can be seen.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) actions: BTreeSet<String>,
    /// What keeps the scan from knowing.
    pub(crate) obstacles: Vec<String>,
}

pub(crate) fn calls(code: &Code) -> Calls {
    let mut calls = Calls::default();
    for (path, tokens) in &code.files {
        for index in 0..tokens.len() {
            let method = tokens[index]
                .ident()
                .filter(|_| index > 0 && tokens[index - 1].is('.'));
            let empty = tokens
                .get(index + 1..index + 3)
                .is_some_and(|t| t[0].is('(') && t[1].is(')'));
            match method {
                Some("send") if empty => match action(tokens, index - 1) {
                    Ok(actions) => calls.actions.extend(actions),
                    Err(obstacle) => calls.obstacles.push(format!("{path}: {obstacle}")),
                },
                // A signed request of raw JSON names its action.
                Some("signed") => match tokens.get(index + 2).and_then(Token::text) {
                    Some(action) => drop(calls.actions.insert(action.to_owned())),
                    None => calls.obstacles.push(format!(
                        "{path}: a signed request whose action is no literal"
                    )),
                },
                Some(method) if UNSEEN.contains(&method) => {
                    let obstacle = format!("{path}: .{method}() is not followed by this test");
                    calls.obstacles.push(obstacle);
                }
                _ => {}
            }
        }
    }
    calls
}

/// What the chain before the dot at `dot` needs.
fn action(tokens: &[Token], dot: usize) -> Result<Vec<String>, String> {
    let sdks: BTreeSet<&str> = tokens
        .iter()
        .filter_map(Token::ident)
        .filter(|ident| ident.starts_with("aws_sdk_"))
        .collect();
    let [sdk] = sdks.into_iter().collect::<Vec<_>>()[..] else {
        return Err("a request is sent where not exactly one SDK crate is named".to_owned());
    };
    let operation = first_of_chain(tokens, dot)
        .ok_or("the operation of a request is not in the chain that sends it")?;
    let known = ACTIONS
        .iter()
        .find(|(of, name, _)| (*of, *name) == (sdk, operation));
    let (_, _, actions) = known
        .ok_or_else(|| format!("{sdk}'s operation {operation} is not in this test's table"))?;
    let mut actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    if operation == "assume_role" {
        let set = SESSION_ACTIONS
            .iter()
            .filter(|(setter, _)| tokens.iter().any(|token| token.is_ident(setter)));
        actions.extend(set.map(|(_, action)| (*action).to_owned()));
    }
    if operation.starts_with("transact_") {
        let built = |name: &str| {
            let pattern = [name, ":", ":", "builder"];
            tokens.windows(4).any(|window| {
                let token = |index: usize| match &window[index] {
                    Token::Ident(name) => name.clone(),
                    Token::Other(character) => character.to_string(),
                    Token::Text(_) => String::new(),
                };
                (0..4).all(|index| token(index) == pattern[index])
            })
        };
        let items = ITEM_ACTIONS.iter().filter(|(item, _)| built(item));
        actions.extend(items.map(|(_, action)| (*action).to_owned()));
        if actions.is_empty() {
            return Err("a transaction without items that this test can see".to_owned());
        }
    }
    Ok(actions)
}

/// The method called first in the chain that ends before `dot`: `a` of `x.y.a().b(…)`.
fn first_of_chain(tokens: &[Token], mut dot: usize) -> Option<&str> {
    let mut first = None;
    // Each round steps over one `.method(…)`.
    while dot > 0 && tokens[dot - 1].is(')') {
        let mut depth = 0_usize;
        let open = (0..dot).rev().find(|&index| {
            if tokens[index].is(')') {
                depth += 1;
            } else if tokens[index].is('(') {
                depth -= 1;
            }
            depth == 0
        })?;
        let method = open.checked_sub(1)?;
        let before = method.checked_sub(1)?;
        if !tokens[before].is('.') {
            return None;
        }
        first = Some(tokens[method].ident()?);
        dot = before;
    }
    first
}
