//! Secrets that the policy names.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_secretsmanager::Client;
use emulator::stack::Stack;

use super::{FUNCTION, put, row, sign_in};
use crate::common::{answer, invoke, last_decision, log_text, stack_under};

/// The suite with Devise's hint. `U*U` is the hash's password: `U*`, and the pepper `U`.
async fn peppered() -> Stack {
    let stack = stack_under(
        "lookup =",
        "hash = { scheme = \"devise\", pepper = { name = \"pepper\" } }\nlookup =",
    )
    .await;
    put(&stack, row("ana@example.com")).await;
    stack
}

pub(super) async fn create_secret(stack: &Stack, name: &str, value: &str) {
    Client::new(&stack.sdk_config(Stack::admin()))
        .create_secret()
        .name(name)
        .secret_string(value)
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pepper_is_read_at_its_first_use_under_the_function_s_own_prefix() {
    let stack = peppered().await;
    create_secret(&stack, "poolkeeper/user-migration/pepper", "U").await;
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "untouched wrong-password");
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_keeps_everybody_out_and_is_not_named() {
    let stack = peppered().await;
    create_secret(&stack, "poolkeeper/identity-vendor/pepper", "U").await;
    let mut other = row("una@example.com");
    other[1].1 = AttributeValue::S("$1$".to_owned());
    put(&stack, other).await;
    let mut disabled = row("dora@example.com");
    disabled.push(("enabled", AttributeValue::Bool(false)));
    put(&stack, disabled).await;
    // For whom nothing is to be verified, the secret is read all the same: its time would tell.
    for name in [
        "ana@example.com",
        "una@example.com",
        "dora@example.com",
        "nobody@example.com",
    ] {
        let sent = sign_in(name, "U*");
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "failed later-dependency-failed");
    }
    assert!(!log_text(&stack).contains("/pepper"));
}
