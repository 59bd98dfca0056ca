//! The claim of a mailbox: one holder, whatever races, fails or crashes.

use std::{collections::BTreeSet, time::Duration};

use futures_util::StreamExt;
use serde_json::{Value, json};
use shared::{
    deadline::Deadline,
    record::{Claim, Recorder, User},
};

use super::{CONFIRM, CONFIRMED, FUNCTION, items, sort_keys, tables, text};
use crate::common::{
    answer, event, event_text,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, stack, stack_with,
};

/// The sample event, of another user with the mailbox `email`.
pub(super) fn confirmation(number: usize, email: &str) -> String {
    event(CONFIRM, |event| {
        let sub = format!("11111111-aaaa-4bbb-8ccc-{number:012}");
        event["userName"] = json!(sub);
        event["request"]["userAttributes"]["sub"] = json!(sub);
        event["request"]["userAttributes"]["email"] = json!(email);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_users_with_one_mailbox_the_second_is_flagged_and_told_of() {
    let stack = stack().await;
    answer(&invoke(&stack, FUNCTION, &confirmation(1, "ada@example.com")).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    let second = confirmation(2, "ADA@Example.com");
    for _ in 0..2 {
        assert_eq!(answer(&invoke(&stack, FUNCTION, &second).await), second);
        assert_eq!(last_decision(&stack), "recorded mailbox-taken");
    }
    let items = items(&stack, "DirectoryTable").await;
    let kinds = |kind: &str| {
        items
            .iter()
            .filter(|item| text(item, "type") == kind)
            .count()
    };
    assert_eq!(
        (kinds("user.confirmed"), kinds("user.mailbox_taken")),
        (2, 1)
    );
    let flagged = items.iter().filter(|item| text(item, "mailbox") == "taken");
    let flagged: Vec<String> = flagged.map(|item| text(item, "pk")).collect();
    assert_eq!(flagged.len(), 1, "{flagged:?}");
    assert!(flagged[0].ends_with("000000000002"), "{flagged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_races_for_a_mailbox_exactly_one_holds_it() {
    // As many as the host lets run at once.
    const USERS: usize = 8;
    let stack = stack().await;
    for round in 0..4 {
        let email = format!("race{round}@example.com");
        let race = (0..USERS).map(|user| {
            let sent = confirmation(100 * round + user, &email);
            let stack = &stack;
            async move { answer(&invoke(stack, FUNCTION, &sent).await) }
        });
        futures_util::future::join_all(race).await;
        let items = items(&stack, "DirectoryTable").await;
        let with = |name: &str, value: &str| {
            items
                .iter()
                .filter(|item| text(item, name) == value)
                .count()
        };
        assert_eq!(with("sk", "CLAIM"), round + 1);
        assert_eq!(with("mailbox", "taken"), (round + 1) * (USERS - 1));
        assert_eq!(
            with("type", "user.mailbox_taken"),
            (round + 1) * (USERS - 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_verified_claims_nothing() {
    let stack = stack().await;
    for (name, value) in [
        ("email_verified", json!("false")),
        ("email_verified", Value::Null),
        ("email", json!("ada@@example.com")),
        ("email", Value::Null),
    ] {
        let sent = event(CONFIRM, |event| {
            event["request"]["userAttributes"][name] = value.clone();
        });
        answer(&invoke(&stack, FUNCTION, &sent).await);
        let keys = sort_keys(&stack).await;
        assert_eq!(keys, ["EVENT#user-confirmed", "PROFILE"], "{name} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_profile_and_claim_is_healed_by_the_retry() {
    let mut table = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
    let sent = event_text(CONFIRM);
    // The transaction goes through; the claim hangs, and the environment dies.
    table.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
    let crashed = invoke(&stack, FUNCTION, &sent);
    let kill = async {
        table.asked_times(2).await;
        stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    };
    tokio::join!(crashed, kill);
    assert_eq!(sort_keys(&stack).await, ["EVENT#user-confirmed", "PROFILE"]);
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-before");
    assert_eq!(sort_keys(&stack).await, CONFIRMED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_fails_never_costs_the_profile() {
    for behaviour in [Behaviour::Close, Behaviour::Hang, http("200 OK", "")] {
        let table = Faulty::start(behaviour.clone()).await;
        let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &table.url)]).await;
        table.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
        let sent = event_text(CONFIRM);
        let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(answered, sent.trim_end(), "{behaviour:?}");
        assert_eq!(
            last_decision(&stack),
            "deferred claim-deferred",
            "{behaviour:?}"
        );
        assert_eq!(sort_keys(&stack).await, ["EVENT#user-confirmed", "PROFILE"]);
    }
}

/// Two users a race, straight at the recorder: the binary's own part is tested above.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_races_for_a_mailbox_have_one_winner_each() {
    let stack = stack().await;
    let recorder = Recorder::new(stack.physical_name("DirectoryTable"), tables(&stack));
    let race = |race: usize| {
        let recorder = &recorder;
        async move {
            let contestant = |number: usize| async move {
                let sub = format!("{race}-{number}");
                let user = User {
                    user_pool_id: "us-east-1_Race",
                    sub: &sub,
                    user_name: &sub,
                    client_id: None,
                    source: "race",
                    attributes: Vec::new(),
                    mailbox: None,
                    groups: BTreeSet::new(),
                    redeems: false,
                };
                let deadline = Deadline::after(Duration::from_secs(60));
                let email = format!("{race}@example.com");
                recorder.claim_email(&user, &email, deadline).await.unwrap()
            };
            tokio::join!(contestant(1), contestant(2))
        }
    };
    let races = futures_util::stream::iter((0..1000).map(race)).buffer_unordered(16);
    let winners = races.map(|claims| match claims {
        (Claim::Held, Claim::Taken) | (Claim::Taken, Claim::Held) => 1,
        _ => 0,
    });
    assert_eq!(
        winners.fold(0, |sum, one| async move { sum + one }).await,
        1000
    );
}
