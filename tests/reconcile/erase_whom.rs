//! Whom `poolkeeper erase` erases: users whom only their `sub` names, subjects of the vendor's, people whom a legacy
//! store has only offered; and who erased them.

use emulator::stack::Stack;
use serde_json::json;
use shared::state::DirectoryKey;

use super::{
    POOL, completed, directory,
    erase::{erase, has_identity, recorded, report},
    pool, run,
};
use crate::{
    common::{last_decision, stack},
    post_confirmation::{items, text},
    user_migration::{put, row, signs_in},
};

async fn is_in_pool(stack: &Stack, name: &str) -> bool {
    let asked = pool(stack).admin_get_user().user_pool_id(POOL);
    asked.username(name).send().await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_pool_still_has_is_erased_by_their_sub() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let said = report(&erase(&stack, &["--sub", &sub]).await);
    assert_eq!(said["in_pool"], true);
    let done = erase(&stack, &["--sub", &sub, "--yes"]).await;
    assert_eq!(done.status.code(), Some(0));
    assert!(!is_in_pool(&stack, &sub).await);
    let left = ["MOVED MOVED", "USER EVENT#user-deleted"];
    assert_eq!(directory(&stack).await, left);
    assert_eq!(run(&stack).await, completed(json!({})));
    assert_eq!(directory(&stack).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_named_by_their_sub_may_stay_and_nobody_cannot() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let nobody = "11111111-aaaa-4bbb-8ccc-000000000009";
    let refused = erase(&stack, &["--sub", nobody, "--keep-user", "--yes"]).await;
    assert_eq!(refused.status.code(), Some(2));
    let kept = erase(&stack, &["--sub", &sub, "--keep-user", "--yes"]).await;
    assert_eq!(report(&kept)["keeps_user"], true);
    assert!(is_in_pool(&stack, &sub).await);
    let left = ["MOVED MOVED", "USER EVENT#user-deleted", "USER PROFILE"];
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
    assert_eq!(directory(&stack).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_that_a_user_is_gone_of_whom_nobody_has_heard() {
    let stack = stack().await;
    has_identity(&stack, "app", "partner-7", "us-east-1:one").await;
    let done = erase(&stack, &["--sub", "partner-7", "--yes"]).await;
    assert_eq!(report(&done)["identities"], 1);
    assert_eq!(directory(&stack).await, ["GUEST GUEST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_of_the_vendors_loses_its_identities_and_no_user_anything() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    has_identity(&stack, "app", &sub, "us-east-1:one").await;
    has_identity(&stack, "other", &sub, "us-east-1:two").await;
    let before = directory(&stack).await;
    let of = format!("app={sub}");
    let said = report(&erase(&stack, &["--subject", &of, "--yes"]).await);
    assert_eq!(said["identity_ids"], json!(["us-east-1:one"]));
    assert!(is_in_pool(&stack, &sub).await);
    let mut left = directory(&stack).await;
    let gone = before.len() - left.len();
    left.retain(|key| !key.starts_with("IDENTITY"));
    assert_eq!((gone, left.len()), (1, before.len() - 2));
    let items = items(&stack, "DirectoryTable").await;
    let owners: Vec<String> = items
        .iter()
        .filter(|item| text(item, "sk") == "GUEST")
        .map(|item| text(item, "owner"))
        .collect();
    assert_eq!(owners.iter().filter(|owner| *owner == "erased").count(), 1);
}

/// Between the first sign-in by the old password and the next pass of reconcile.
#[tokio::test(flavor = "multi_thread")]
async fn whom_a_legacy_store_has_only_offered_is_forgotten_and_stays_out() {
    let stack = stack().await;
    put(&stack, row("ana@example.com")).await;
    assert!(signs_in(&stack, "ana@example.com", "U*U").await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let other = DirectoryKey::moved(POOL, "old-users", "another");
    let members = [("state", "offered"), ("user_name", "bob@example.com")];
    super::changes::put(&stack, &other, &members).await;
    let said = report(&erase(&stack, &["--user", "ana@example.com", "--yes"]).await);
    assert_eq!(said["moved_in_records"], 1);
    for item in items(&stack, "DirectoryTable").await {
        if text(&item, "sk") == "MOVED" {
            let others = text(&item, "pk") == other.pk;
            let state = if others { "offered" } else { "moved" };
            assert_eq!(text(&item, "state"), state);
            assert_eq!(item.contains_key("user_name"), others);
        }
    }
    assert!(!signs_in(&stack, "ana@example.com", "U*U").await);
    assert_eq!(last_decision(&stack), "untouched moved-before");
}

/// Nobody names such a claim: the user is gone, or a write of it met another.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_the_profile_does_not_name_goes_too() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let claim = DirectoryKey::email_claim(POOL, "before@example.com");
    super::changes::put(&stack, &claim, &[("sub", &sub)]).await;
    erase(&stack, &["--sub", &sub, "--yes"]).await;
    let left = ["MOVED MOVED", "USER EVENT#user-deleted"];
    assert_eq!(directory(&stack).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_erased_whom_is_kept_by_a_digest() {
    let stack = stack().await;
    let sub = recorded(&stack).await;
    let said = report(&erase(&stack, &["--sub", &sub]).await);
    assert_eq!(said["erased_before"], json!([]));
    erase(&stack, &["--sub", &sub, "--yes"]).await;
    let said = report(&erase(&stack, &["--sub", &sub]).await);
    let erasure = &said["erased_before"][0];
    let by = erasure["erased_by"].as_str().unwrap();
    assert!(by.starts_with("arn:aws:"), "{by}");
    assert!(erasure["begun_at"].as_str() <= erasure["completed_at"].as_str());
    let items = items(&stack, "DirectoryTable").await;
    let records: Vec<_> = items
        .iter()
        .filter(|item| text(item, "pk").starts_with("ERASURE#"))
        .collect();
    assert_eq!(records.len(), 1);
    let record = format!("{records:?}");
    assert!(!record.contains(&sub) && !record.contains("ada@"));
}
