//! reconcile, the real binary over the Lambda Runtime API: the directory agrees with the pool afterwards.

mod changes;
mod crashes;
mod erase;
mod erase_whom;
mod many;
mod memory;
mod runs;
mod sweep;
mod tiers;

use aws_sdk_cognitoidentityprovider::{
    Client,
    types::{AttributeType, MessageActionType},
};
use emulator::stack::Stack;
use serde_json::{Value, json};

use crate::{
    common::{answer, invoke, last_decision},
    post_confirmation::{events::assert_event, items, text},
};

const FUNCTION: &str = "ReconcileFunction";
pub(crate) const POOL: &str = "us-east-1_Poolkeepr";

/// Of the embedded pool as fast as it can, users who were made a moment ago too.
fn input() -> Value {
    json!({"calls_per_second": 10_000, "settle_seconds": 0})
}

pub(crate) fn pool(stack: &Stack) -> Client {
    Client::new(&stack.sdk_config(Stack::admin()))
}

/// A user made by an administrator, whom post-confirmation never sees. Their user name, which is the `sub`.
pub(crate) async fn administrator_makes(stack: &Stack, email: &str, verified: &str) -> String {
    let attribute = |name: &str, value: &str| {
        let attribute = AttributeType::builder().name(name).value(value);
        attribute.build().unwrap()
    };
    let created = pool(stack)
        .admin_create_user()
        .user_pool_id(POOL)
        .username(email)
        .user_attributes(attribute("email", email))
        .user_attributes(attribute("email_verified", verified))
        .message_action(MessageActionType::Suppress)
        .send()
        .await
        .unwrap();
    created.user.unwrap().username.unwrap()
}

/// Runs it with `input` and gives the counts that are not zero, with why it ended.
async fn run_with(stack: &Stack, input: &Value) -> Value {
    let report: Value =
        serde_json::from_str(&answer(&invoke(stack, FUNCTION, &input.to_string()).await)).unwrap();
    let mut counts = report["counts"].as_object().unwrap().clone();
    counts.retain(|_, count| *count != 0);
    assert_eq!(
        last_decision(stack),
        format!("reconciled {}", report["reason"].as_str().unwrap())
    );
    json!({"reason": report["reason"], "counts": counts})
}

pub(crate) async fn run(stack: &Stack) -> Value {
    run_with(stack, &input()).await
}

fn completed(counts: Value) -> Value {
    json!({"reason": "pass-completed", "counts": counts})
}

/// `pk sk` of every item of the directory but reconcile's own and the records of erasures, with each event held to
/// its schema.
async fn directory(stack: &Stack) -> Vec<String> {
    let items = items(stack, "DirectoryTable").await;
    let mut keys: Vec<String> = items
        .iter()
        .filter(|item| {
            let pk = text(item, "pk");
            !pk.starts_with("RECONCILE#") && !pk.starts_with("ERASURE#")
        })
        .map(|item| {
            if text(item, "sk").starts_with("EVENT#") {
                assert_event(item);
            }
            let pk = text(item, "pk");
            let pk = pk.split('#').next().unwrap();
            let sk = text(item, "sk");
            let sk = sk
                .split_once("updated#")
                .map_or(sk.clone(), |(before, _)| format!("{before}updated"));
            format!("{pk} {sk}")
        })
        .collect();
    keys.sort();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_passed_post_confirmation_is_recorded_once() {
    let stack = crate::common::stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    administrator_makes(&stack, "bob@example.com", "false").await;
    let first = run(&stack).await;
    assert_eq!(
        first,
        completed(json!({"listed": 2, "created": 2, "claimed": 1}))
    );
    let recorded = [
        "EMAIL CLAIM",
        "USER EVENT#user-confirmed",
        "USER EVENT#user-confirmed",
        "USER PROFILE",
        "USER PROFILE",
    ];
    assert_eq!(directory(&stack).await, recorded);
    assert_eq!(run(&stack).await, completed(json!({"listed": 2})));
    assert_eq!(directory(&stack).await, recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_there_is_to_do_and_writes_nothing() {
    let stack = crate::common::stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    let mut input = input();
    input["dry_run"] = json!(true);
    let expected = completed(json!({"listed": 1, "created": 1, "claimed": 1}));
    assert_eq!(run_with(&stack, &input).await, expected);
    assert!(items(&stack, "DirectoryTable").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_confirmed_or_changed_a_moment_ago_is_left_alone() {
    let stack = crate::common::stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    let lately = json!({"calls_per_second": 10_000, "settle_seconds": 3600});
    let left = completed(json!({"listed": 1, "left_alone": 1}));
    assert_eq!(run_with(&stack, &lately).await, left);
    let signed_up = pool(&stack)
        .sign_up()
        .client_id(stack.physical_name("UserPoolClient"))
        .username("eve@example.com")
        .password("Correct-Horse-1")
        .user_attributes(
            AttributeType::builder()
                .name("email")
                .value("eve@example.com")
                .build()
                .unwrap(),
        );
    signed_up.send().await.unwrap();
    let unconfirmed = completed(json!({"listed": 2, "left_alone": 1, "created": 1, "claimed": 1}));
    assert_eq!(run(&stack).await, unconfirmed);
}
