//! `poolkeeper revoke`, as an operator runs it.

use serde_json::{Value, json};
use shared::state::DirectoryKey;

use crate::support::poolkeeper;

const BEFORE: [&str; 2] = ["--before", "2026-11-21T12:00:00Z"];

/// What stands in single quotes, in order.
fn quoted(line: &str) -> Vec<&str> {
    line.split('\'').skip(1).step_by(2).collect()
}

#[test]
fn each_kind_of_revocation_writes_the_key_that_the_vendor_reads() {
    let subject = [
        "--source",
        "app",
        "--subject",
        "ana",
        "--identity-pool",
        "us-east-1:pool",
    ];
    for (target, key) in [
        (
            subject.as_slice(),
            DirectoryKey::identity("us-east-1:pool", "app", "ana"),
        ),
        (&["--source", "app"], DirectoryKey::revoked("source", "app")),
        (
            &["--role", "member"],
            DirectoryKey::revoked("role", "member"),
        ),
    ] {
        let mut arguments = vec!["revoke", "--table", "directory"];
        arguments.extend(target);
        arguments.extend(BEFORE);
        let run = poolkeeper(&arguments, "");
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(
            run.stdout.starts_with("aws dynamodb update-item "),
            "{}",
            run.stdout
        );
        let parts = quoted(&run.stdout);
        let json_of = |index: usize| serde_json::from_str::<Value>(parts[index]).unwrap();
        assert_eq!(parts[0], "directory");
        assert_eq!(
            json_of(1),
            json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        );
        assert_eq!(json_of(4), json!({":before": {"N": "1795262400"}}));
    }
}

#[test]
fn sessions_that_are_out_are_denied_by_when_they_were_issued_and_by_their_name() {
    let of = |more: &[&str]| {
        let mut arguments = vec!["revoke", "--table", "directory", "--role", "member"];
        arguments.extend(BEFORE);
        arguments.extend(["--deny-role", "stack-us-east-1-member"]);
        arguments.extend(more);
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, 0, "{}", run.stderr);
        let line = run.stdout.lines().nth(1).unwrap().to_owned();
        let parts = quoted(&line);
        assert_eq!(parts[0], "stack-us-east-1-member");
        serde_json::from_str::<Value>(parts[2]).unwrap()["Statement"][0].clone()
    };
    let issued = json!({"aws:TokenIssueTime": "2026-11-21T12:00:00Z"});
    let statement = of(&[]);
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Condition"], json!({"DateLessThan": issued}));
    let one = of(&["--session-name", "us-east-1.x"]);
    let expected = json!({"DateLessThan": issued, "StringLike": {"aws:userid": "*:us-east-1.x"}});
    assert_eq!(one["Condition"], expected);
}

#[test]
fn arguments_that_do_not_go_together_revoke_nothing() {
    for (arguments, expected) in [
        (vec!["revoke"], "--table: is needed"),
        (
            vec!["revoke", "--table", "t"],
            "--source: or --role is needed",
        ),
        (
            vec![
                "revoke",
                "--table",
                "t",
                "--source",
                "app",
                "--subject",
                "a",
            ],
            "--identity-pool: goes with --subject",
        ),
        (
            vec![
                "revoke",
                "--table",
                "t",
                "--source",
                "app",
                "--identity-pool",
                "p",
            ],
            "--subject: goes with --identity-pool",
        ),
        (
            vec!["revoke", "--table", "t", "--source", "app", "--role", "r"],
            "--role: goes with no --source",
        ),
        (
            vec![
                "revoke",
                "--table",
                "t",
                "--role",
                "r",
                "--session-name",
                "s",
            ],
            "--session-name: goes with --deny-role",
        ),
        (
            vec!["revoke", "--table", "t", "--role", "r", "--before", "soon"],
            "--before: expected a time",
        ),
    ] {
        let run = poolkeeper(&arguments, "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}
