//! What changes in the pool, as the directory follows it.

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::Stack;
use serde_json::json;
use shared::state::{DirectoryKey, key_item};

use super::{
    FUNCTION, POOL, administrator_makes, completed, directory, input, pool, run, run_with,
};
use crate::{
    common::{
        error_message,
        faulty::{Behaviour, Faulty, http},
        invoke, last_decision, stack, stack_with,
    },
    post_confirmation::{items, tables, text},
};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) async fn put(stack: &Stack, key: &DirectoryKey, attributes: &[(&str, &str)]) {
    let mut item = key_item(key);
    item.extend(
        attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), s(value))),
    );
    let put = tables(stack)
        .put_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_item(Some(item));
    put.send().await.unwrap();
}

/// As if the user had had this address when the profile was written.
pub(super) async fn had_the_address(stack: &Stack, sub: &str, email: &str) {
    let claim = DirectoryKey::email_claim(POOL, email);
    put(stack, &claim, &[("sub", sub), ("user_pool_id", POOL)]).await;
    let update = tables(stack)
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(key_item(&DirectoryKey::profile(POOL, sub))))
        .update_expression("SET attributes.email = :email, claim = :claim")
        .expression_attribute_values(":email", s(email))
        .expression_attribute_values(":claim", s(&claim.pk));
    update.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_address_moves_the_claim_and_is_told_once() {
    let stack = stack().await;
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    run(&stack).await;
    had_the_address(&stack, &sub, "before@example.com").await;
    let moved = completed(json!({"listed": 1, "released": 1, "updated": 1}));
    assert_eq!(run(&stack).await, moved);
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
    let keys = [
        "EMAIL CLAIM",
        "USER EVENT#updated",
        "USER EVENT#user-confirmed",
        "USER PROFILE",
    ];
    assert_eq!(directory(&stack).await, keys);
    let items = items(&stack, "DirectoryTable").await;
    let claim = items
        .iter()
        .find(|item| text(item, "sk") == "CLAIM")
        .unwrap();
    assert_eq!(
        text(claim, "pk"),
        DirectoryKey::email_claim(POOL, "ada@example.com").pk
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_of_another_is_flagged_and_claimed_when_that_user_is_gone() {
    let stack = stack().await;
    let holder = administrator_makes(&stack, "a.da@gmail.com", "true").await;
    run(&stack).await;
    administrator_makes(&stack, "ada@gmail.com", "true").await;
    let taken = completed(json!({"listed": 2, "created": 1, "mailbox_taken": 1}));
    assert_eq!(run(&stack).await, taken);
    assert_eq!(run(&stack).await, completed(json!({"listed": 2})));
    delete(&stack, &holder).await;
    assert_eq!(
        run(&stack).await,
        completed(json!({"listed": 1, "deleted": 1}))
    );
    let freed = completed(json!({"listed": 1, "claimed": 1, "updated": 1}));
    assert_eq!(run(&stack).await, freed);
    let flagged = items(&stack, "DirectoryTable").await;
    assert!(flagged.iter().all(|item| text(item, "mailbox") != "taken"));
}

/// As if another user had been first with the address.
async fn another_has_the_mailbox(stack: &Stack, email: &str) {
    let claim = DirectoryKey::email_claim(POOL, email);
    let members = [("sub", "somebody-else"), ("user_pool_id", POOL)];
    put(stack, &claim, &members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_lost_again_is_flagged_again() {
    let stack = stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    another_has_the_mailbox(&stack, "ada@example.com").await;
    let flags = || async {
        let items = items(&stack, "DirectoryTable").await;
        let flagged = items.iter().filter(|item| text(item, "mailbox") == "taken");
        flagged.count()
    };
    // The holder is nobody's user: the sweep releases their claim at the end of each pass.
    let lost = completed(json!({"listed": 1, "created": 1, "mailbox_taken": 1, "released": 1}));
    assert_eq!(run(&stack).await, lost);
    assert_eq!(flags().await, 1);
    let won = completed(json!({"listed": 1, "claimed": 1, "updated": 1}));
    assert_eq!(run(&stack).await, won);
    assert_eq!(flags().await, 0);
    another_has_the_mailbox(&stack, "ada@example.com").await;
    let again = completed(json!({"listed": 1, "mailbox_taken": 1, "released": 1}));
    assert_eq!(run(&stack).await, again);
    assert_eq!(flags().await, 1);
    let told = directory(&stack).await;
    let told = told.iter().filter(|key| key.contains("mailbox-taken"));
    assert_eq!(told.count(), 1);
}

/// A run died after the claim of the new address, and the user was gone before the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_no_profile_names_goes_with_its_user() {
    let stack = stack().await;
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    let bob = administrator_makes(&stack, "bob@example.com", "true").await;
    run(&stack).await;
    for (pool, sub, email) in [
        (POOL, &sub, "new@example.com"),
        (POOL, &bob, "bobs@example.com"),
        ("us-east-1_Another", &sub, "other@example.com"),
    ] {
        let claim = DirectoryKey::email_claim(pool, email);
        put(&stack, &claim, &[("sub", sub), ("user_pool_id", pool)]).await;
    }
    delete(&stack, &sub).await;
    let mut dry = input();
    dry["dry_run"] = json!(true);
    let gone = completed(json!({"listed": 1, "deleted": 1, "released": 1}));
    assert_eq!(run_with(&stack, &dry).await, gone);
    assert_eq!(run(&stack).await, gone);
    let claims = items(&stack, "DirectoryTable").await;
    let claims = claims.iter().filter(|item| text(item, "sk") == "CLAIM");
    let mut holders: Vec<(String, String)> = claims
        .map(|item| (text(item, "user_pool_id"), text(item, "sub")))
        .collect();
    holders.sort();
    let left = [
        ("us-east-1_Another".to_owned(), sub),
        (POOL.to_owned(), bob.clone()),
        (POOL.to_owned(), bob),
    ];
    assert_eq!(holders, left);
}

/// An invitation that the sign-up of an address held until so many seconds ago.
pub(super) async fn held(stack: &Stack, code: &str, seconds: i64, member: Option<(&str, &str)>) {
    let key = DirectoryKey::invitation(code);
    let until = time::OffsetDateTime::now_utc().unix_timestamp() - seconds;
    let mut members = vec![("reserved_for", "digest")];
    members.extend(member);
    put(stack, &key, &members).await;
    let update = tables(stack)
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(key_item(&key)))
        .update_expression("SET reserved_until = :until")
        .expression_attribute_values(":until", AttributeValue::N(until.to_string()));
    update.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_whose_sign_up_was_never_confirmed_is_nobodys() {
    const DAY: i64 = 24 * 3600;
    let stack = stack().await;
    held(&stack, "forgotten", 31 * DAY, None).await;
    held(&stack, "late", 29 * DAY, None).await;
    held(&stack, "redeemed", 31 * DAY, Some(("redeemed_by", "sub"))).await;
    let mut dry = input();
    dry["dry_run"] = json!(true);
    let released = completed(json!({"holds_released": 1}));
    let held = || async {
        let items = items(&stack, "DirectoryTable").await;
        let held = items
            .iter()
            .filter(|item| item.contains_key("reserved_for"));
        held.count()
    };
    assert_eq!(run_with(&stack, &dry).await, released);
    assert_eq!(held().await, 3);
    assert_eq!(run(&stack).await, released);
    assert_eq!(held().await, 2);
    assert_eq!(run(&stack).await, completed(json!({})));
}

pub(super) async fn delete(stack: &Stack, sub: &str) {
    let delete = pool(stack)
        .admin_delete_user()
        .user_pool_id(POOL)
        .username(sub);
    delete.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_gone_leaves_an_event_and_no_claim() {
    let stack = stack().await;
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    run(&stack).await;
    delete(&stack, &sub).await;
    assert_eq!(run(&stack).await, completed(json!({"deleted": 1})));
    let left = ["USER EVENT#user-confirmed", "USER EVENT#user-deleted"];
    assert_eq!(directory(&stack).await, left);
    assert_eq!(run(&stack).await, completed(json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_does_not_answer_deletes_nobody() {
    for code in ["NotAuthorizedException", "ResourceNotFoundException"] {
        let cognito = Faulty::start(Behaviour::Close).await;
        let stack = stack_with(
            FUNCTION,
            &[("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &cognito.url)],
        )
        .await;
        put(
            &stack,
            &DirectoryKey::profile(POOL, "11111111-aaaa-4bbb-8ccc-000000000001"),
            &[
                ("sub", "11111111-aaaa-4bbb-8ccc-000000000001"),
                ("user_name", "ada"),
            ],
        )
        .await;
        // All parts are listed; whether the user is gone is what the pool does not say.
        for _ in 0..16 {
            cognito.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
        }
        let refusal = format!(r#"{{"__type":"{code}","message":"canary"}}"#);
        cognito.behave(http("400 Bad Request", &refusal));
        let failed = invoke(&stack, FUNCTION, &input().to_string()).await;
        assert_eq!(error_message(&failed), "dependency-failed");
        assert_eq!(last_decision(&stack), "failed dependency-failed");
        assert_eq!(cognito.requests(), 17);
        let left = directory(&stack).await;
        assert!(left.contains(&"USER PROFILE".to_owned()), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_user_who_is_seen_in_the_pool_has_moved() {
    let stack = stack().await;
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    run(&stack).await;
    let offered_by = |store, name| {
        [
            ("state", "offered"),
            ("user_pool_id", POOL),
            ("store", store),
            ("user_name", name),
        ]
    };
    let offered = |name| offered_by("old-users", name);
    let record = DirectoryKey::moved(POOL, "old-users", "1");
    put(&stack, &record, &offered("ada@example.com")).await;
    let waiting = DirectoryKey::moved(POOL, "old-users", "2");
    put(&stack, &waiting, &offered("bob@example.com")).await;
    // Cognito's clock and ours differ.
    let skewed = DirectoryKey::moved(POOL, "oldest-users", "4");
    let offered_at = time::OffsetDateTime::now_utc() + std::time::Duration::from_secs(30);
    let offered_at = shared::state::rfc3339(offered_at);
    let ahead = [
        &offered_by("oldest-users", "ada@example.com")[..],
        &[("first_offered_at", offered_at.as_str())],
    ];
    put(&stack, &skewed, &ahead.concat()).await;
    // The user of that name was there before the first offer. Another store: one that has moved is told once.
    let another = DirectoryKey::moved(POOL, "older-users", "3");
    let later = [
        &offered_by("older-users", "ada@example.com")[..],
        &[("first_offered_at", "2999-01-01T00:00:00Z")],
    ];
    put(&stack, &another, &later.concat()).await;
    assert_eq!(
        run(&stack).await,
        completed(json!({"listed": 1, "migrated": 2}))
    );
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
    let items = items(&stack, "DirectoryTable").await;
    let of = |key: &DirectoryKey| {
        items
            .iter()
            .find(|item| text(item, "pk") == key.pk)
            .unwrap()
    };
    assert_eq!(
        (text(of(&record), "state"), text(of(&record), "sub")),
        ("moved".to_owned(), sub)
    );
    for record in [&waiting, &another] {
        assert_eq!(text(of(record), "state"), "offered");
    }
    assert!(
        directory(&stack)
            .await
            .contains(&"USER EVENT#migrated#old-users".to_owned())
    );
}
