//! Blocks: set and lifted in the table, obeyed at the next sign-up.

use serde_json::json;
use shared::state::{DirectoryKey, Item, key_item, number};
use time::OffsetDateTime;

use super::{FUNCTION, put, sign_up, stack_checking, tables};
use crate::common::{
    faulty::{Behaviour, Faulty},
    invoke, last_decision,
};
use emulator::stack::Stack;

const CHECK: &str = "blocked = {}";

fn block(kind: &str, value: &str) -> Item {
    key_item(&DirectoryKey::block(kind, value))
}

/// What becomes of the sign-up of somebody with this address and number.
async fn decision(stack: &Stack, email: &str, phone: Option<&str>) -> String {
    let sent = sign_up(|event| {
        let attributes = &mut event["request"]["userAttributes"];
        attributes["email"] = json!(email);
        attributes["phone_number"] = json!(phone);
    });
    invoke(stack, FUNCTION, &sent).await;
    last_decision(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_blocked_may_not_sign_up_and_what_is_lifted_may() {
    let stack = stack_checking(CHECK, &[]).await;
    let allowed = "allowed no-objection";
    assert_eq!(decision(&stack, "eve@example.com", None).await, allowed);

    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut over = block("domain", "old.example.com");
    over.extend([number("expires_at", now - 1)]);
    let mut for_now = block("domain", "now.example.com");
    for_now.extend([number("expires_at", now + 600)]);
    for item in [
        block("email", "eve@example.com"),
        block("domain", "spam.example.com"),
        block("phone", "+1876"),
        over,
        for_now,
    ] {
        put(&stack, "DirectoryTable", item).await;
    }
    for (email, phone, expected) in [
        ("ana@example.com", None, allowed),
        ("eve@example.com", None, "refused email-blocked"),
        ("Eve@EXAMPLE.com", None, "refused email-blocked"),
        ("ana@spam.example.com", None, "refused domain-blocked"),
        ("ana@a.b.spam.example.com", None, "refused domain-blocked"),
        ("ana@notspam.example.com", None, allowed),
        ("ana@now.example.com", None, "refused domain-blocked"),
        ("ana@old.example.com", None, allowed),
        (
            "ana@example.com",
            Some("+18765550100"),
            "refused phone-number-blocked",
        ),
        ("ana@example.com", Some("+12345550100"), allowed),
        (
            "ana@example.com",
            Some("call me"),
            "refused invalid-phone-number",
        ),
    ] {
        let said = decision(&stack, email, phone).await;
        assert_eq!(said, expected, "{email} {phone:?}");
    }
    let key = key_item(&DirectoryKey::block("email", "eve@example.com"));
    let lifted = tables(&stack).delete_item().set_key(Some(key));
    let lifted = lifted.table_name(stack.physical_name("DirectoryTable"));
    lifted.send().await.unwrap();
    assert_eq!(decision(&stack, "eve@example.com", None).await, allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_cannot_be_read_let_nobody_in() {
    let table = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    let stack = stack_checking(CHECK, &endpoint).await;
    let said = decision(&stack, "ana@example.com", None).await;
    assert_eq!(said, "refused blocks-unavailable");
    // As the policy says it.
    let lax = format!("{CHECK}\non_undecided = \"allow\"");
    let stack = stack_checking(&lax, &endpoint).await;
    let said = decision(&stack, "ana@example.com", None).await;
    assert_eq!(said, "allowed reported");
}
