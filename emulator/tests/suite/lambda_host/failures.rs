//! Failures of a function, in AWS's words.

use std::{path::PathBuf, time::Duration};

use emulator::lambda::{FunctionSpec, HostOptions, InvokeError, LambdaHost, MAX_REQUEST_BYTES};
use serde_json::json;

use crate::lambda_host::{
    SHORT, answer, failure, greeter, greeter_that_on_init, greeter_with_timeout, host, invoke,
    options, process_id,
};

/// 6 MB + 100, as in AWS's message.
const MAX_RESPONSE_BYTES: usize = 6_291_556;

fn exit_error(reason: &str) -> (String, String) {
    let message = format!("RequestId: <id> Error: {reason}");
    ("Runtime.ExitError".to_owned(), message)
}

fn timed_out(seconds: &str) -> (String, String) {
    let message = format!("RequestId: <id> Error: Task timed out after {seconds} seconds");
    ("Sandbox.Timedout".to_owned(), message)
}

#[tokio::test]
async fn a_crash_in_the_middle_is_reported_with_its_exit_status() {
    let host = host(greeter());
    assert_eq!(
        failure(&host, json!({ "do": "exit", "code": 7 })).await,
        exit_error("Runtime exited with error: exit status 7")
    );
}

#[tokio::test]
async fn an_exit_without_an_answer_gives_no_reason() {
    let host = host(greeter());
    assert_eq!(
        failure(&host, json!({ "do": "exit", "code": 0 })).await,
        exit_error("Runtime exited without providing a reason")
    );
}

#[tokio::test]
async fn an_abort_is_reported_with_its_signal() {
    let (kind, message) = failure(&host(greeter()), json!({ "do": "abort" })).await;
    assert_eq!(kind, "Runtime.ExitError");
    assert!(
        message.contains("Error: Runtime exited with error: signal: aborted"),
        "{message}"
    );
}

#[tokio::test]
async fn a_crashed_environment_is_replaced() {
    let host = host(greeter());
    let before = process_id(&host).await;
    failure(&host, json!({ "do": "exit", "code": 1 })).await;
    assert_ne!(process_id(&host).await, before);
}

#[tokio::test]
async fn past_its_time_out_a_function_is_killed_and_replaced() {
    let host = host(greeter_with_timeout(SHORT));
    let before = process_id(&host).await;
    assert_eq!(
        failure(&host, json!({ "do": "hang" })).await,
        timed_out("0.30")
    );
    assert_ne!(process_id(&host).await, before);
}

#[tokio::test]
async fn the_functions_own_error_goes_out_unchanged_and_keeps_the_environment() {
    let host = host(greeter());
    let before = process_id(&host).await;
    assert_eq!(
        failure(&host, json!({ "do": "error", "text": "Sign-up is closed" })).await,
        ("Refused".to_owned(), "Sign-up is closed".to_owned())
    );
    assert_eq!(process_id(&host).await, before);
}

#[tokio::test]
async fn an_exit_at_start_is_tried_twice_and_then_reported() {
    let host = host(greeter_that_on_init("exit"));
    assert_eq!(
        failure(&host, json!({})).await,
        exit_error("Runtime exited with error: exit status 3")
    );
    let lines: Vec<String> = host.logs().into_iter().map(|line| line.text).collect();
    assert_eq!(lines, ["no configuration", "no configuration"]);
}

#[tokio::test]
async fn an_init_error_goes_out_unchanged() {
    let host = host(greeter_that_on_init("error"));
    assert_eq!(
        failure(&host, json!({})).await,
        ("Init.Bad".to_owned(), "no policy".to_owned())
    );
}

#[tokio::test]
async fn a_start_past_the_init_limit_is_repeated_under_the_functions_time_out() {
    let spec = FunctionSpec {
        timeout: SHORT,
        ..greeter_that_on_init("hang")
    };
    let init_limit = Duration::from_millis(100);
    let host = LambdaHost::new(
        vec![spec],
        HostOptions {
            init_limit,
            ..options()
        },
    );
    let invocation = invoke(&host, json!({})).await;
    assert_eq!(invocation.log_tail.matches("hanging").count(), 1);
    assert_eq!(host.logs().len(), 2);
    assert_eq!(failure(&host, json!({})).await, timed_out("0.30"));
}

#[tokio::test]
async fn a_missing_binary_is_an_invalid_entrypoint() {
    let binary = PathBuf::from("/var/task/bootstrap");
    let host = host(FunctionSpec {
        binary,
        ..greeter()
    });
    let (kind, message) = failure(&host, json!({})).await;
    assert_eq!(kind, "Runtime.InvalidEntrypoint");
    assert_eq!(
        message,
        "RequestId: <id> Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap]"
    );
}

#[tokio::test]
async fn a_response_at_the_limit_passes_and_one_above_is_an_error() {
    let host = host(greeter());
    let large = |bytes| json!({ "do": "large", "bytes": bytes, "tell": true });
    let invocation = invoke(&host, large(MAX_RESPONSE_BYTES)).await;
    assert_eq!(invocation.function_error, None);
    assert_eq!(invocation.payload.len(), MAX_RESPONSE_BYTES);

    assert_eq!(
        failure(&host, large(MAX_RESPONSE_BYTES + 1)).await,
        (
            "Function.ResponseSizeTooLarge".to_owned(),
            "Response payload size (6291557 bytes) exceeded maximum allowed payload size \
             (6291556 bytes)."
                .to_owned()
        )
    );
    assert_eq!(answer(&host, json!(1)).await, 1);
    let lines = host.logs();
    let told = lines
        .iter()
        .find_map(|line| line.text.strip_prefix("answered: 413 "));
    let told: serde_json::Value = serde_json::from_str(told.expect("told")).unwrap();
    let message = "Exceeded maximum allowed payload size (6291556 bytes).";
    let expected = json!({ "errorType": "RequestEntityTooLarge", "errorMessage": message });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_request_at_the_limit_passes_and_one_above_is_refused() {
    let host = host(greeter());
    let mut payload = b" ".repeat(MAX_REQUEST_BYTES - 1);
    payload.push(b'1');
    let answered = host.invoke("greeter", payload.clone()).await.unwrap();
    assert_eq!(answered.payload, b"1");
    payload.push(b'1');
    let refused = host.invoke("greeter", payload).await.unwrap_err();
    assert_eq!(refused, InvokeError::RequestTooLarge);
}

#[tokio::test]
async fn what_is_no_json_never_reaches_the_function() {
    let refused = host(greeter())
        .invoke("greeter", b"{".to_vec())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, InvokeError::InvalidRequestContent(_)),
        "{refused}"
    );
}

#[tokio::test]
async fn an_unknown_function_is_not_found_under_its_arn() {
    let refused = host(greeter())
        .invoke("greter", b"{}".to_vec())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Function not found: arn:aws:lambda:us-east-1:123456789012:function:greter"
    );
}
