//! A forgotten password.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{FORGOT, FUNCTION, moves_in_by_a_code, put, response, row};
use crate::common::{answer, event, invoke, last_decision, stack, stack_under};

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_moves_in_who_has_a_verified_address_where_the_policy_says_so() {
    let stack = stack_under("forgot_password = false", "forgot_password = true").await;
    put(&stack, row("eva@example.com")).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("eva@example.com"));
    let answered = response(&answer(&invoke(&stack, FUNCTION, &sent).await));
    assert_eq!(answered["userAttributes"]["email_verified"], "true");
    assert_eq!(answered["messageAction"], "SUPPRESS");
    assert_eq!(answered["finalUserStatus"], Value::Null);

    let mut unverified = row("una@example.com");
    unverified[2].1 = AttributeValue::Bool(false);
    put(&stack, unverified).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("una@example.com"));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched no-verified-destination");

    let mut disabled = row("dora@example.com");
    disabled.push(("enabled", AttributeValue::Bool(false)));
    put(&stack, disabled).await;
    let sent = event(FORGOT, |event| {
        event["userName"] = json!("dora@example.com")
    });
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_table_sets_a_new_password_by_the_code_that_the_pool_sends() {
    let stack = stack_under("forgot_password = false", "forgot_password = true").await;
    put(&stack, row("eva@example.com")).await;
    moves_in_by_a_code(&stack, "eva@example.com", "U*U").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_moves_nobody_in_under_the_shipped_policy() {
    let stack = stack().await;
    put(&stack, row("eva@example.com")).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("eva@example.com"));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched forgot-password-off");
}
