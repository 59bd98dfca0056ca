//! What a pass remembers of the users whom it has listed, from one run to the next.

use emulator::stack::Stack;
use serde_json::json;

use super::{FUNCTION, completed, directory, input, run};
use crate::{
    common::{
        error_message,
        faulty::{Behaviour, Faulty, http},
        invoke, stack_with,
    },
    post_confirmation::{items, text},
};

/// Pages of the pool: one for each part.
const PARTS: usize = 16;

/// Lets every request through, each on a connection of its own, so that they can be counted.
fn forward_each(cognito: &Faulty, to: &str) {
    for _ in 0..60 {
        cognito.once([Behaviour::ForwardOne(to.to_owned())]);
    }
}

/// The parts of which the pass that was completed last may have forgotten some users, as bits.
async fn forgotten(stack: &Stack) -> String {
    let items = items(stack, "DirectoryTable").await;
    let cursor = items.iter().find(|item| text(item, "sk") == "RECONCILE");
    cursor.unwrap()["forgotten"].as_n().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_whom_the_pass_has_listed_is_asked_about_by_a_later_run() {
    let cognito = Faulty::start(http("400", r#"{"__type":"NotAuthorizedException"}"#)).await;
    let variable = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
    let stack = stack_with(FUNCTION, &[(variable, &cognito.url)]).await;
    let sub = |digit: char| format!("{digit}0000000-aaaa-4bbb-8ccc-000000000000");
    let users = ['0', '3', 'c'].map(|digit| (sub(digit), format!("{digit}@example.com")));
    stack.user_pool.add_confirmed(users);
    for _ in 0..8 {
        cognito.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
    }
    let failed = invoke(&stack, FUNCTION, &input().to_string()).await;
    assert_eq!(error_message(&failed), "dependency-failed");
    forward_each(&cognito, &stack.aws_url);
    let before = cognito.requests();
    let rest = completed(json!({"listed": 1, "created": 1, "claimed": 1}));
    assert_eq!(run(&stack).await, rest);
    assert_eq!(cognito.requests() - before, PARTS - 8);
    assert_eq!(forgotten(&stack).await, "0");
    assert_eq!(directory(&stack).await.len(), 9);
}

/// A run that dies keeps nothing: whom it has listed the next one asks about, and deletes nobody.
#[tokio::test(flavor = "multi_thread")]
async fn whom_a_run_that_died_has_listed_is_asked_about() {
    let cognito = Faulty::start(Behaviour::Close).await;
    let table = Faulty::start(Behaviour::Close).await;
    let variables = [
        (
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
            cognito.url.as_str(),
        ),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str()),
    ];
    let stack = stack_with(FUNCTION, &variables).await;
    let sub = "00000000-aaaa-4bbb-8ccc-000000000000".to_owned();
    stack
        .user_pool
        .add_confirmed([(sub, "ada@example.com".to_owned())]);
    forward_each(&cognito, &stack.aws_url);
    // The cursor, what is known of the user, profile and event, the claim, and the cursor again.
    for _ in 0..5 {
        table.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
    }
    let failed = invoke(&stack, FUNCTION, &input().to_string()).await;
    assert_eq!(error_message(&failed), "dependency-failed");
    let own = items(&stack, "DirectoryTable").await;
    let own = own
        .iter()
        .filter(|item| text(item, "pk").starts_with("RECONCILE#"));
    assert_eq!(own.count(), 1);
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    let before = cognito.requests();
    assert_eq!(run(&stack).await, completed(json!({})));
    // It lists the parts from 1 on, and asks about the user of part 0.
    assert_eq!(cognito.requests() - before, PARTS);
    // The parts 0 and 1: the first was listed, the second is where the pass was.
    assert_eq!(forgotten(&stack).await, "3");
    assert_eq!(directory(&stack).await.len(), 3);
}
