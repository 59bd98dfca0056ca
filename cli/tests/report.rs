//! `poolkeeper report`, as an operator runs it.

use std::path::Path;

use serde_json::{Value, json};
use shared::state::DirectoryKey;

use crate::support::poolkeeper;

const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// A scan in a file of its own.
fn file(name: &str, items: Value) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let text = json!({ "Items": items, "Count": 4, "ScannedCount": 4 }).to_string();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn row(name: &str, hash: &str) -> Value {
    json!({
        "username": {"S": name},
        "password_hash": {"S": hash},
        "email_verified": {"BOOL": true},
        "attributes": {"M": {"email": {"S": name}}},
    })
}

fn record(name: &str, state: &str) -> Value {
    let key = DirectoryKey::moved("pool", "old-users", name);
    json!({
        "pk": {"S": key.pk},
        "sk": {"S": key.sk},
        "state": {"S": state},
        "user_pool_id": {"S": "pool"},
        "store": {"S": "old-users"},
        "user_name": {"S": name},
        "mfa": {"BOOL": name == "bob"},
        "offered_at": {"S": "2026-11-21T12:00:00Z"},
        "offers": {"N": "1"},
    })
}

/// The records of those who were offered.
fn moved(store: &str) -> String {
    let records = json!([record("ana", "moved"), record("bob", "offered")]);
    file(&format!("{store}-moved.json"), records)
}

fn report(store: &str) -> (i32, Value) {
    let mut rows = json!([
        row("ana", BCRYPT),
        row("bob", BCRYPT),
        row("eva", BCRYPT),
        row("luis", "canary"),
    ]);
    rows[0]["verified_at"] = json!({"S": "2026-11-21T13:00:00Z"});
    rows[2]["verified_at"] = json!({"S": "2026-11-20T12:00:00Z"});
    let legacy = file(&format!("{store}-legacy.json"), rows);
    let moved = moved(store);
    let arguments = ["report", "--user-pool", "pool", "--store", store];
    let files = ["--legacy", &legacy, "--moved", &moved];
    let run = poolkeeper(&[&arguments[..], &files[..]].concat(), "");
    assert!(!run.stdout.contains("canary") && run.stderr.is_empty());
    (run.code, run.json())
}

#[test]
fn who_is_left_is_counted_by_scheme() {
    let expected = json!({
        "users": 4,
        "moved": 1,
        "offered": 1,
        "last_offered_at": "2026-11-21T12:00:00Z",
        "enrol_mfa_again": ["bob"],
        "left": 2,
        "left_verified": 1,
        "left_last_verified_at": "2026-11-20T12:00:00Z",
        "left_by_scheme": {"bcrypt": 1, "unsupported: unknown-format": 1},
    });
    assert_eq!(report("old-users"), (1, expected));
}

#[test]
fn the_records_of_another_store_do_not_count() {
    let (code, report) = report("older-users");
    assert_eq!((code, &report["left"]), (1, &json!(4)));
    assert_eq!(report["enrol_mfa_again"], json!([]));
}

#[test]
fn a_store_that_is_no_table_is_counted_by_its_records() {
    let moved = moved("no-table");
    let of_store = ["report", "--user-pool", "pool", "--store", "old-users"];
    let run = poolkeeper(&[&of_store[..], &["--moved", &moved]].concat(), "");
    let report = run.json();
    assert_eq!(run.code, 0);
    assert_eq!(
        (&report["moved"], &report["offered"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["enrol_mfa_again"], json!(["bob"]));
}

#[test]
fn a_file_that_is_no_scan_is_named_and_not_quoted() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-scan.json");
    std::fs::write(&path, "canary").unwrap();
    let path = path.display().to_string();
    let arguments = [
        "report",
        "--user-pool",
        "p",
        "--store",
        "s",
        "--legacy",
        &path,
        "--moved",
        &path,
    ];
    let run = poolkeeper(&arguments, "");
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("no-scan.json") && !run.stderr.contains("canary"),
        "{}",
        run.stderr
    );
}
