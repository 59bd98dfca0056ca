//! The Invoke API over HTTP.

use base64::{Engine, prelude::BASE64_STANDARD};
use emulator::lambda::{FunctionSpec, HostOptions, LambdaHost, MAX_REQUEST_BYTES, invoke_router};
use serde_json::json;

use crate::lambda_host::{
    SHORT, greeter, greeter_with_timeout, host, http, options, serve, wait_for, watched_host,
};

const INVOKE: &str = "POST /2015-03-31/functions/greeter/invocations";

#[tokio::test]
async fn success_is_the_functions_answer_with_its_version_and_id() {
    let address = serve(invoke_router(host(greeter()))).await;
    let reply = http(address, INVOKE, &[], b"{\"a\":1}").await;
    assert_eq!((reply.status, reply.text()), (200, "{\"a\":1}"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(reply.header("x-amzn-requestid").map(str::len), Some(36));
    assert_eq!(reply.header("x-amz-function-error"), None);
    assert_eq!(reply.header("x-amz-log-result"), None);
}

#[tokio::test]
async fn a_failure_of_the_function_is_a_200_with_a_header() {
    let address = serve(invoke_router(host(greeter()))).await;
    let reply = http(address, INVOKE, &[], br#"{"do":"exit","code":2}"#).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-amz-function-error"), Some("Unhandled"));
    let id = reply.header("x-amzn-requestid").unwrap();
    let message = format!("RequestId: {id} Error: Runtime exited with error: exit status 2");
    let expected = json!({ "errorType": "Runtime.ExitError", "errorMessage": message });
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn the_log_tail_comes_when_asked_for() {
    let address = serve(invoke_router(host(greeter()))).await;
    let event = br#"{"do":"print","text":5}"#;
    let reply = http(address, INVOKE, &["x-amz-log-type: Tail"], event).await;
    let tail = reply.header("x-amz-log-result").expect("a tail");
    let tail = String::from_utf8(BASE64_STANDARD.decode(tail).unwrap()).unwrap();
    assert!(tail.contains("\nout 5\nerr 5\n"), "{tail}");
}

#[tokio::test]
async fn a_function_is_also_known_by_its_encoded_arn() {
    let function = FunctionSpec {
        alias: Some("live".to_owned()),
        ..greeter()
    };
    let address = serve(invoke_router(host(function))).await;
    let line = "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A\
                function%3Agreeter%3Alive/invocations";
    assert_eq!(http(address, line, &[], b"1").await.status, 200);
    let unpublished = line.replace("Alive", "Aother");
    assert_eq!(http(address, &unpublished, &[], b"1").await.status, 404);
}

#[tokio::test]
async fn an_unknown_function_is_404_in_awss_json() {
    let address = serve(invoke_router(host(greeter()))).await;
    let line = "POST /2015-03-31/functions/other/invocations";
    let reply = http(address, line, &[], b"{}").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.header("x-amzn-errortype"),
        Some("ResourceNotFoundException")
    );
    assert!(reply.header("x-amzn-requestid").is_some());
    let message = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:other";
    assert_eq!(reply.json(), json!({ "Type": "User", "Message": message }));
}

#[tokio::test]
async fn a_dry_run_starts_nothing() {
    let host = host(greeter());
    let address = serve(invoke_router(host.clone())).await;
    let reply = http(address, INVOKE, &["x-amz-invocation-type: DryRun"], b"{}").await;
    assert_eq!((reply.status, reply.text()), (204, ""));
    assert_eq!(host.logs(), []);
}

#[tokio::test]
async fn an_event_is_accepted_before_it_ends() {
    let (host, mut lines) = watched_host(greeter());
    let address = serve(invoke_router(host)).await;
    let headers = ["x-amz-invocation-type: Event"];
    let reply = http(address, INVOKE, &headers, br#"{"do":"hang"}"#).await;
    assert_eq!((reply.status, reply.text()), (202, ""));
    wait_for(&mut lines, "hanging").await;
}

#[tokio::test]
async fn another_invocation_type_is_refused() {
    let address = serve(invoke_router(host(greeter()))).await;
    let reply = http(address, INVOKE, &["x-amz-invocation-type: Later"], b"{}").await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.header("x-amzn-errortype"),
        Some("InvalidParameterValueException")
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let address = serve(invoke_router(host(greeter()))).await;
    let reply = http(address, INVOKE, &[], b"hello").await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.header("x-amzn-errortype"),
        Some("InvalidRequestContentException")
    );
    let message = reply.json()["message"].as_str().map(str::to_owned).unwrap();
    assert!(
        message.starts_with("Could not parse request body into json: "),
        "{message}"
    );
}

#[tokio::test]
async fn a_body_above_six_megabytes_is_413() {
    let address = serve(invoke_router(host(greeter()))).await;
    let reply = http(address, INVOKE, &[], &b" ".repeat(MAX_REQUEST_BYTES + 1)).await;
    assert_eq!(reply.status, 413);
    assert_eq!(
        reply.header("x-amzn-errortype"),
        Some("RequestEntityTooLargeException")
    );
    let message = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
    assert_eq!(reply.json(), json!({ "Type": "User", "message": message }));
}

#[tokio::test]
async fn one_invocation_too_many_is_429() {
    let options = HostOptions {
        concurrency: 1,
        ..options()
    };
    let host = LambdaHost::new(vec![greeter_with_timeout(SHORT)], options);
    let address = serve(invoke_router(host.clone())).await;
    let hang = br#"{"do":"hang"}"#.to_vec();
    let (_, reply) = tokio::join!(
        host.invoke("greeter", hang),
        http(address, INVOKE, &[], b"{}")
    );
    assert_eq!(reply.status, 429);
    assert_eq!(
        reply.header("x-amzn-errortype"),
        Some("TooManyRequestsException")
    );
    assert_eq!(reply.json()["Reason"], "ConcurrentInvocationLimitExceeded");
}
