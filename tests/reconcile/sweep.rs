//! The other direction: whom the directory knows and the pool does not, and what keeps the sweep from a mistake.

use aws_sdk_cognitoidentityprovider::types::AttributeType;
use emulator::stack::Stack;
use serde_json::json;
use shared::state::DirectoryKey;

use super::{
    POOL, administrator_makes,
    changes::{delete, put},
    completed, directory, input, pool, run, run_with,
};
use crate::{
    common::stack,
    post_confirmation::{items, text},
};

const GONE: &str = "11111111-aaaa-4bbb-8ccc-000000000001";

/// The profile of somebody who was called `name`, as it was written at `created_at`.
async fn profile(stack: &Stack, sub: &str, name: &str, created_at: &str) {
    let members = [
        ("sub", sub),
        ("user_name", name),
        ("created_at", created_at),
    ];
    put(stack, &DirectoryKey::profile(POOL, sub), &members).await;
}

/// A user of a legacy store whom the pool was offered under this name.
async fn offered(stack: &Stack, name: &str) -> DirectoryKey {
    let record = DirectoryKey::moved(POOL, "old-users", name);
    let members = [
        ("state", "offered"),
        ("store", "old-users"),
        ("user_name", name),
    ];
    put(stack, &record, &members).await;
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_deletes_nobody_and_moves_nobody() {
    let stack = stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    run(&stack).await;
    profile(&stack, GONE, "gone", "2020-01-01T00:00:00Z").await;
    offered(&stack, "ada@example.com").await;
    let before = items(&stack, "DirectoryTable").await;
    let mut dry = input();
    dry["dry_run"] = json!(true);
    let there_is = completed(json!({"listed": 1, "deleted": 1, "migrated": 1}));
    assert_eq!(run_with(&stack, &dry).await, there_is);
    assert_eq!(items(&stack, "DirectoryTable").await, before);
    assert_eq!(run(&stack).await, there_is);
    assert_ne!(items(&stack, "DirectoryTable").await, before);
}

/// The pool may not say yet that there is a user whose profile post-confirmation has just written.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_a_moment_ago_is_left_alone() {
    let stack = stack().await;
    let now = shared::state::rfc3339(time::OffsetDateTime::now_utc());
    profile(&stack, GONE, "gone", &now).await;
    let lately = json!({"calls_per_second": 10_000, "settle_seconds": 3600});
    assert_eq!(run_with(&stack, &lately).await, completed(json!({})));
    assert_eq!(run(&stack).await, completed(json!({"deleted": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_has_by_now_says_nothing_of_who_had_it() {
    let stack = stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    // A `sub` that no part of the pool lists, so that the sweep has to ask.
    let unlisted = "zz111111-aaaa-4bbb-8ccc-000000000002";
    let user = (unlisted.to_owned(), "bob@example.com".to_owned());
    stack.user_pool.add_confirmed([user]);
    run(&stack).await;
    for sub in [GONE, unlisted] {
        profile(&stack, sub, "ada@example.com", "2020-01-01T00:00:00Z").await;
    }
    let gone = completed(json!({"listed": 1, "deleted": 1}));
    assert_eq!(run(&stack).await, gone);
    let items = items(&stack, "DirectoryTable").await;
    let profiles = items.iter().filter(|item| text(item, "sk") == "PROFILE");
    let subs: Vec<String> = profiles.map(|item| text(item, "sub")).collect();
    assert!(
        subs.contains(&unlisted.to_owned()) && !subs.contains(&GONE.to_owned()),
        "{subs:?}"
    );
}

/// The profile of the loser of a race leads to the claim of whoever won it.
#[tokio::test(flavor = "multi_thread")]
async fn the_claim_of_another_stays_when_the_loser_is_gone() {
    let stack = stack().await;
    let holder = administrator_makes(&stack, "a.da@gmail.com", "true").await;
    run(&stack).await;
    let loser = administrator_makes(&stack, "ada@gmail.com", "true").await;
    run(&stack).await;
    delete(&stack, &loser).await;
    let gone = completed(json!({"listed": 1, "deleted": 1}));
    assert_eq!(run(&stack).await, gone);
    let items = items(&stack, "DirectoryTable").await;
    let claims = items.iter().filter(|item| text(item, "sk") == "CLAIM");
    let subs: Vec<String> = claims.map(|item| text(item, "sub")).collect();
    assert_eq!(subs, [holder]);
}

/// Somebody who signs up under the name of a legacy user and never shows that it is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_is_not_confirmed_has_not_moved_in() {
    let stack = stack().await;
    let email = AttributeType::builder()
        .name("email")
        .value("eve@example.com");
    let signed_up = pool(&stack)
        .sign_up()
        .client_id(stack.physical_name("UserPoolClient"))
        .username("eve@example.com")
        .password("Correct-Horse-1")
        .user_attributes(email.build().unwrap());
    signed_up.send().await.unwrap();
    offered(&stack, "eve@example.com").await;
    let left = completed(json!({"listed": 1, "left_alone": 1}));
    assert_eq!(run(&stack).await, left);
    assert_eq!(directory(&stack).await, ["MOVED MOVED"]);
}
