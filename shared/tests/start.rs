//! A function's start, in a process of its own: it takes the panic hook and the log of the process.

use std::process::{Command, ExitCode};

use shared::start;

/// Set in the process in which the function starts.
const INSIDE: &str = "POOLKEEPER_TEST_START";

#[test]
fn a_panic_at_the_start_is_a_failure_that_tells_its_place_and_not_its_text() {
    if std::env::var_os(INSIDE).is_some() {
        let code = start::run("function", || async { panic!("canary") });
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--nocapture")
        .env(INSIDE, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("does not start"), "{told}");
    assert!(
        told.contains("panicked at shared/tests/start.rs:"),
        "{told}"
    );
    assert!(!told.contains("canary"), "{told}");
}
