//! What a function writes is there by the time its invocation is answered.

use local::lambda::{HostOptions, LambdaHost, log_to_file};
use serde_json::json;

use crate::{answer, greeter, host, invoke, options};

#[tokio::test]
async fn both_streams_are_kept_in_order_and_complete_with_the_answer() {
    let host = host(greeter());
    for round in 0..20 {
        invoke(&host, json!({ "do": "print", "text": round })).await;
        let lines = host.logs();
        let last: Vec<&str> = lines
            .iter()
            .rev()
            .take(2)
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(
            last[0],
            format!("err {round}"),
            "though its line has no end"
        );
        assert_eq!(last[1], format!("out {round}"));
        assert!(lines.iter().all(|line| line.function == "greeter"));
    }
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
    invoke(&host, json!({ "do": "abort" })).await;
    assert_eq!(host.logs()[0].text, "started");
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
