//! A store that is an HTTPS endpoint and verifies passwords by itself.

use aws_sdk_secretsmanager::Client;
use emulator::stack::Stack;
use serde_json::{Value, json};
use shared::https::signature;

use super::{FORGOT, FUNCTION, moves_in_by_a_code, response, secrets::create_secret, sign_in};
use crate::common::{
    answer, event,
    faulty::{Behaviour, Faulty, Witness, http},
    invoke, last_decision, log_text, options, policy_file,
};

/// The suite with one store, an endpoint at `url`.
async fn stack_at(url: &str) -> Stack {
    stack_by(url, "").await
}

/// The same, with more of the policy's keys.
async fn stack_by(url: &str, more: &str) -> Stack {
    let mut options = options();
    options.policy = policy_file(&format!(
        "version = 1\n[user-migration]\nforgot_password = true\nanswer_floor_ms = 1\n\
         attempts_per_name = {{ burst = 1000, period_seconds = 1 }}\nmax_offers = 100\n\
         [[user-migration.stores]]\nname = \"old-shop\"\nattributes = {{ email = \"mail\" }}\n\
         [user-migration.stores.https]\nurl = \"{url}/poolkeeper\"\n{more}"
    ));
    local::start(&options).await.unwrap()
}

fn says(answer: Value) -> Behaviour {
    http("200 OK", &answer.to_string())
}

fn ana(status: &str) -> Value {
    json!({
        "status": status,
        "user": {"id": "17", "attributes": {"mail": "ana@example.com"}, "email_verified": true},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_endpoint_vouches_for_moves_in() {
    let endpoint = Faulty::start(says(ana("verified"))).await;
    let stack = stack_at(&endpoint.url).await;
    let sent = sign_in("ana@example.com", "old-password");
    let answered = response(&answer(&invoke(&stack, FUNCTION, &sent).await));
    let expected = json!({"email": "ana@example.com", "email_verified": "true"});
    assert_eq!(answered["userAttributes"], expected);
    assert_eq!(last_decision(&stack), "migrated password-verified");

    endpoint.behave(says(ana("found")));
    let sent = event(FORGOT, |event| event["userName"] = json!("ana@example.com"));
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "migrated password-forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_endpoint_sets_a_new_password_by_the_code_that_the_pool_sends() {
    let endpoint = Faulty::start(says(ana("found"))).await;
    let stack = stack_at(&endpoint.url).await;
    moves_in_by_a_code(&stack, "ana@example.com", "old-password").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_the_endpoint_says_nobody_moves_in() {
    let endpoint = Faulty::start(Behaviour::Close).await;
    let stack = stack_at(&endpoint.url).await;
    let html = http("200 OK", "<html>canary</html>");
    let huge = http(
        "200 OK",
        &format!("{{\"status\":\"{}\"}}", "x".repeat(10_000_000)),
    );
    for (behaviour, decision) in [
        (
            says(json!({"status": "wrong-password"})),
            "untouched wrong-password",
        ),
        (says(json!({"status": "unknown"})), "untouched unknown-user"),
        (says(json!({"status": "disabled"})), "untouched disabled"),
        (
            says(json!({"status": "verified"})),
            "failed dependency-failed",
        ),
        (says(ana("found")), "failed dependency-failed"),
        (
            says(json!({"status": "canary"})),
            "failed dependency-failed",
        ),
        (html, "failed dependency-failed"),
        (huge, "failed dependency-failed"),
        (
            http("401 Unauthorized", "canary"),
            "failed dependency-failed",
        ),
        (
            http("503 Service Unavailable", "canary"),
            "failed dependency-failed",
        ),
        (Behaviour::Close, "failed dependency-failed"),
        (Behaviour::Hang, "failed dependency-failed"),
    ] {
        endpoint.behave(behaviour);
        let sent = sign_in("ana@example.com", "canary");
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{decision}"
        );
        assert_eq!(last_decision(&stack), decision);
    }
    assert!(!log_text(&stack).contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_answer_is_asked_once_more() {
    let endpoint = Faulty::start(says(ana("verified"))).await;
    let stack = stack_at(&endpoint.url).await;
    for first in [
        Behaviour::Close,
        http("502 Bad Gateway", ""),
        http("503 Service Unavailable", ""),
    ] {
        endpoint.once([first]);
        let sent = sign_in("ana@example.com", "old-password");
        answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(last_decision(&stack), "migrated password-verified");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_is_asked_as_its_contract_says() {
    let endpoint = Witness::start().await;
    let stack = stack_at(&endpoint.url).await;
    let name = "ana@example.com'; DROP TABLE users; --";
    answer(&invoke(&stack, FUNCTION, &sign_in(name, "U*U")).await);
    let sent = event(FORGOT, |event| event["userName"] = json!(name));
    answer(&invoke(&stack, FUNCTION, &sent).await);
    let heard = endpoint.heard();
    let heard: Vec<Value> = heard
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let expected = [
        json!({"operation": "authenticate", "login": name, "password": "U*U"}),
        json!({"operation": "find", "login": name}),
    ];
    assert_eq!(heard, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_signed_under_both_versions_of_a_secret_that_rotates() {
    let endpoint = Witness::start().await;
    let stack = stack_by(&endpoint.url, "hmac = \"endpoint\"\n").await;
    let name = "poolkeeper/user-migration/endpoint";
    create_secret(&stack, name, "former").await;
    let secrets = Client::new(&stack.sdk_config(Stack::admin()));
    let put = secrets
        .put_secret_value()
        .secret_id(name)
        .secret_string("new");
    put.send().await.unwrap();
    invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await;
    let (body, signed) = endpoint.last("poolkeeper-signature");
    let (seconds, _) = signed.trim_start_matches("t=").split_once(',').unwrap();
    let keys: [&[u8]; 2] = [b"new", b"former"];
    let expected = signature(&keys, seconds.parse().unwrap(), body.as_bytes());
    assert_eq!(Some(signed), expected);
}
