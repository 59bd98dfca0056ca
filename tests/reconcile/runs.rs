//! Runs that die, meet each other, or are asked for what there is not.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::types::AttributeType;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
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
    // Nor where both find the same profile that does not follow the pool.
    for item in items(&stack, "DirectoryTable").await {
        if text(&item, "sk") == "PROFILE" {
            let key = DirectoryKey {
                pk: text(&item, "pk"),
                sk: text(&item, "sk"),
            };
            let update = tables(&stack)
                .update_item()
                .table_name(stack.physical_name("DirectoryTable"))
                .set_key(Some(key_item(&key)))
                .update_expression("SET #attributes.email = :before")
                .expression_attribute_names("#attributes", "attributes")
                .expression_attribute_values(":before", AttributeValue::S("before".to_owned()));
            update.send().await.unwrap();
        }
    }
    let two = (0..2).map(|_| invoke(&stack, FUNCTION, &run));
    futures_util::future::join_all(two).await;
    let keys = directory(&stack).await;
    let updated = keys.iter().filter(|key| *key == "USER EVENT#updated");
    assert_eq!(updated.count(), 20, "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_where_a_later_one_has_gone_on() {
    let stack = stack().await;
    // Eight seconds for the parts of the pool.
    let slow = json!({"calls_per_second": 2, "settle_seconds": 0}).to_string();
    let mut first = std::pin::pin!(invoke(&stack, FUNCTION, &slow));
    let begun = async {
        while items(&stack, "DirectoryTable").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        ended = &mut first => unreachable!("it ended before another began: {ended:?}"),
        () = begun => {}
    }
    let fast = input().to_string();
    let (first, second) = tokio::join!(first, invoke(&stack, FUNCTION, &fast));
    assert!(crate::common::answer(&second).contains("pass-completed"));
    assert!(crate::common::answer(&first).contains("overtaken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_records_are_refused_does_not_end_the_pass() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    let sub = "00000000-aaaa-4bbb-8ccc-000000000000".to_owned();
    let user = (sub, "ada@example.com".to_owned());
    stack.user_pool.add_confirmed([user]);
    table.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    // The cursor, what is known of the user, and then the profile.
    let forward = || Behaviour::ForwardOne(stack.aws_url.clone());
    let refusal = http("400 Bad Request", r#"{"__type":"ValidationException"}"#);
    table.once([forward(), forward(), refusal]);
    let counts = json!({"listed": 1, "refused": 1});
    let refused = json!({"reason": "pass-incomplete", "counts": counts});
    assert_eq!(run(&stack).await, refused);
    assert!(directory(&stack).await.is_empty());
    // Nobody may rely on the claims yet.
    let is_complete = || async {
        let cursor = items(&stack, "DirectoryTable").await;
        cursor.iter().any(|item| item.contains_key("completed_at"))
    };
    assert!(!is_complete().await);
    let made_good = completed(json!({"listed": 1, "created": 1, "claimed": 1}));
    assert_eq!(run(&stack).await, made_good);
    assert!(is_complete().await);
}

/// What denies the role a write denies it everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_denied_its_access_fails() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    let sub = "00000000-aaaa-4bbb-8ccc-000000000000".to_owned();
    let user = (sub, "ada@example.com".to_owned());
    stack.user_pool.add_confirmed([user]);
    table.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    let forward = || Behaviour::ForwardOne(stack.aws_url.clone());
    let denial = http(
        "400 Bad Request",
        r#"{"__type":"AccessDeniedException","message":"canary"}"#,
    );
    table.once([forward(), forward(), denial]);
    let failed = invoke(&stack, FUNCTION, &input().to_string()).await;
    assert_eq!(error_message(&failed), "dependency-failed");
    assert_eq!(last_decision(&stack), "failed dependency-failed");
}

/// Whoever waits in the queue is looked at in the pool first: its word counts, and only that of this pool. Who waits
/// for another pool stays in the queue.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_recorded_because_the_queue_says_so() {
    let stack = stack().await;
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    let email = AttributeType::builder()
        .name("email")
        .value("eve@example.com");
    let signed_up = pool(&stack)
        .sign_up()
        .client_id(stack.physical_name("UserPoolClient"))
        .username("eve@example.com")
        .password("Correct-Horse-1")
        .user_attributes(email.build().unwrap());
    let unconfirmed = signed_up.send().await.unwrap().user_sub;
    let queue = aws_sdk_sqs::Client::new(&stack.sdk_config(Stack::admin()));
    for (pool_id, name) in [("us-east-1_Another", &sub), (POOL, &unconfirmed)] {
        let body = json!({"version": 1, "user_pool_id": pool_id, "user_name": name});
        let sent = queue
            .send_message()
            .queue_url(stack.physical_name("DeferredQueue"))
            .message_body(body.to_string());
        sent.send().await.unwrap();
    }
    // The pass itself leaves alone whoever was made a moment ago.
    let lately = json!({"calls_per_second": 10_000, "settle_seconds": 3600});
    let drained = completed(json!({"listed": 2, "left_alone": 2, "drained": 1}));
    assert_eq!(run_with(&stack, &lately).await, drained);
    assert!(directory(&stack).await.is_empty());
    let waiting = queue
        .get_queue_attributes()
        .queue_url(stack.physical_name("DeferredQueue"))
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    let waiting = waiting.send().await.unwrap().attributes.unwrap();
    let hidden = &waiting[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
    assert_eq!(hidden, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_in_other_words_is_refused() {
    let stack = stack().await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    for asked in [
        r#"{"dry-run":true}"#,
        r#"{"dry_run":"yes"}"#,
        r#"{"health":false}"#,
        r#"{"health":true,"dry_run":true}"#,
        "[1]",
        "[]",
        "null",
    ] {
        let refused = invoke(&stack, FUNCTION, asked).await;
        assert_eq!(error_message(&refused), "malformed-event", "{asked}");
        assert_eq!(last_decision(&stack), "failed malformed-event");
    }
    assert!(directory(&stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_its_health_it_asks_nobody_and_does_nothing() {
    let aws = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &aws.url)]).await;
    administrator_makes(&stack, "ada@example.com", "true").await;
    let healthy = invoke(&stack, FUNCTION, r#"{"health":true}"#).await;
    assert!(crate::common::answer(&healthy).contains("healthy"));
    assert_eq!(last_decision(&stack), "answered healthy");
    assert_eq!(aws.requests(), 0);
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
