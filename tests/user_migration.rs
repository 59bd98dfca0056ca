//! user-migration, the real binary over the Lambda Runtime API.

use std::time::Duration;

use crate::common::{
    answer, audit_lines, bent_policy, environment, error_message, event, event_text,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, log_text, options, policy_file, stack, stack_under, stack_with,
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use serde_json::{Value, json};

const FUNCTION: &str = "UserMigrationFunction";
const SIGN_IN: &str = "user-migration.Authentication";
const FORGOT: &str = "user-migration.ForgotPassword";

/// From the tests of crypt_blowfish: the password is `U*U`.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// From the tests of the Argon2 reference implementation: the password is `password`.
const ARGON2ID: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

/// A row of the legacy table; each test bends it.
fn row(user: &str) -> Vec<(&'static str, AttributeValue)> {
    let attributes = [
        ("email", user),
        ("full_name", "Rear Admiral"),
        ("role", "admin"),
    ];
    let attributes =
        attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    vec![
        ("username", AttributeValue::S(user.to_owned())),
        ("password_hash", AttributeValue::S(BCRYPT.to_owned())),
        ("email_verified", AttributeValue::Bool(true)),
        ("attributes", AttributeValue::M(attributes.into())),
    ]
}

async fn put(stack: &Stack, row: Vec<(&'static str, AttributeValue)>) {
    let item = row
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("LegacyUsersTable"))
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

fn sign_in(user: &str, password: &str) -> String {
    event(SIGN_IN, |event| {
        event["userName"] = json!(user);
        event["request"]["password"] = json!(password);
    })
}

fn response(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["response"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_password_moves_the_user_in_with_what_the_policy_maps() {
    let stack = stack().await;
    put(&stack, row("rear.admiral@example.com")).await;
    let sent = sign_in("Rear.Admiral@Example.com", "U*U");
    let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
    let expected = json!({
        "userAttributes": {
            "email": "rear.admiral@example.com",
            "email_verified": "true",
            "name": "Rear Admiral",
        },
        "forceAliasCreation": null,
        "enableSMSMFA": null,
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
        "desiredDeliveryMediums": null,
    });
    assert_eq!(response(&answered), expected);
    let mut untouched: Value = serde_json::from_str(&answered).unwrap();
    untouched["response"] = serde_json::from_str::<Value>(&sent).unwrap()["response"].clone();
    assert_eq!(untouched, serde_json::from_str::<Value>(&sent).unwrap());
    assert_eq!(last_decision(&stack), "migrated password-verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argon2_hash_moves_the_user_in_too() {
    let stack = stack().await;
    let mut row = row("ana@example.com");
    row[1].1 = AttributeValue::S(ARGON2ID.to_owned());
    row.push(("hash_scheme", AttributeValue::S("argon2id".to_owned())));
    put(&stack, row).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "password")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(line["store"], "old-users");
    assert_eq!(line["scheme"], "argon2id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_does_not_tell_its_scheme_is_read_by_the_policy_s_or_by_the_row_s() {
    // SHA-1 of salt and password, as old Django stored it; old Werkzeug means an HMAC by the same text.
    let ambiguous = "sha1$pepper-free-salt$814953131f21d439d19afa81a40a195278331279";
    let hash = |mut row: Vec<(&'static str, AttributeValue)>| {
        row[1].1 = AttributeValue::S(ambiguous.to_owned());
        row
    };
    let by_policy = stack_under("lookup =", "hash = { scheme = \"django\" }\nlookup =").await;
    put(&by_policy, hash(row("ana@example.com"))).await;
    answer(&invoke(&by_policy, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_policy), "migrated password-verified");

    let by_row = stack().await;
    put(&by_row, hash(row("una@example.com"))).await;
    let mut named = hash(row("ana@example.com"));
    named.push(("hash_scheme", AttributeValue::S("django".to_owned())));
    put(&by_row, named).await;
    answer(&invoke(&by_row, FUNCTION, &sign_in("una@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_row), "untouched ambiguous-format");
    answer(&invoke(&by_row, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_row), "migrated password-verified");
}

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
async fn a_store_that_fails_looks_like_a_wrong_password() {
    for behaviour in [
        Behaviour::Hang,
        Behaviour::Close,
        http("500 Internal Server Error", "canary"),
        http("200 OK", "canary, no JSON"),
    ] {
        let store = Faulty::start(behaviour.clone()).await;
        let mut options = options();
        options.environment = environment(FUNCTION, &[("AWS_ENDPOINT_URL", &store.url)]);
        let stack = local::start(&options).await.unwrap();
        let sent = sign_in("ana@example.com", "U*U");
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{behaviour:?}"
        );
        assert!(
            last_decision(&stack).starts_with("failed "),
            "{behaviour:?}"
        );
        assert!(!log_text(&stack).contains("canary"), "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_given_up_while_cognito_still_waits() {
    let store = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &store.url)]).await;
    for round in ["a cold start", "a warm one"] {
        let sent = sign_in("ana@example.com", "U*U");
        let answered = invoke(&stack, FUNCTION, &sent).await;
        assert!(
            answered.duration < Duration::from_millis(4500),
            "{round}: {:?}",
            answered.duration
        );
        assert_eq!(answer(&answered), sent, "{round}");
        let line = audit_lines(&stack).pop().unwrap();
        assert_eq!(line["reason"], "dependency-failed", "{round}");
        assert!(line["remaining_ms"].as_u64() > Some(0), "{round}: {line}");
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
async fn the_stores_are_asked_in_order_and_the_first_that_knows_the_name_decides() {
    let second = "name = \"older-users\"\nattributes = { email = \"email\" }\n\
        [user-migration.stores.dynamodb]\ntable = \"poolkeeper-OlderUsers\"\nlookup = \"lower_case\"\n\
        [[user-migration.stores]]\nname = \"old-users\"";
    let stack = stack_under("name = \"old-users\"", second).await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "U*U");
    // The role may not read the first table, so that store fails: the second is not asked.
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed dependency-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_that_differ_in_case_only_keep_both_users_out() {
    let stack = stack_under(
        "lookup = \"lower_case\"",
        "lookup = \"as_typed_then_lower_case\"",
    )
    .await;
    put(&stack, row("Ana@example.com")).await;
    let typed = sign_in("Ana@example.com", "U*U");
    answer(&invoke(&stack, FUNCTION, &typed).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &typed).await);
    assert_eq!(last_decision(&stack), "untouched ambiguous-name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_a_store_moves_nobody_in() {
    let mut options = options();
    let text = "version = 1\n[user-migration]\n";
    options.policy = policy_file(text);
    options.environment = environment(FUNCTION, &[("LEGACY_TABLE", "")]);
    let stack = local::start(&options).await.unwrap();
    let sent = sign_in("ana@example.com", "U*U");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched no-store");
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
async fn a_name_is_looked_up_as_the_policy_says_and_one_that_is_no_key_is_nobody_s() {
    let stack = stack().await;
    put(&stack, row("ana@example.com")).await;
    let long = "x".repeat(2049);
    for (typed, decision) in [
        (" Ana@Example.com ", "migrated password-verified"),
        (" ", "untouched unknown-user"),
        (&long, "untouched unknown-user"),
    ] {
        answer(&invoke(&stack, FUNCTION, &sign_in(typed, "U*U")).await);
        assert_eq!(last_decision(&stack), decision, "{typed}");
    }
    let stack = stack_under("lookup = \"lower_case\"", "lookup = \"as_typed\"").await;
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("Ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "untouched unknown-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_moves_nobody_in_under_the_shipped_policy() {
    let stack = stack().await;
    put(&stack, row("eva@example.com")).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("eva@example.com"));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched forgot-password-off");
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
