//! `poolkeeper block` and `unblock`, as an operator runs them.

use std::time::{SystemTime, UNIX_EPOCH};

use shared::state::DirectoryKey;

use crate::{invite::document, support::poolkeeper};

#[test]
fn the_commands_set_and_lift_the_block_that_the_function_looks_for() {
    for (option, written, kind, canonical) in [
        ("--email", "Eve@Example.COM", "email", "eve@example.com"),
        ("--email", "e.ve+2@googlemail.com", "email", "eve@gmail.com"),
        ("--domain", "SPAM.example", "domain", "spam.example"),
        (
            "--email",
            "eve@BÜCHER.example",
            "email",
            "eve@xn--bcher-kva.example",
        ),
        ("--email", "e-v.e@pm.me", "email", "eve@proton.me"),
        (
            "--domain",
            "Bücher.example",
            "domain",
            "xn--bcher-kva.example",
        ),
        ("--domain", "ｓpam.example", "domain", "spam.example"),
        ("--phone", "+1876", "phone", "+1876"),
    ] {
        let key = DirectoryKey::block(kind, canonical).pk;
        let key = format!("'{{\"pk\":{{\"S\":\"{key}\"}},\"sk\":{{\"S\":\"BLOCK\"}}}}'\n");
        for (command, call) in [
            ("block", "put-item --table-name 'directory' --item "),
            ("unblock", "delete-item --table-name 'directory' --key "),
        ] {
            let run = poolkeeper(&[command, "--table", "directory", option, written], "");
            let expected = format!("aws dynamodb {call}{key}");
            assert_eq!((run.code, run.stdout.as_str()), (0, expected.as_str()));
        }
    }
}

#[test]
fn a_block_for_days_says_when_it_ends() {
    let arguments = [
        "block", "--table", "t", "--phone", "+1876", "--days", "3650",
    ];
    let now = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs()
    };
    let before = now();
    let item = document(&poolkeeper(&arguments, "").stdout, "--item");
    let until: u64 = item["expires_at"]["N"].as_str().unwrap().parse().unwrap();
    let days = 3650 * 24 * 3600;
    assert!((before + days..=now() + days).contains(&until), "{until}");
}

#[test]
fn one_thing_that_can_be_blocked_is_needed() {
    let domain = ["--domain", "spam.example"];
    for (more, problem) in [
        (vec!["block"], "--email: expected one of"),
        (
            vec!["block", "--email", "canary"],
            "--email: expected an e-mail",
        ),
        (
            vec!["block", "--domain", "canary com"],
            "--domain: expected a domain",
        ),
        (vec!["block", "--phone", "0049"], "--phone: "),
        (vec!["block", "--phone", "+1 876"], "--phone: "),
        (
            vec!["block", "--domain", "spam.example."],
            "--domain: expected",
        ),
        (
            vec!["block", domain[0], domain[1], "--days", "0"],
            "--days: takes 1 to 3650",
        ),
        (
            vec!["block", domain[0], domain[1], "--days", "3651"],
            "--days: takes 1 to 3650",
        ),
        (
            vec!["unblock", domain[0], domain[1], "--days", "2"],
            "--days: is for block",
        ),
        (
            vec!["unblock", "--phone", "+1", domain[0], domain[1]],
            "--email: expected one of",
        ),
    ] {
        let arguments = [more.as_slice(), &["--table", "directory"]].concat();
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.contains(problem), "{}", run.stderr);
        assert!(!run.stderr.contains("canary"), "{}", run.stderr);
    }
    let run = poolkeeper(&["block", domain[0], domain[1]], "");
    assert!(run.stderr.contains("--table: is needed"), "{}", run.stderr);
}
