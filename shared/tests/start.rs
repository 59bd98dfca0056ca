//! A function's start, in a process of its own: it takes the panic hook and the log of the process.
#![allow(clippy::panic)]

use std::process::ExitCode;

use shared::{start, telemetry};

#[test]
fn a_panic_at_the_start_is_a_failure_that_tells_its_place_and_not_its_text() {
    let code = start::run("function", || async { panic!("canary") });
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    let place = telemetry::panic_location();
    assert!(place.contains("tests/start.rs:"), "{place}");
    assert!(!place.contains("canary"), "{place}");
}
