//! When a password was verified is noted in the row, and nothing else, where policy and parameter say so.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use shared::state::Item;

use super::{FUNCTION, put, row, sign_in};
use crate::common::{answer, bent_policy, invoke, last_decision, log_text, options};

async fn stack(mark_verified: bool, granted: bool) -> Stack {
    let mut options = options();
    let rules = format!("mark_verified = {mark_verified}\nlookup =");
    options.policy = bent_policy("lookup =", &rules);
    let parameter = ("MarkVerifiedLegacyUsers".to_owned(), granted.to_string());
    options.parameters = [parameter].into();
    local::start(&options).await.unwrap()
}

async fn stored(stack: &Stack) -> Option<Item> {
    let got = Client::new(&stack.sdk_config(Stack::admin()))
        .get_item()
        .table_name(stack.physical_name("LegacyUsersTable"))
        .key("username", AttributeValue::S("ana@example.com".to_owned()));
    got.send().await.unwrap().item
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_tells_when_its_password_was_verified_and_is_else_as_it_was() {
    let stack = stack(true, true).await;
    put(&stack, row("ana@example.com")).await;
    let before = stored(&stack).await.unwrap();
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*V")).await);
    answer(&invoke(&stack, FUNCTION, &sign_in("una@example.com", "U*U")).await);
    assert_eq!(stored(&stack).await.unwrap(), before);
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let mut after = stored(&stack).await.unwrap();
    let at = after.remove("verified_at").unwrap();
    assert!(at.as_s().unwrap().starts_with("20"), "{at:?}");
    assert_eq!(after, before);
    assert!(!log_text(&stack).contains("not marked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_unless_the_policy_says_so() {
    let stack = stack(false, true).await;
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert!(!stored(&stack).await.unwrap().contains_key("verified_at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_marked_moves_in_all_the_same() {
    let stack = stack(true, false).await;
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    assert!(!stored(&stack).await.unwrap().contains_key("verified_at"));
    assert!(log_text(&stack).contains("the row is not marked as verified"));
}
