//! The Runtime API, as the process on the other side sees it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::lambda_host::{NO_LIMIT, answer, greeter, host, invoke};

fn now_ms() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis()
}

#[tokio::test]
async fn an_event_comes_with_its_id_deadline_arn_and_trace() {
    let host = host(greeter());
    let before = now_ms();
    let invocation = invoke(&host, json!({ "do": "headers" })).await;
    let after = now_ms();
    let headers: serde_json::Value = serde_json::from_slice(&invocation.payload).unwrap();
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(
        headers["lambda-runtime-aws-request-id"],
        json!(invocation.request_id)
    );
    assert_eq!(
        headers["lambda-runtime-invoked-function-arn"],
        "arn:aws:lambda:us-east-1:123456789012:function:greeter"
    );
    let deadline = headers["lambda-runtime-deadline-ms"].as_str().unwrap();
    let handed_over = deadline.parse::<u128>().unwrap() - NO_LIMIT.as_millis();
    assert!((before..=after).contains(&handed_over));
    let trace = headers["lambda-runtime-trace-id"].as_str().unwrap();
    assert!(
        trace.starts_with("Root=1-") && trace.ends_with(";Sampled=0"),
        "{trace}"
    );
}

#[tokio::test]
async fn calls_out_of_turn_are_refused() {
    let host = host(greeter());
    let refused = |state| {
        let message = format!(
            "State transition from Running to {state} failed for runtime. Error: State transition \
             is not allowed"
        );
        json!({ "errorType": "InvalidStateTransition", "errorMessage": message })
    };
    let answers = answer(&host, json!({ "do": "probe" })).await;
    assert_eq!(
        answers,
        json!([
            [
                400,
                { "errorType": "InvalidRequestID", "errorMessage": "Invalid request ID" }
            ],
            [403, refused("InitError")],
            [403, refused("Ready")],
            [
                404,
                { "errorType": "NotFound", "errorMessage": "No such resource" }
            ],
        ])
    );
}

#[tokio::test]
async fn an_answer_is_accepted_once() {
    let host = host(greeter());
    let event = json!({ "do": "return", "value": 1, "tell": true, "twice": true });
    assert_eq!(answer(&host, event).await, 1);
    assert_eq!(answer(&host, json!(3)).await, 3);
    let lines: Vec<String> = host.logs().into_iter().map(|line| line.text).collect();
    assert_eq!(lines[1], r#"answered: 202 {"status":"OK"}"#);
    assert_eq!(lines[2], "answered again: 403");
}
