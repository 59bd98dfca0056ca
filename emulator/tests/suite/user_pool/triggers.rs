//! How triggers are called, and requests that are not for any of them.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{body::to_bytes, http::StatusCode};
use emulator::user_pool::{Invoke, TRIGGER_TIMEOUT, TriggerOutcome, UserPool};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::user_pool::pool::{CLIENT, PASSWORD, invoke, refusal, settings, start, untouched};

/// A pool whose function answers only from the given attempt on; how often it was asked.
fn silent_until(attempt: usize) -> (UserPool, Arc<AtomicUsize>) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counter = attempts.clone();
    let invoke: Invoke = Arc::new(move |_, event| {
        let answers = counter.fetch_add(1, Ordering::SeqCst) + 1 >= attempt;
        Box::pin(async move {
            if answers {
                TriggerOutcome::Answered(event)
            } else {
                pending().await
            }
        })
    });
    (
        UserPool::new(settings("http://pool"), invoke).unwrap(),
        attempts,
    )
}

async fn ask(pool: &UserPool, operation: &str, body: &[u8]) -> (StatusCode, Value) {
    let response = pool.handle(operation, body).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn sign_up_body() -> Vec<u8> {
    let body = json!({ "ClientId": CLIENT, "Username": "jo@example.com", "Password": PASSWORD });
    body.to_string().into_bytes()
}

#[tokio::test(start_paused = true)]
async fn a_silent_function_is_asked_three_times_for_five_seconds_each() {
    let (pool, attempts) = silent_until(usize::MAX);
    let started = Instant::now();
    let (status, error) = ask(&pool, "SignUp", &sign_up_body()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(error["__type"], "UnexpectedLambdaException");
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert!(started.elapsed() >= TRIGGER_TIMEOUT * 3);
    assert!(started.elapsed() < TRIGGER_TIMEOUT * 4);
}

#[tokio::test(start_paused = true)]
async fn the_third_attempt_may_still_answer() {
    let (pool, attempts) = silent_until(3);
    let (status, _) = ask(&pool, "SignUp", &sign_up_body()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_function_out_of_reach_is_asked_three_times() {
    let pool = start(|_| TriggerOutcome::Unreachable("connection refused".into())).await;
    let (exception, message) = refusal(pool.sign_up("jo@example.com").send().await);
    assert_eq!(exception, "UnexpectedLambdaException");
    assert_eq!(
        message,
        "PreSignUp invocation failed due to error connection refused."
    );
    assert_eq!(pool.events().len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_not_the_event_is_refused() {
    for garbage in [
        "",
        "nonsense",
        "null",
        "[]",
        "{}",
        r#"{"response":null}"#,
        r#"{"response":{"autoConfirmUser":"yes"}}"#,
    ] {
        let pool = start(move |_| TriggerOutcome::Answered(garbage.into())).await;
        let (exception, _) = refusal(pool.sign_up("jo@example.com").send().await);
        assert_eq!(exception, "InvalidLambdaResponseException", "{garbage}");
        assert_eq!(pool.events().len(), 1, "an answer is not asked for again");
        assert_eq!(pool.status("jo@example.com").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_expires_after_its_day() {
    let pool = UserPool::new(settings("http://pool"), invoke(Arc::default(), untouched)).unwrap();
    ask(&pool, "SignUp", &sign_up_body()).await;
    let code = &pool.mailbox().deliveries()[0].code;
    tokio::time::advance(std::time::Duration::from_secs(24 * 3600)).await;
    let body =
        json!({ "ClientId": CLIENT, "Username": "jo@example.com", "ConfirmationCode": code });
    let (_, error) = ask(&pool, "ConfirmSignUp", body.to_string().as_bytes()).await;
    assert_eq!(error["__type"], "ExpiredCodeException");
}

#[tokio::test]
async fn a_malformed_request_is_the_callers_fault_and_its_values_are_not_repeated() {
    let pool = UserPool::new(settings("http://pool"), invoke(Arc::default(), untouched)).unwrap();
    let typed = format!(r#"{{"ClientId":"{CLIENT}","Username":"jo","Password":["canary"]}}"#);
    for (operation, body, exception, message) in [
        ("SignUp", "", "SerializationException", ""),
        (
            "SignUp",
            r#"{"Password":"canary"#,
            "SerializationException",
            "",
        ),
        ("SignUp", "[]", "SerializationException", ""),
        ("SignUp", "null", "SerializationException", ""),
        ("SignUp", &typed, "SerializationException", ""),
        (
            "SignUp",
            "{}",
            "InvalidParameterException",
            "Value at 'clientId' failed",
        ),
        (
            "InitiateAuth",
            r#"{"AuthFlow":1}"#,
            "SerializationException",
            "",
        ),
        (
            "AdminInitiateAuth",
            "{}",
            "InvalidParameterException",
            "'userPoolId'",
        ),
        (
            "DeleteUserPool",
            "{}",
            "UnknownOperationException",
            "DeleteUserPool",
        ),
    ] {
        let (status, error) = ask(&pool, operation, body.as_bytes()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(error["__type"], exception, "{operation} {body}");
        let text = error["message"].as_str().unwrap();
        assert!(text.contains(message) && !text.contains("canary"), "{text}");
    }
}
