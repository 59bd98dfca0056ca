//! Who has moved in once does not move in again by the old password.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use shared::state::DirectoryKey;

use super::{FUNCTION, moved_record, put, row, sign_in, signs_in};
use crate::common::{answer, audit_lines, invoke, last_decision, stack_under, stack_with};

async fn offered_twice_at_most() -> Stack {
    stack_under(
        "forgot_password = false",
        "forgot_password = false\nanswer_floor_ms = 1\nmax_offers = 2",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_offered_a_few_times_and_then_no_more_under_whatever_name() {
    let stack = offered_twice_at_most().await;
    put(&stack, row("ana@example.com")).await;
    for name in ["ana@example.com", " ANA@example.com "] {
        answer(&invoke(&stack, FUNCTION, &sign_in(name, "U*U")).await);
        assert_eq!(last_decision(&stack), "migrated password-verified");
    }
    for name in ["ana@example.com", "Ana@Example.com"] {
        let sent = sign_in(name, "U*U");
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "untouched moved-before");
    }
    put(&stack, row("una@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("una@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_cognito_refuses_is_offered_again_and_may_then_move_in() {
    let attributes = "attributes = { email = \"email\", name = \"full_name\"";
    let stack = stack_under(
        attributes,
        &format!("{attributes}, \"custom:none\" = \"none\""),
    )
    .await;
    let with = |value: &[(&str, &str)]| {
        let mut row = row("ana@example.com");
        let (_, AttributeValue::M(known)) = row.last_mut().unwrap() else {
            unreachable!("the attributes come last");
        };
        let value = value.iter();
        let value =
            value.map(|(name, text)| ((*name).to_owned(), AttributeValue::S((*text).to_owned())));
        known.extend(value);
        row
    };
    // An attribute that the pool's schema lacks: Cognito refuses the user whom the function has offered.
    put(&stack, with(&[("none", "x")])).await;
    assert!(!signs_in(&stack, "ana@example.com", "U*U").await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let record = moved_record(&stack, "old-users", "ana@example.com").await;
    assert_eq!(record["state"], AttributeValue::S("offered".to_owned()));
    assert_eq!(record["offers"], AttributeValue::N("1".to_owned()));
    assert_eq!(record["scheme"], AttributeValue::S("bcrypt".to_owned()));

    put(&stack, with(&[])).await;
    assert!(signs_in(&stack, "ana@example.com", "U*U").await);
    let again = moved_record(&stack, "old-users", "ana@example.com").await;
    assert_eq!(again["offers"], AttributeValue::N("2".to_owned()));
    assert_eq!(again["first_offered_at"], record["first_offered_at"]);
    assert_ne!(again["offered_at"], record["offered_at"]);
    // From here on the pool knows them.
    let decisions = audit_lines(&stack).len();
    assert!(signs_in(&stack, "ana@example.com", "U*U").await);
    assert_eq!(audit_lines(&stack).len(), decisions);
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_at_the_same_time_are_counted() {
    let stack = offered_twice_at_most().await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "U*U");
    let all = (0..8).map(|_| invoke(&stack, FUNCTION, &sent));
    let answers = futures_util::future::join_all(all).await;
    let moved = answers.iter().filter(|done| answer(done) != sent).count();
    assert_eq!(moved, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_been_seen_in_the_pool_stays_out_with_the_old_password() {
    let stack = offered_twice_at_most().await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "U*U");
    answer(&invoke(&stack, FUNCTION, &sent).await);
    // As reconcile says once it has seen the user in the pool.
    let pool = audit_lines(&stack).pop().unwrap()["user_pool_id"].clone();
    let key = DirectoryKey::moved(pool.as_str().unwrap(), "old-users", "ana@example.com");
    Client::new(&stack.sdk_config(Stack::admin()))
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET #state = :moved")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":moved", AttributeValue::S("moved".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched moved-before");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_recorded_does_not_move_in() {
    let stack = stack_with(FUNCTION, &[("DIRECTORY_TABLE", "poolkeeper-Elsewhere")]).await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "U*U");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed later-dependency-failed");
}
