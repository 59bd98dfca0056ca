//! The main job, as `make run` plays it; and the suite's own start.

use crate::common::{audit_lines, options, stack};
use local::{StartError, tour};

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_goes_as_it_must_and_every_decision_has_its_audit_line() {
    let stack = stack().await;
    let mut told = Vec::new();
    tour::play(&stack, &mut told).await.unwrap();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(told.matches('→').count(), 15, "{told}");
    let lines = audit_lines(&stack);
    let of = |function: &str| {
        lines
            .iter()
            .filter(|line| line["function"] == function)
            .count()
    };
    assert_eq!(
        (
            of("pre-sign-up"),
            of("post-confirmation"),
            of("user-migration"),
            of("identity-vendor")
        ),
        (2, 2, 5, 4)
    );
    assert!(
        lines.iter().all(|line| line["outcome"] != "failed"),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_the_flag_that_changes_it() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = options();
    options.api_port = taken.local_addr().unwrap().port();
    let error = local::start(&options).await.err().unwrap();
    assert!(
        matches!(
            error,
            StartError::Port {
                flag: "--api-port",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("--api-port"));
}
