//! Which process serves which invocation, what it sees, and when it ends.

use std::{collections::BTreeMap, path::Path, time::Duration};

use emulator::lambda::{FunctionSpec, HostOptions, InvokeError, LambdaHost};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::lambda_host::{
    SHORT, answer, failure, greeter, greeter_with_timeout, host, options, process_id, wait_for,
    watched_host,
};

fn is_running(process: u64) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// The kill is under way when a host is dropped, not done.
async fn is_gone(process: u64) {
    let gone = async {
        while is_running(process) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let limit = Duration::from_secs(10);
    timeout(limit, gone).await.expect("the process ends");
}

#[tokio::test]
async fn the_payload_goes_in_and_out_unchanged() {
    let event = json!({ "name": "Ada", "n": [1, 2.5, null, "\u{e9}\n"] });
    assert_eq!(answer(&host(greeter()), event.clone()).await, event);
}

#[tokio::test]
async fn no_payload_is_an_empty_event() {
    let invocation = host(greeter()).invoke("greeter", Vec::new()).await.unwrap();
    assert_eq!(invocation.payload, b"{}");
}

#[tokio::test]
async fn an_environment_has_the_variables_of_lambda_and_of_the_function_and_no_other() {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("TZ", ":Europe/Paris"),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let host = host(FunctionSpec {
        environment: environment.into(),
        ..greeter()
    });
    let seen = answer(&host, json!({ "do": "environment" })).await;
    let mut seen: BTreeMap<String, String> = serde_json::from_value::<Vec<_>>(seen)
        .unwrap()
        .into_iter()
        .collect();

    let own = env!("CARGO_MANIFEST_DIR").trim_end_matches("/emulator");
    assert!(seen.remove("LAMBDA_TASK_ROOT").unwrap().starts_with(own));
    assert!(
        seen.remove("AWS_LAMBDA_RUNTIME_API")
            .unwrap()
            .starts_with("127.0.0.1:")
    );
    let stream = seen.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    assert!(stream.contains("[$LATEST]"), "{stream}");
    let expected = [
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_NAME", "greeter"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/greeter"),
        ("AWS_REGION", "us-east-1"),
        ("LANG", "en_US.UTF-8"),
        (
            "LD_LIBRARY_PATH",
            "/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib",
        ),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":Europe/Paris"),
        ("_HANDLER", "bootstrap"),
    ];
    let expected: BTreeMap<String, String> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_idle_environment_is_used_again() {
    let host = host(greeter());
    assert_eq!(process_id(&host).await, process_id(&host).await);
}

#[tokio::test]
async fn an_environment_serves_one_invocation_at_a_time() {
    let host = host(greeter());
    process_id(&host).await;
    let (one, other) = tokio::join!(process_id(&host), process_id(&host));
    assert_ne!(one, other);
}

#[tokio::test]
async fn more_invocations_than_environments_are_refused() {
    let options = HostOptions {
        concurrency: 1,
        ..options()
    };
    let host = LambdaHost::new(vec![greeter_with_timeout(SHORT)], options);
    let hang = json!({ "do": "hang" });
    let second = host.invoke("greeter", b"{}".to_vec());
    let ((kind, _), refused) = tokio::join!(failure(&host, hang), second);
    assert_eq!(kind, "Sandbox.Timedout");
    assert_eq!(refused.unwrap_err(), InvokeError::TooManyRequests);
    assert_eq!(answer(&host, json!(1)).await, 1, "the slot is free again");
}

#[tokio::test]
async fn a_killed_process_fails_its_invocation_and_the_next_one_works() {
    let (host, mut lines) = watched_host(greeter());
    let before = process_id(&host).await;
    let kill = async {
        wait_for(&mut lines, "hanging").await;
        host.kill("greeter").await;
    };
    let (killed, ()) = tokio::join!(failure(&host, json!({ "do": "hang" })), kill);
    let reason = "RequestId: <id> Error: Runtime exited with error: signal: killed";
    assert_eq!(killed, ("Runtime.ExitError".to_owned(), reason.to_owned()));
    assert_ne!(process_id(&host).await, before);
}

#[tokio::test]
async fn an_environment_killed_while_idle_is_replaced() {
    let host = host(greeter());
    let before = process_id(&host).await;
    host.kill("greeter").await;
    assert!(!is_running(before));
    assert_ne!(process_id(&host).await, before);
}

#[tokio::test]
async fn after_shutdown_no_process_is_left_and_nothing_is_accepted() {
    let host = host(greeter());
    let process = process_id(&host).await;
    assert!(is_running(process));
    host.shutdown().await;
    assert!(!is_running(process));
    let refused = host.invoke("greeter", b"{}".to_vec()).await.unwrap_err();
    assert!(matches!(refused, InvokeError::Service(_)), "{refused}");
}

#[tokio::test]
async fn no_process_outlives_its_host() {
    let host = host(greeter());
    let process = process_id(&host).await;
    drop(host);
    is_gone(process).await;
}

#[tokio::test]
async fn not_even_one_that_is_busy_and_forgotten() {
    let (host, mut lines) = watched_host(greeter());
    let process = process_id(&host).await;
    let hang: Value = json!({ "do": "hang" });
    tokio::select! {
        _ = failure(&host, hang) => unreachable!("it hangs"),
        () = wait_for(&mut lines, "hanging") => {}
    }
    assert!(is_running(process), "giving up does not stop a function");
    drop(host);
    is_gone(process).await;
}
