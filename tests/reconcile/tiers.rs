//! Tier changes: the newest event wins, whatever comes twice, late or at the same time.

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::{Delivery, RuleError, Stack};
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

/// What the bus does with an event.
async fn sent(stack: &Stack, event: &str) -> Delivery {
    let event = serde_json::from_str(event).unwrap();
    stack.deliver("TierRule", &event).await.unwrap()
}

fn kept(stack: &Stack) -> Vec<Value> {
    let url = stack.physical_name("TierDeadLetterQueue");
    let bodies = stack.sqs.bodies(url.rsplit('/').next().unwrap());
    let bodies = bodies
        .iter()
        .map(|body| serde_json::from_str(body).unwrap());
    bodies.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_the_bus_that_fails_three_times_is_kept_with_its_reason() {
    let (stack, sub) = stack_with(None).await;
    run(&stack).await;
    assert_eq!(
        sent(&stack, &change(&sub, Some("gold"), 1)).await,
        Delivery::Done
    );
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
    let other = event("reconcile.tier", |event| {
        event["detail-type"] = json!("Other")
    });
    assert_eq!(sent(&stack, &other).await, Delivery::NotMatched);
    assert!(kept(&stack).is_empty());
    let half = event("reconcile.tier", |event| {
        event["detail"] = json!({"sub": sub})
    });
    for (asked, reason) in [
        (change(&sub, Some("admins"), 2), "tier-unknown"),
        (change("nobody", Some("gold"), 3), "no-profile"),
        (half, "malformed-event"),
    ] {
        let before = audit_lines(&stack).len();
        assert_eq!(sent(&stack, &asked).await, Delivery::Kept, "{reason}");
        let asked: Value = serde_json::from_str(&asked).unwrap();
        let record = kept(&stack).pop().unwrap();
        assert_eq!(record["requestPayload"], asked);
        assert_eq!(record["responsePayload"]["errorMessage"], reason);
        assert_eq!(audit_lines(&stack).len() - before, 3, "{reason}");
    }
    assert_eq!(kept(&stack).len(), 3);
    assert_eq!(groups(&stack, &sub).await, ["gold-members"]);
}

/// Lambda sends by the function's role: without its grant nobody has the event.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_kept_by_the_grant_of_the_role_alone() {
    let grant =
        "Action: sqs:SendMessage\n                Resource: !GetAtt TierDeadLetterQueue.Arn";
    let other = grant.replace("TierDeadLetterQueue", "DeferredQueue");
    let mut options = options();
    options.template = bent_template(grant, &other);
    let stack = local::start(&options).await.unwrap();
    let event = serde_json::from_str(&change("nobody", None, 1)).unwrap();
    let kept_by = stack.deliver("TierRule", &event).await;
    assert!(
        matches!(kept_by, Err(RuleError::MayNotKeep(_))),
        "{kept_by:?}"
    );
    assert!(kept(&stack).is_empty());
}
