//! `poolkeeper erase`, the real binary against the embedded services: reconcile brings nobody back.

use std::{path::Path, process::Output};

use emulator::stack::Stack;
use serde_json::{Value, json};
use shared::state::DirectoryKey;

use super::{POOL, administrator_makes, changes::put, completed, directory, pool, run};
use crate::{
    common::stack,
    post_confirmation::{items, text},
};

/// Runs it as the account's owner, with more arguments.
pub(super) async fn erase(stack: &Stack, arguments: &[&str]) -> Output {
    let binaries = Path::new(env!("CARGO_BIN_EXE_reconcile")).parent().unwrap();
    let owner = Stack::admin();
    let mut command = tokio::process::Command::new(binaries.join("poolkeeper"));
    command
        .args(["erase", "--user-pool", POOL, "--directory"])
        .arg(stack.physical_name("DirectoryTable"))
        .args(arguments)
        .env("AWS_ENDPOINT_URL", &stack.aws_url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", owner.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", owner.secret_access_key());
    command.output().await.unwrap()
}

pub(super) fn report(output: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| unreachable!("{complaint}"))
}

/// Somebody who is recorded, and has moved in from a legacy store.
pub(super) async fn recorded(stack: &Stack) -> String {
    let sub = administrator_makes(stack, "ada@example.com", "true").await;
    run(stack).await;
    let record = DirectoryKey::moved(POOL, "old-users", "1");
    let moved = [
        ("state", "moved"),
        ("store", "old-users"),
        ("user_name", "ada@example.com"),
        ("sub", &sub),
    ];
    put(stack, &record, &moved).await;
    sub
}

#[tokio::test(flavor = "multi_thread")]
async fn without_yes_it_says_what_there_is_and_does_nothing() {
    let stack = stack().await;
    recorded(&stack).await;
    let before = directory(&stack).await;
    let said = erase(&stack, &["--user", "ada@example.com"]).await;
    assert_eq!(said.status.code(), Some(1));
    let report = report(&said);
    for (member, value) in [
        ("done", json!(false)),
        ("in_pool", json!(true)),
        ("profile", json!(true)),
        ("claim", json!(true)),
        ("events", json!(1)),
        ("moved_in_records", json!(1)),
    ] {
        assert_eq!(report[member], value, "{member}");
    }
    assert!(report["left"].as_array().unwrap().len() > 4);
    assert_eq!(directory(&stack).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_gone_everywhere_but_for_the_marker_and_the_word_of_it() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let done = erase(&stack, &["--user", "ada@example.com", "--yes"]).await;
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let left = ["MOVED MOVED", "USER EVENT#user-deleted"];
    assert_eq!(directory(&stack).await, left);
    let marker = items(&stack, "DirectoryTable").await;
    let marker = marker
        .iter()
        .find(|item| text(item, "sk") == "MOVED")
        .unwrap();
    assert!(!marker.contains_key("user_name") && !marker.contains_key("sub"));
    let gone = pool(&stack)
        .admin_get_user()
        .user_pool_id(POOL)
        .username(&sub);
    assert!(gone.send().await.is_err());
    assert_eq!(run(&stack).await, completed(json!({})));
    assert_eq!(directory(&stack).await, left);
    // Once more, as after a crash: by the sub, for nobody else knows it now.
    let again = erase(&stack, &["--sub", &sub, "--yes"]).await;
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(directory(&stack).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_stays_in_the_pool_is_not_recorded_anew() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let done = erase(&stack, &["--user", &sub, "--keep-user", "--yes"]).await;
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let left = ["MOVED MOVED", "USER EVENT#user-deleted", "USER PROFILE"];
    assert_eq!(directory(&stack).await, left);
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
    assert_eq!(directory(&stack).await, left);
    let items = items(&stack, "DirectoryTable").await;
    let tombstone = items
        .iter()
        .find(|item| text(item, "sk") == "PROFILE")
        .unwrap();
    let mut names: Vec<&String> = tombstone.keys().collect();
    names.sort();
    assert_eq!(names, ["erased_at", "pk", "sk", "sub", "user_pool_id"]);
    // The confirmation of an event that comes late writes nothing either.
    let late = crate::common::event("post-confirmation.ConfirmSignUp", |event| {
        event["userName"] = json!(sub);
        event["request"]["userAttributes"] =
            json!({"sub": sub, "email": "ada@example.com", "email_verified": "true"});
    });
    crate::common::invoke(&stack, "PostConfirmationFunction", &late).await;
    assert_eq!(directory(&stack).await, left);
    // And when the user goes after all, so does the tombstone.
    let delete = pool(&stack)
        .admin_delete_user()
        .user_pool_id(POOL)
        .username(&sub);
    delete.send().await.unwrap();
    assert_eq!(run(&stack).await, completed(json!({"deleted": 1})));
    assert_eq!(
        directory(&stack).await,
        ["MOVED MOVED", "USER EVENT#user-deleted"]
    );
}

/// The vendor's record of an identity that was a guest's, and whose it became.
pub(super) async fn has_identity(stack: &Stack, source: &str, subject: &str, id: &str) {
    const IDENTITY_POOL: &str = "us-east-1:11111111-2222-4333-8444-555555555555";
    let identity = DirectoryKey::identity(IDENTITY_POOL, source, subject);
    put(stack, &identity, &[("identity_id", id), ("source", source)]).await;
    let guest = DirectoryKey::guest(IDENTITY_POOL, id);
    put(stack, &guest, &[("owner", &identity.pk)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_go_with_their_subject_and_a_guests_becomes_nobodys() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    has_identity(&stack, "app", &sub, "us-east-1:one").await;
    has_identity(&stack, "other", &sub, "us-east-1:two").await;
    has_identity(&stack, "app", "somebody-else", "us-east-1:three").await;
    let said = report(&erase(&stack, &["--user", "ada@example.com", "--yes"]).await);
    let mut ids: Vec<&str> = said["identity_ids"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["us-east-1:one", "us-east-1:two"]);
    assert_eq!(
        (&said["identities"], &said["guest_identities"]),
        (&json!(2), &json!(2))
    );
    let left = items(&stack, "DirectoryTable").await;
    let of = |sk: &'static str| left.iter().filter(move |item| text(item, "sk") == sk);
    let identities: Vec<String> = of("IDENTITY")
        .map(|item| text(item, "identity_id"))
        .collect();
    assert_eq!(identities, ["us-east-1:three"]);
    let mut owners: Vec<String> = of("GUEST").map(|item| text(item, "owner")).collect();
    owners.sort();
    assert!(owners[0].starts_with("IDENTITY#"), "{owners:?}");
    assert_eq!(owners[1..], ["erased", "erased"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_legacy_table_goes_too_and_what_is_misspelt_does_nothing() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let table = stack.physical_name("LegacyUsersTable");
    let client = crate::post_confirmation::tables(&stack);
    let row = client.put_item().table_name(&table).item(
        "username",
        aws_sdk_dynamodb::types::AttributeValue::S("ada@example.com".to_owned()),
    );
    row.send().await.unwrap();
    let misnamed = format!("{table}:name=ada@example.com");
    let before = items(&stack, "DirectoryTable").await;
    for wrong in [
        &["--sub", &sub, "--legacy", "x"][..],
        &["--yes"],
        &["--user", "a", "--sub", "b"],
        &["--sub", "a\" or sub ^= \"", "--yes"],
        &["--subject", "app", "--yes"],
        &["--subject", "app=a", "--keep-user", "--yes"],
        // Its key is another: nothing has been done when that is found.
        &["--sub", &sub, "--legacy", &misnamed, "--yes"],
    ] {
        assert_eq!(
            erase(&stack, wrong).await.status.code(),
            Some(2),
            "{wrong:?}"
        );
    }
    assert_eq!(items(&stack, "DirectoryTable").await, before);
    let unknown = erase(&stack, &["--user", "nobody@example.com", "--yes"]).await;
    assert_eq!(unknown.status.code(), Some(2));
    let legacy = format!("{table}:username=ada@example.com");
    let done = erase(
        &stack,
        &["--user", "ada@example.com", "--legacy", &legacy, "--yes"],
    )
    .await;
    assert_eq!(report(&done)["legacy_rows"], 1);
    assert!(items(&stack, "LegacyUsersTable").await.is_empty());
}
