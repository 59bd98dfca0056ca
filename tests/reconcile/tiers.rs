//! Tier changes: the newest event wins, whatever comes twice, late or at the same time.

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::{Polled, RuleError, Stack};
use serde_json::{Value, json};
use shared::state::{DirectoryKey, key_item};

use super::{FUNCTION, POOL, administrator_makes, completed, pool, run};
use crate::{
    common::{
        answer, audit_lines, bent_policy, environment, error_message, event,
        faulty::{Behaviour, Faulty},
        invoke, last_decision, options,
        signed::bent_template,
    },
    post_confirmation::{items, tables, text},
};

const TIERS: &str = "tiers = { gold = \"gold-members\", silver = \"silver-members\" }";

/// A stack with tiers and their groups, and somebody who is recorded.
async fn stack_with(variable: Option<(&str, &str)>) -> (Stack, String) {
    stack_of(TIERS, &["gold-members", "silver-members"], variable).await
}

/// The same under other rules.
async fn stack_of(tiers: &str, groups: &[&str], variable: Option<(&str, &str)>) -> (Stack, String) {
    let mut options = options();
    let redeem = "# redeem_invitations = false";
    options.policy = bent_policy(redeem, tiers);
    if let Some(variable) = variable {
        options.environment = environment(FUNCTION, &[variable]);
    }
    let stack = local::start(&options).await.unwrap();
    for group in groups {
        let group = pool(&stack)
            .create_group()
            .user_pool_id(POOL)
            .group_name(*group);
        group.send().await.unwrap();
    }
    let sub = administrator_makes(&stack, "ada@example.com", "true").await;
    (stack, sub)
}

fn change(sub: &str, tier: Option<&str>, sequence: i64) -> String {
    event("reconcile.tier", |event| {
        event["detail"] = json!({"sub": sub, "tier": tier, "sequence": sequence});
    })
}

/// The reason of the answer.
async fn told(stack: &Stack, event: &str) -> String {
    let answer: Value =
        serde_json::from_str(&answer(&invoke(stack, FUNCTION, event).await)).unwrap();
    answer["reason"].as_str().unwrap().to_owned()
}

async fn groups(stack: &Stack, sub: &str) -> Vec<String> {
    let groups = pool(stack)
        .admin_list_groups_for_user()
        .user_pool_id(POOL)
        .username(sub);
    let groups = groups.send().await.unwrap().groups.unwrap_or_default();
    groups
        .into_iter()
        .filter_map(|group| group.group_name)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_event_wins_whatever_comes_late_or_twice() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    for (tier, sequence, reason, expected) in [
        (Some("gold"), 5, "tier-changed", vec!["gold-members"]),
        (Some("silver"), 4, "tier-stale", vec!["gold-members"]),
        (Some("gold"), 5, "tier-changed", vec!["gold-members"]),
        (Some("silver"), 6, "tier-changed", vec!["silver-members"]),
        (None, 9, "tier-changed", vec![]),
        (Some("gold"), 8, "tier-stale", vec![]),
    ] {
        assert_eq!(
            told(&stack, &change(&sub, tier, sequence)).await,
            reason,
            "{sequence}"
        );
        assert_eq!(groups(&stack, &sub).await, expected, "{sequence}");
    }
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_at_the_same_time_leave_the_groups_of_the_newest() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    for round in 0..5 {
        let events: Vec<String> = (1..=8)
            .map(|number| {
                let tier = if number % 2 == 0 { "gold" } else { "silver" };
                change(&sub, Some(tier), 10 * round + number)
            })
            .collect();
        let sent = events.iter().map(|event| invoke(&stack, FUNCTION, event));
        futures_util::future::join_all(sent).await;
        assert_eq!(groups(&stack, &sub).await, ["gold-members"], "{round}");
    }
    let profile = items(&stack, "DirectoryTable").await;
    let profile = profile
        .iter()
        .find(|item| text(item, "sk") == "PROFILE")
        .unwrap();
    assert!(!profile.contains_key("pending_tier"));
}

/// A newer event is recorded, and perhaps followed, while the groups follow an older one.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_touched_the_groups_looks_again() {
    // The calls are paced, five a second: ten tiers take two seconds.
    let names: Vec<String> = (0..10).map(|number| format!("tier{number}")).collect();
    let rules: Vec<String> = names
        .iter()
        .map(|name| format!("{name} = \"{name}\""))
        .collect();
    let rules = format!("tiers = {{ {} }}", rules.join(", "));
    let groups_of: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut cognito = Faulty::start(Behaviour::Close).await;
    let variable = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
    let url = cognito.url.clone();
    let (stack, sub) = stack_of(&rules, &groups_of, Some((variable, &url))).await;
    cognito.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    run(&stack).await;
    let asked = cognito.requests() + 1;
    let sent = change(&sub, Some("tier0"), 1);
    let following = invoke(&stack, FUNCTION, &sent);
    let meanwhile = async {
        cognito.asked_times(asked).await;
        let update = tables(&stack)
            .update_item()
            .table_name(stack.physical_name("DirectoryTable"))
            .set_key(Some(key_item(&DirectoryKey::profile(POOL, &sub))))
            .update_expression("SET tier = :tier, tier_sequence = :sequence")
            .expression_attribute_values(":tier", AttributeValue::S("tier1".to_owned()))
            .expression_attribute_values(":sequence", AttributeValue::N("2".to_owned()));
        update.send().await.unwrap();
    };
    let (followed, ()) = tokio::join!(following, meanwhile);
    answer(&followed);
    assert_eq!(groups(&stack, &sub).await, ["tier1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_followed_is_pending_and_done_by_the_next_pass() {
    let cognito = Faulty::start(Behaviour::Close).await;
    let through = (
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
        cognito.url.as_str(),
    );
    let (stack, sub) = stack_with(Some(through)).await;
    let early = invoke(&stack, FUNCTION, &change(&sub, Some("gold"), 1)).await;
    assert_eq!(error_message(&early), "no-profile");
    cognito.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    run(&stack).await;
    cognito.behave(Behaviour::Close);
    let failed = invoke(&stack, FUNCTION, &change(&sub, Some("gold"), 1)).await;
    assert_eq!(error_message(&failed), "dependency-failed");
    assert!(groups(&stack, &sub).await.is_empty());
    cognito.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    assert_eq!(
        run(&stack).await,
        completed(json!({"listed": 1, "tiered": 1}))
    );
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_that_the_policy_does_not_name_changes_nothing() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    let unknown = invoke(&stack, FUNCTION, &change(&sub, Some("admins"), 1)).await;
    assert_eq!(error_message(&unknown), "tier-unknown");
    assert_eq!(last_decision(&stack), "failed tier-unknown");
    assert!(groups(&stack, &sub).await.is_empty());
}

/// The event, on the bus: whether the queue has it.
fn sent(stack: &Stack, event: &str) -> bool {
    stack
        .deliver("TierRule", &serde_json::from_str(event).unwrap())
        .unwrap()
}

/// What Lambda hands over next, the time being up for which earlier failures are hidden.
async fn polled(stack: &Stack) -> Polled {
    stack.sqs.show(&name(stack, "TierQueue"));
    stack.poll(FUNCTION).await.unwrap()
}

fn name(stack: &Stack, queue: &str) -> String {
    let url = stack.physical_name(queue);
    url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_the_bus_waits_in_a_queue_until_the_user_is_recorded() {
    let (stack, sub) = stack_with(None).await;
    let other = event("reconcile.tier", |event| {
        event["detail-type"] = json!("Other")
    });
    assert!(!sent(&stack, &other));
    assert!(sent(&stack, &change(&sub, Some("gold"), 1)));
    for _ in 0..3 {
        assert_eq!(polled(&stack).await, Polled::Failed);
        assert_eq!(last_decision(&stack), "failed no-profile");
    }
    run(&stack).await;
    assert_eq!(polled(&stack).await, Polled::Done);
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
    assert_eq!(polled(&stack).await, Polled::Nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_ten_times_is_kept_and_holds_up_no_other() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    let half = event("reconcile.tier", |event| {
        event["detail"] = json!({"sub": sub})
    });
    let unknown = change(&sub, Some("admins"), 2);
    for asked in [&unknown, &half, &change(&sub, Some("gold"), 1)] {
        assert!(sent(&stack, asked));
    }
    let mut polls = Vec::new();
    while polls.last() != Some(&Polled::Nothing) {
        polls.push(polled(&stack).await);
    }
    let of = |what| polls.iter().filter(|poll| **poll == what).count();
    assert_eq!((of(Polled::Failed), of(Polled::Done)), (20, 1));
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
    let lines = audit_lines(&stack);
    for reason in ["tier-unknown", "malformed-event"] {
        let told = lines.iter().filter(|line| line["reason"] == reason);
        assert_eq!(told.count(), 10, "{reason}");
    }
    let kept = stack.sqs.bodies(&name(&stack, "TierDeadLetterQueue"));
    let kept: Vec<Value> = kept
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    for asked in [unknown, half] {
        assert!(
            kept.contains(&serde_json::from_str(&asked).unwrap()),
            "{kept:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_filled_by_its_policy_and_polled_by_the_grant_of_the_role() {
    let event = serde_json::from_str(&change("nobody", None, 1)).unwrap();
    let policy = "            Action: sqs:SendMessage\n            Resource: !GetAtt TierQueue.Arn";
    let grant =
        "                  - sqs:ReceiveMessage\n                Resource: !GetAtt TierQueue.Arn";
    for bent in [policy, grant] {
        let mut options = options();
        options.template = bent_template(bent, &bent.replace("TierQueue", "DeferredQueue"));
        let stack = local::start(&options).await.unwrap();
        let put = stack.deliver("TierRule", &event);
        if bent == policy {
            assert!(matches!(put, Err(RuleError::NotPermitted(_))), "{put:?}");
        } else {
            let polled = stack.poll(FUNCTION).await;
            assert!(
                matches!(polled, Err(RuleError::MayNotPoll(_))),
                "{polled:?}"
            );
        }
    }
}

/// It had read the groups' state, failed after a newer event was done, and is delivered again.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_touched_the_groups_last_and_failed_lets_them_follow_the_newest() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    assert_eq!(told(&stack, &change(&sub, None, 2)).await, "tier-changed");
    let late = pool(&stack)
        .admin_add_user_to_group()
        .user_pool_id(POOL)
        .username(&sub)
        .group_name("gold-members");
    late.send().await.unwrap();
    assert_eq!(
        told(&stack, &change(&sub, Some("gold"), 1)).await,
        "tier-stale"
    );
    assert!(groups(&stack, &sub).await.is_empty());
    assert_eq!(run(&stack).await, completed(json!({"listed": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_whose_group_is_missing_keeps_nobody_from_another() {
    let tiers = "tiers = { bronze = \"bronze-members\", gold = \"gold-members\" }";
    let (stack, sub) = stack_of(tiers, &["gold-members"], None).await;
    run(&stack).await;
    let paid = change(&sub, Some("gold"), 1);
    assert_eq!(told(&stack, &paid).await, "tier-changed");
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
    let less = invoke(&stack, FUNCTION, &change(&sub, Some("bronze"), 2)).await;
    assert_eq!(error_message(&less), "dependency-failed");
    assert!(groups(&stack, &sub).await.is_empty());
}
