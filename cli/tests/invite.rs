//! `poolkeeper invite`, as an operator runs it.

use serde_json::{Value, json};
use shared::{invitation::address_digest, state::DirectoryKey};

use crate::support::poolkeeper;

/// The JSON behind an option of the command, which the shell unquotes.
pub(crate) fn document(command: &str, option: &str) -> Value {
    let (_, rest) = command.split_once(&format!("{option} '")).unwrap();
    let text = rest.split('\'').next().unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_command_writes_the_invitation_of_the_code_that_was_told() {
    let arguments = [
        "invite",
        "--table",
        "directory",
        "--days",
        "2",
        "--email",
        "Ada@Example.com",
        "--group",
        "editors",
        "--group",
        "authors",
    ];
    let run = poolkeeper(&arguments, "");
    let (_, code) = run.stderr.trim_end().rsplit_once(": ").unwrap();
    assert_eq!((run.code, code.len()), (0, 32));
    assert!(!run.stdout.contains(code));
    let item = document(&run.stdout, "--item");
    assert_eq!(item["pk"]["S"], DirectoryKey::invitation(code).pk);
    assert_eq!(item["sk"]["S"], "INVITATION");
    assert_eq!(item["email"]["S"], address_digest("ada@example.com"));
    assert_eq!(item["groups"]["SS"], json!(["editors", "authors"]));
    let number = |name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(number("expires_at") - number("invited_at"), 2 * 24 * 3600);
    assert_ne!(poolkeeper(&arguments, "").stderr, run.stderr);
}

#[test]
fn invitations_are_listed_and_taken_back_by_their_digest() {
    let run = poolkeeper(&["invite", "--table", "directory", "--list"], "");
    assert!(
        run.stdout
            .starts_with("aws dynamodb scan --table-name 'directory' ")
    );
    let key = DirectoryKey::invitation("code").pk;
    let revoke = ["invite", "--table", "directory", "--revoke", &key];
    let run = poolkeeper(&revoke, "");
    assert_eq!(document(&run.stdout, "--key")["pk"]["S"], key);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn what_makes_no_invitation_is_told() {
    for (more, problem) in [
        (&[][..], ""),
        (&["--days", "0"], "--days: takes 1 to 365"),
        (&["--days", "366"], "--days: takes 1 to 365"),
        (&["--email", "ada"], "--email: takes one e-mail address"),
        (&["--revoke", "canary"], "--revoke: takes the 64 digits"),
        (
            &["--list", "--days", "3"],
            "--list: and --revoke stand alone",
        ),
    ] {
        let arguments = [&["invite", "--table", "directory"], more].concat();
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, if problem.is_empty() { 0 } else { 2 });
        assert!(run.stderr.contains(problem), "{}", run.stderr);
    }
    let run = poolkeeper(&["invite"], "");
    assert!(run.stderr.contains("--table: is needed"), "{}", run.stderr);
}
