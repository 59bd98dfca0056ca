//! post-confirmation, the real binary over the Lambda Runtime API.

mod claims;
pub(crate) mod enrolment;
pub(crate) mod events;
mod invitations;

use std::{collections::HashMap, time::Duration};

use crate::common::{
    answer, error_message, event, event_text,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, log_text, options, stack, stack_under, stack_with,
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use serde_json::{Value, json};

const FUNCTION: &str = "PostConfirmationFunction";
const CONFIRM: &str = "post-confirmation.ConfirmSignUp";
/// The sort keys of what a confirmed user leaves.
const CONFIRMED: [&str; 3] = ["CLAIM", "EVENT#user-confirmed", "PROFILE"];
const RESET: &str = "post-confirmation.ConfirmForgotPassword";

pub(crate) fn tables(stack: &Stack) -> Client {
    Client::new(&stack.sdk_config(Stack::admin()))
}

/// All items of a table, by sort key or partition key.
pub(crate) async fn items(stack: &Stack, table: &str) -> Vec<HashMap<String, AttributeValue>> {
    let scan = tables(stack).scan().table_name(stack.physical_name(table));
    let pages = scan.into_paginator().items().send();
    let mut items = pages.try_collect().await.unwrap();
    items.sort_by_key(|item| text(item, "sk"));
    items
}

pub(crate) fn text(item: &HashMap<String, AttributeValue>, name: &str) -> String {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}

async fn sort_keys(stack: &Stack) -> Vec<String> {
    items(stack, "DirectoryTable")
        .await
        .iter()
        .map(|item| text(item, "sk"))
        .collect()
}

fn sub(name: &str) -> String {
    let event: Value = serde_json::from_str(&event_text(name)).unwrap();
    event["request"]["userAttributes"]["sub"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_user_has_a_profile_and_an_event() {
    let stack = stack().await;
    let sent = event_text(CONFIRM);
    assert_eq!(
        answer(&invoke(&stack, FUNCTION, &sent).await),
        sent.trim_end()
    );
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    let items = items(&stack, "DirectoryTable").await;
    let [claim, event, profile] = items.as_slice() else {
        unreachable!("three items, not {}", items.len());
    };
    assert_eq!(text(claim, "sub"), sub(CONFIRM));
    assert!(text(claim, "pk").starts_with("EMAIL#us-east-1_Poolkeepr#"));
    assert!(!text(claim, "pk").contains("ada"));
    let pk = format!("USER#us-east-1_Poolkeepr#{}", sub(CONFIRM));
    assert_eq!(
        (text(event, "pk"), text(event, "sk")),
        (pk.clone(), "EVENT#user-confirmed".to_owned())
    );
    assert_eq!(text(event, "type"), "user.confirmed");
    assert!(!event.contains_key("attributes") && !event.contains_key("user_name"));
    assert_eq!(
        (text(profile, "pk"), text(profile, "sk")),
        (pk, "PROFILE".to_owned())
    );
    let kept = profile["attributes"].as_m().unwrap();
    assert!(
        kept.contains_key("email") && !kept.contains_key("sub"),
        "{:?}",
        kept.keys()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_eight_times_at_once_has_the_effect_of_one() {
    let stack = stack().await;
    let sent = event_text(CONFIRM);
    let deliveries = (0..8).map(|_| invoke(&stack, FUNCTION, &sent));
    for invocation in futures_util::future::join_all(deliveries).await {
        answer(&invocation);
    }
    assert_eq!(sort_keys(&stack).await, CONFIRMED);
    let log = log_text(&stack);
    assert_eq!(log.matches("recorded-now").count(), 1);
    assert_eq!(log.matches("recorded-before").count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset_is_one_event_within_its_window_and_another_after_it() {
    let stack = stack().await;
    let sent = event_text(RESET);
    for _ in 0..3 {
        answer(&invoke(&stack, FUNCTION, &sent).await);
    }
    let resets = |keys: Vec<String>| {
        keys.iter()
            .filter(|key| key.contains("password-reset"))
            .count()
    };
    assert_eq!(resets(sort_keys(&stack).await), 1);

    // The window passes: DynamoDB deletes the mark late, so it is still there, expired.
    let mark = items(&stack, "EphemeralTable").await.remove(0);
    let past = mark["expires_at"].as_n().unwrap().parse::<i64>().unwrap() - 3600;
    tables(&stack)
        .update_item()
        .table_name(stack.physical_name("EphemeralTable"))
        .key("pk", mark["pk"].clone())
        .update_expression("SET expires_at = :past")
        .expression_attribute_values(":past", AttributeValue::N(past.to_string()))
        .send()
        .await
        .unwrap();
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    assert_eq!(resets(sort_keys(&stack).await), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_of_an_earlier_reset_does_not_hide_a_later_one() {
    let stack = stack().await;
    let sent = event_text(RESET);
    answer(&invoke(&stack, FUNCTION, &sent).await);
    // The window passes within the very second: the event is named by more than that.
    let table = stack.physical_name("EphemeralTable");
    let mark = items(&stack, "EphemeralTable").await.remove(0);
    let delete = tables(&stack).delete_item().table_name(table);
    delete.key("pk", mark["pk"].clone()).send().await.unwrap();
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    let keys = sort_keys(&stack).await;
    let resets = keys.iter().filter(|key| key.contains("password-reset"));
    assert_eq!(resets.count(), 2, "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_comes_when_the_outbox_is_empty_again_changes_nothing() {
    let stack = stack().await;
    let sent = event_text(CONFIRM);
    answer(&invoke(&stack, FUNCTION, &sent).await);
    let mut found = items(&stack, "DirectoryTable").await;
    found.retain(|item| text(item, "sk").starts_with("EVENT#"));
    let event = found.remove(0);
    let table = stack.physical_name("DirectoryTable");
    let delete = tables(&stack).delete_item().table_name(table);
    let delete = delete
        .key("pk", event["pk"].clone())
        .key("sk", event["sk"].clone());
    delete.send().await.unwrap();
    let before = items(&stack, "DirectoryTable").await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-before");
    assert_eq!(items(&stack, "DirectoryTable").await, before);
}

/// DynamoDB's answer to a transaction that was cancelled for these reasons.
fn cancelled(codes: [&str; 2]) -> Behaviour {
    let reasons = codes.map(|code| json!({"Code": code}));
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled",
        "CancellationReasons": reasons,
    });
    http("400 Bad Request", &body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_met_another_is_tried_again() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
    let conflict = || cancelled(["TransactionConflict", "None"]);
    table.once([conflict(), conflict()]);
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    answer(&invoke(&stack, FUNCTION, &event_text(CONFIRM)).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    assert_eq!(sort_keys(&stack).await, CONFIRMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_there_whatever_else_the_transaction_met() {
    let found = cancelled(["ConditionalCheckFailed", "TransactionConflict"]);
    let table = Faulty::start(found).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
    answer(&invoke(&stack, FUNCTION, &event_text(CONFIRM)).await);
    // The claim hears the same, and that is no answer to it.
    assert_eq!(last_decision(&stack), "deferred claim-deferred");
    // The third request asks for healing.
    assert_eq!(table.requests(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_comes_by_a_password_reset_first_gets_a_profile() {
    let stack = stack().await;
    answer(&invoke(&stack, FUNCTION, &event_text(RESET)).await);
    let keys = sort_keys(&stack).await;
    assert!(
        keys.contains(&"PROFILE".to_owned()) && keys.len() == 4,
        "{keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_table_does_the_user_goes_on_and_the_event_is_deferred() {
    let throttled =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"canary"}"#;
    for behaviour in [
        Behaviour::Hang,
        Behaviour::Stall("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned()),
        Behaviour::Close,
        http("500 Internal Server Error", "canary"),
        http("400 Bad Request", throttled),
        http("200 OK", "canary, no JSON"),
        // The SDK would read this as a transaction that was written.
        http("200 OK", ""),
        Behaviour::Answer("canary, no HTTP\r\n\r\n".to_owned()),
    ] {
        let table = Faulty::start(behaviour.clone()).await;
        let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
        let sent = event_text(CONFIRM);
        let answered = invoke(&stack, FUNCTION, &sent).await;
        // Cognito gives up after 5 s; what is left is for the way there and back.
        assert!(
            answered.duration < Duration::from_millis(4500),
            "{behaviour:?}: {:?}",
            answered.duration
        );
        assert_eq!(answer(&answered), sent.trim_end(), "{behaviour:?}");
        assert!(
            last_decision(&stack).starts_with("deferred "),
            "{behaviour:?}"
        );
        assert!(!log_text(&stack).contains("canary"), "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_choice_a_failure_is_shown_to_the_user() {
    let table = Faulty::start(Behaviour::Close).await;
    let mut options = options();
    options.policy =
        crate::common::bent_policy("# on_failure = \"confirm\"", "on_failure = \"fail\"");
    options.environment = crate::common::environment(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]);
    let stack = local::start(&options).await.unwrap();
    for (sent, expected) in [
        (CONFIRM, "your account is confirmed but"),
        (RESET, "your password is changed but"),
    ] {
        let message = error_message(&invoke(&stack, FUNCTION, &event_text(sent)).await);
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(last_decision(&stack), "failed dependency-failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_rules_or_wiring_do_not_stop_it_but_every_event_is_deferred() {
    let policy = stack_under("# on_failure = \"confirm\"", "on_failure = \"maybe\"").await;
    let wiring = stack_with(FUNCTION, &[("DIRECTORY_TABLE", "")]).await;
    for (stack, cause) in [
        (policy, "on_failure: expected `confirm` or `fail`"),
        (wiring, "DIRECTORY_TABLE is not set"),
    ] {
        let sent = event_text(CONFIRM);
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent.trim_end()
        );
        assert_eq!(last_decision(&stack), "deferred dependency-failed");
        assert!(log_text(&stack).contains(cause), "{cause}");
        // The queue is known all the same: nobody waits for a whole pass over the pool.
        let url = stack.physical_name("DeferredQueue");
        let bodies = stack.sqs.bodies(url.rsplit('/').next().unwrap());
        assert_eq!(bodies.len(), 1, "{cause}");
        let event: Value = serde_json::from_str(&sent).unwrap();
        assert!(bodies[0].contains(event["userName"].as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_loses_nothing_the_retry_records_it() {
    let mut table = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
    let sent = event_text(CONFIRM);
    let crashed = invoke(&stack, FUNCTION, &sent);
    let kill = async {
        table.asked().await;
        stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    };
    let (crashed, ()) = tokio::join!(crashed, kill);
    assert!(error_message(&crashed).contains("Runtime exited"));
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(sort_keys(&stack).await, CONFIRMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_a_sub_is_deferred_and_named() {
    let stack = stack().await;
    let sent = event(CONFIRM, |event| {
        event["request"]["userAttributes"] = json!({})
    });
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "deferred malformed-event");
    assert!(log_text(&stack).contains("event.request.userAttributes.sub"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_source_passes_through_untouched() {
    let stack = stack().await;
    let sent = r#"{"triggerSource":"PostConfirmation_FromTheFuture","response":{}}"#;
    assert_eq!(answer(&invoke(&stack, FUNCTION, sent).await), sent);
    assert_eq!(
        last_decision(&stack),
        "passed_through unknown-trigger-source"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_longer_than_a_pool_holds_is_not_kept() {
    let stack = stack().await;
    let sent = event(CONFIRM, |event| {
        event["request"]["userAttributes"]["name"] = json!("x".repeat(500_000));
    });
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    let items = items(&stack, "DirectoryTable").await;
    let profile = items
        .iter()
        .find(|item| text(item, "sk") == "PROFILE")
        .unwrap();
    let kept = profile["attributes"].as_m().unwrap();
    assert!(kept.contains_key("email") && !kept.contains_key("name"));
}
