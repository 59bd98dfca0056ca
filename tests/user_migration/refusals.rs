//! Whatever keeps a user out, the answer tells nothing.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{BCRYPT, FORGOT, FUNCTION, SIGN_IN, put, row, sign_in};
use crate::common::{
    answer, bent_policy, environment, error_message, event, event_text, invoke, last_decision,
    log_text, options, stack, stack_under,
};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_keeps_a_user_out_the_answer_is_the_event_as_it_came() {
    let stack = stack().await;
    let with = |user: &str, name: &'static str, value: AttributeValue| {
        let mut row = row(user);
        row.retain(|(column, _)| *column != name);
        row.push((name, value));
        row
    };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    put(&stack, row("wrong@example.com")).await;
    put(
        &stack,
        with(
            "disabled@example.com",
            "enabled",
            AttributeValue::Bool(false),
        ),
    )
    .await;
    put(&stack, with("odd-flag@example.com", "enabled", text("yes"))).await;
    put(
        &stack,
        with(
            "unsupported@example.com",
            "password_hash",
            text("canary-hash"),
        ),
    )
    .await;
    put(
        &stack,
        with(
            "truncated@example.com",
            "password_hash",
            text("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5"),
        ),
    )
    .await;
    put(
        &stack,
        with(
            "costly@example.com",
            "password_hash",
            text(&BCRYPT.replace("$05$", "$31$")),
        ),
    )
    .await;
    put(
        &stack,
        with(
            "no-hash@example.com",
            "password_hash",
            AttributeValue::Bool(true),
        ),
    )
    .await;
    put(
        &stack,
        with("other-scheme@example.com", "hash_scheme", text("argon2")),
    )
    .await;
    for (user, password, reason) in [
        ("nobody@example.com", "U*U", "unknown-user"),
        ("wrong@example.com", "U*V", "wrong-password"),
        ("wrong@example.com", "", "wrong-password"),
        ("disabled@example.com", "U*U", "disabled"),
        ("odd-flag@example.com", "U*U", "disabled"),
        ("unsupported@example.com", "U*U", "unknown-format"),
        ("truncated@example.com", "U*U", "truncated-digest"),
        ("costly@example.com", "U*U", "cost-over-cap"),
        ("no-hash@example.com", "U*U", "empty"),
        ("other-scheme@example.com", "U*U", "another-scheme"),
    ] {
        let sent = sign_in(user, password);
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{user}"
        );
        assert_eq!(
            last_decision(&stack),
            format!("untouched {reason}"),
            "{user}"
        );
    }
    assert!(!log_text(&stack).contains("canary-hash"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_leaves_before_the_floor() {
    let floor = Duration::from_millis(700);
    let stack = stack_under(
        "forgot_password = false",
        "forgot_password = true\nanswer_floor_ms = 700",
    )
    .await;
    put(&stack, row("ana@example.com")).await;
    let forgotten = |user: &str| event(FORGOT, |event| event["userName"] = json!(user));
    for sent in [
        sign_in("ana@example.com", "U*U"),
        sign_in("ana@example.com", "wrong"),
        sign_in("nobody@example.com", "U*U"),
        sign_in(" ", "U*U"),
        forgotten("ana@example.com"),
        forgotten("nobody@example.com"),
    ] {
        let answered = invoke(&stack, FUNCTION, &sent).await;
        assert!(
            answered.duration >= floor,
            "{:?}, {}",
            answered.duration,
            last_decision(&stack)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_no_store_can_hold_is_a_wrong_one() {
    let stack = stack().await;
    put(&stack, row("ana@example.com")).await;
    for password in ["U*U\0", &"x".repeat(1025)] {
        let sent = sign_in("ana@example.com", password);
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "untouched impossible-password");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_is_given_back_and_its_field_named() {
    let stack = stack().await;
    let without_request =
        r#"{"triggerSource":"UserMigration_Authentication","userName":"a"}"#.to_owned();
    let without_name = event(SIGN_IN, |event| event["userName"] = Value::Null);
    let odd_password = event(SIGN_IN, |event| event["request"]["password"] = json!(4711));
    for (sent, field) in [
        (without_request, "event.request:"),
        (without_name, "event.userName:"),
        (odd_password, "event.request:"),
    ] {
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "failed malformed-event");
        assert!(log_text(&stack).contains(field), "{field}");
    }
    assert!(!log_text(&stack).contains("4711"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_source_passes_through_at_once_and_untouched() {
    let stack = stack().await;
    let sent = r#"{"triggerSource":"UserMigration_FromTheFuture","response":{"a":1e400000}}"#;
    assert_eq!(answer(&invoke(&stack, FUNCTION, sent).await), sent);
    assert_eq!(
        last_decision(&stack),
        "passed_through unknown-trigger-source"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_policy_or_environment_stops_the_start() {
    let mut policy = options();
    policy.policy = bent_policy("forgot_password = false", "forgot_password = 1");
    let mut wiring = options();
    wiring.environment = environment(FUNCTION, &[("LEGACY_TABLE", "")]);
    for (options, cause) in [
        (policy, "user-migration.forgot_password"),
        (wiring, "LEGACY_TABLE is not set"),
    ] {
        let stack = local::start(&options).await.unwrap();
        error_message(&invoke(&stack, FUNCTION, &event_text(SIGN_IN)).await);
        assert!(log_text(&stack).contains(cause), "{cause}");
    }
}
