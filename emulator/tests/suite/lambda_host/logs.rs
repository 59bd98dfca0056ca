//! What a function writes is there by the time its invocation is answered.

use std::{sync::Arc, thread, time::Duration};

use emulator::lambda::{HostOptions, LambdaHost, LogLine, LogSink, log_to_file};
use serde_json::json;

use crate::lambda_host::{answer, greeter, host, invoke, options};

/// About what a pipe holds: the reader is still at it when the function answers.
const MANY: usize = 5000;

#[tokio::test]
async fn both_streams_are_kept_in_order() {
    let host = host(greeter());
    invoke(&host, json!({ "do": "print", "text": 1 })).await;
    let lines = host.logs();
    assert!(lines.iter().all(|line| line.function == "greeter"));
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["started", "out 1", "err 1"], "the last had no end");
}

#[tokio::test]
async fn the_log_is_complete_with_the_answer_however_slow_its_reader() {
    let slow = |_: &LogLine| thread::sleep(Duration::from_millis(50));
    let log_sink: Option<LogSink> = Some(Arc::new(slow));
    let options = HostOptions {
        log_sink,
        ..options()
    };
    let host = LambdaHost::new(vec![greeter()], options);
    let invocation = invoke(&host, json!({ "lines": 2 })).await;
    assert!(invocation.log_tail.contains("\nline 1\nEND "));
    assert_eq!(host.logs().len(), 3);
}

#[tokio::test]
async fn the_tail_is_this_invocations_own() {
    let host = host(greeter());
    let first = invoke(&host, json!({ "do": "print", "text": 1 })).await;
    let id = &first.request_id;
    let start = format!("START RequestId: {id} Version: $LATEST\nstarted\nout 1\nerr 1\nEND");
    assert!(first.log_tail.starts_with(&start), "{}", first.log_tail);
    assert!(
        first
            .log_tail
            .contains(&format!("\nREPORT RequestId: {id}\tDuration: "))
    );
    let second = invoke(&host, json!({ "do": "print", "text": 2 })).await;
    assert!(!second.log_tail.contains("out 1"));
}

#[tokio::test]
async fn a_crash_loses_no_line() {
    let host = host(greeter());
    invoke(&host, json!({ "do": "abort", "lines": MANY })).await;
    assert_eq!(host.logs().len(), 1 + MANY);
}

#[tokio::test]
async fn a_sink_writes_the_lines_to_a_file() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let path = std::path::Path::new(directory).join("lambda-host.log");
    let _ = std::fs::remove_file(&path);
    let log_sink = Some(log_to_file(&path).unwrap());
    let host = LambdaHost::new(
        vec![greeter()],
        HostOptions {
            log_sink,
            ..options()
        },
    );
    answer(&host, json!(1)).await;
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("greeter: started\n")
    );
}
