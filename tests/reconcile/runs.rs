//! Runs that die, meet each other, or are asked for what there is not.

use serde_json::json;

use super::{FUNCTION, administrator_makes, completed, directory, input, run};
use crate::{
    common::{
        error_message,
        faulty::{Behaviour, Faulty},
        invoke, last_decision, stack, stack_with,
    },
    post_confirmation::{items, text},
};

/// Wherever a run dies, the next one goes on, and nothing is written twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_is_gone_on_with() {
    let mut table = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    for name in ["ada", "bob"] {
        administrator_makes(&stack, &format!("{name}@example.com"), "true").await;
    }
    let mut asked = 0;
    // A pass is 25 requests and more here: the cursor after each of 16 parts, the two users, a page of the table.
    for lives in [0, 1, 2, 4, 6, 8] {
        let forward = || Behaviour::ForwardOne(stack.aws_url.clone());
        for _ in 0..lives {
            table.once([forward()]);
        }
        asked += lives + 1;
        let run = input().to_string();
        let mut dying = std::pin::pin!(invoke(&stack, FUNCTION, &run));
        tokio::select! {
            ended = &mut dying => unreachable!("it ended before request {lives}: {ended:?}"),
            () = table.asked_times(asked) => {}
        }
        stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
        assert!(error_message(&dying.await).contains("Runtime exited"));
        // A request may have been under way beside the one that hung.
        asked = table.requests();
    }
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    run(&stack).await;
    let recorded = [
        "EMAIL CLAIM",
        "EMAIL CLAIM",
        "USER EVENT#user-confirmed",
        "USER EVENT#user-confirmed",
        "USER PROFILE",
        "USER PROFILE",
    ];
    assert_eq!(directory(&stack).await, recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_goes_on_where_it_stopped_and_says_when_it_was_completed() {
    let table = Faulty::start(Behaviour::Close).await;
    let cognito = Faulty::start(Behaviour::Close).await;
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str()),
        (
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
            cognito.url.as_str(),
        ),
    ];
    let stack = stack_with(FUNCTION, &variables).await;
    // The cursor is read and saved once for each part: after five of them the table is gone.
    for _ in 0..6 {
        table.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
    }
    // Each of its own connection, so that they can be counted.
    for _ in 0..40 {
        cognito.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
    }
    let failed = invoke(&stack, FUNCTION, &input().to_string()).await;
    assert_eq!(error_message(&failed), "dependency-failed");
    let cursor = items(&stack, "DirectoryTable").await.remove(0);
    assert_eq!(
        (text(&cursor, "sk"), text(&cursor, "prefix")),
        ("RECONCILE".to_owned(), "5".to_owned())
    );
    assert!(!cursor.contains_key("completed_at"));
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    let before = cognito.requests();
    assert_eq!(run(&stack).await, completed(json!({})));
    // The parts 5 to f are listed, and those before not again.
    assert_eq!(cognito.requests() - before, 11);
    let cursor = items(&stack, "DirectoryTable").await.remove(0);
    assert_eq!(text(&cursor, "prefix"), "0");
    assert!(text(&cursor, "completed_at").starts_with("20"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_at_once_one_goes_on_and_nothing_is_done_twice() {
    let stack = stack().await;
    for number in 0..20 {
        administrator_makes(&stack, &format!("user{number}@example.com"), "true").await;
    }
    let run = input().to_string();
    let two = (0..2).map(|_| invoke(&stack, FUNCTION, &run));
    let ended = futures_util::future::join_all(two).await;
    let reasons: Vec<String> = ended.iter().map(crate::common::answer).collect();
    let completed = reasons
        .iter()
        .filter(|answer| answer.contains("pass-completed"));
    assert!(completed.count() >= 1, "{reasons:?}");
    let keys = directory(&stack).await;
    for (key, count) in [
        ("EMAIL CLAIM", 20),
        ("USER EVENT#user-confirmed", 20),
        ("USER PROFILE", 20),
    ] {
        assert_eq!(
            keys.iter().filter(|found| *found == key).count(),
            count,
            "{key}"
        );
    }
    assert_eq!(keys.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_in_other_words_is_refused() {
    let stack = stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    for asked in [r#"{"dry-run":true}"#, r#"{"dry_run":"yes"}"#, "[1]", "null"] {
        let refused = invoke(&stack, FUNCTION, asked).await;
        assert_eq!(error_message(&refused), "malformed-event", "{asked}");
        assert_eq!(last_decision(&stack), "failed malformed-event");
    }
    assert!(directory(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_of_the_template_runs_it() {
    let stack = stack().await;
    let scheduled = stack
        .invoke_schedule("ReconcileFunctionSchedule")
        .await
        .unwrap();
    crate::common::answer(&scheduled);
    assert_eq!(last_decision(&stack), "reconciled pass-completed");
}
