//! Groups and invitations: earned once, whatever fails, crashes or comes again.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::Stack;
use futures_util::StreamExt;
use serde_json::{Value, json};
use shared::{
    invitation::address_digest,
    state::{DirectoryKey, EphemeralKey, Item, key_item, number, text as text_attribute},
};

use super::{CONFIRM, FUNCTION, items, tables, text};
use crate::{
    common::{
        answer, environment, event,
        faulty::{Behaviour, Faulty, http},
        invoke, last_decision, options, policy_file, tree,
    },
    reconcile::{self, POOL, administrator_makes, pool},
};

const EMAIL: &str = "ada@example.com";

/// Of `members`, which the template makes, by address; of `editors` by invitation.
fn policy(groups: &str) -> std::path::PathBuf {
    let shipped = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let rules =
        format!("redeem_invitations = true\ninvited_groups = [\"editors\"]\ngroups = [{groups}]");
    policy_file(&shipped.replace("# redeem_invitations = false", &rules))
}

const MEMBERS: &str = r#"{ group = "members", email_domains = ["example.com"] }"#;

/// A stack under these rules, whose post-confirmation reaches AWS through `variable`.
async fn stack_with(groups: &str, variable: Option<(&str, &str)>) -> Stack {
    let mut options = options();
    options.policy = policy(groups);
    if let Some(variable) = variable {
        options.environment = environment(FUNCTION, &[variable]);
    }
    let stack = local::start(&options).await.unwrap();
    let group = pool(&stack)
        .create_group()
        .user_pool_id(POOL)
        .group_name("editors");
    group.send().await.unwrap();
    stack
}

/// Somebody in the pool, and the event of their confirmation.
async fn confirmed(stack: &Stack, email: &str) -> (String, String) {
    let sub = administrator_makes(stack, email, "true").await;
    let sent = event(CONFIRM, |event| {
        event["userName"] = json!(sub);
        event["request"]["userAttributes"] =
            json!({"sub": sub, "email": email, "email_verified": "true"});
    });
    (sub, sent)
}

/// The groups of a user, sorted.
pub(crate) async fn groups(stack: &Stack, sub: &str) -> Vec<String> {
    let groups = pool(stack)
        .admin_list_groups_for_user()
        .user_pool_id(POOL)
        .username(sub);
    let groups = groups
        .send()
        .await
        .unwrap()
        .groups
        .unwrap_or_default()
        .into_iter();
    let mut groups: Vec<String> = groups.filter_map(|group| group.group_name).collect();
    groups.sort();
    groups
}

async fn put(stack: &Stack, table: &str, item: Item) {
    let put = tables(stack)
        .put_item()
        .table_name(stack.physical_name(table));
    put.set_item(Some(item)).send().await.unwrap();
}

/// An invitation that the sign-up of `sub` with `email` holds, as pre-sign-up leaves it.
pub(crate) async fn invite(stack: &Stack, sub: &str, email: &str) -> DirectoryKey {
    let key = DirectoryKey::invitation("code");
    let mut item = key_item(&key);
    let groups = AttributeValue::Ss(vec!["editors".to_owned(), "admins".to_owned()]);
    item.extend([
        number("expires_at", i64::MAX / 2),
        text_attribute("reserved_for", address_digest(email)),
        ("groups".to_owned(), groups),
    ]);
    put(stack, "DirectoryTable", item).await;
    let mark = Item::from([
        text_attribute(
            "pk",
            EphemeralKey::reserved("invitation", &[POOL, sub, "anybody"]).0,
        ),
        text_attribute("invitation", key.pk.as_str()),
        text_attribute("address", address_digest(email)),
    ]);
    put(stack, "EphemeralTable", mark).await;
    key
}

pub(crate) fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => json!(text),
        AttributeValue::Bool(value) => json!(value),
        AttributeValue::Ss(texts) => {
            let mut texts = texts.clone();
            texts.sort();
            json!(texts)
        }
        AttributeValue::M(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)));
            json!(members.collect::<BTreeMap<_, _>>())
        }
        other => json!(format!("{other:?}")),
    }
}

/// Everything that is recorded, without times, who told of it and where reconcile is.
async fn state(stack: &Stack, sub: &str) -> (Vec<Value>, Vec<String>) {
    let told = [
        "source",
        "client_id",
        "confirmed_by",
        "sub",
        "pk",
        "user_name",
    ];
    let mut recorded = Vec::new();
    for item in items(stack, "DirectoryTable").await {
        if text(&item, "sk") == "RECONCILE" {
            continue;
        }
        let members = item.iter().filter(|(name, _)| !name.ends_with("_at"));
        let members = members.filter(|(name, _)| !told.contains(&name.as_str()));
        let mut members: BTreeMap<String, Value> = members
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect();
        if members.contains_key("redeemed_by") {
            assert_eq!(text(&item, "redeemed_by"), sub);
            members.insert("redeemed_by".to_owned(), json!("the user"));
        }
        recorded.push(json!(members));
    }
    recorded.push(json!(items(stack, "EphemeralTable").await.len()));
    (recorded, groups(stack, sub).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_joined_once_and_whom_an_administrator_takes_out_stays_out() {
    let stack = stack_with(MEMBERS, None).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    assert_eq!(groups(&stack, &sub).await, ["members"]);
    let out = pool(&stack)
        .admin_remove_user_from_group()
        .user_pool_id(POOL);
    out.username(&sub)
        .group_name("members")
        .send()
        .await
        .unwrap();
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-before");
    reconcile::run(&stack).await;
    assert!(groups(&stack, &sub).await.is_empty());
    let (elsewhere, sent) = confirmed(&stack, "bob@elsewhere.example").await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert!(groups(&stack, &elsewhere).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_redeemed_once_and_gives_the_groups_that_the_policy_lists() {
    let stack = stack_with(MEMBERS, None).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    let key = invite(&stack, &sub, EMAIL).await;
    let twenty = (0..20).map(|_| invoke(&stack, FUNCTION, &sent));
    let answers: Vec<_> = futures_util::stream::iter(twenty)
        .buffer_unordered(8)
        .collect()
        .await;
    answers
        .iter()
        .for_each(|invocation| drop(answer(invocation)));
    assert_eq!(groups(&stack, &sub).await, ["editors", "members"]);
    let all = items(&stack, "DirectoryTable").await;
    assert_eq!(all.len(), 4, "{all:?}");
    let invitation = all.iter().find(|item| text(item, "pk") == key.pk).unwrap();
    assert_eq!(text(invitation, "redeemed_by"), sub);
    let profile = all.iter().find(|item| text(item, "sk") == "PROFILE");
    let profile = profile.unwrap();
    assert!(
        !profile.keys().any(|name| name.starts_with("pending")),
        "{profile:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_of_somebody_else_gives_nothing_and_costs_nothing() {
    let stack = stack_with(MEMBERS, None).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    let key = invite(&stack, &sub, EMAIL).await;
    let mut taken = key_item(&key);
    taken.extend([text_attribute("redeemed_by", "other")]);
    put(&stack, "DirectoryTable", taken).await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded invitation-lost");
    assert_eq!(groups(&stack, &sub).await, ["members"]);
    let lines = crate::common::audit_lines(&stack);
    assert_eq!(lines.last().unwrap()["items"]["invitation"], "lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loser_of_a_mailbox_joins_nothing() {
    let stack = stack_with(MEMBERS, None).await;
    let (_, first) = confirmed(&stack, EMAIL).await;
    answer(&invoke(&stack, FUNCTION, &first).await);
    let sub = administrator_makes(&stack, "eve@example.com", "true").await;
    let sent = event(CONFIRM, |event| {
        event["userName"] = json!(sub);
        event["request"]["userAttributes"] =
            json!({"sub": sub, "email": "ADA@example.com", "email_verified": "true"});
    });
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded mailbox-taken");
    assert!(groups(&stack, &sub).await.is_empty());
    let items = items(&stack, "DirectoryTable").await;
    assert!(
        items
            .iter()
            .all(|item| !item.contains_key("pending_groups"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loser_of_a_mailbox_whom_reconcile_records_joins_nothing() {
    let stack = stack_with(MEMBERS, None).await;
    let mut claim = key_item(&DirectoryKey::email_claim(POOL, EMAIL));
    claim.extend([text_attribute("sub", "another")]);
    put(&stack, "DirectoryTable", claim).await;
    let (sub, _) = confirmed(&stack, EMAIL).await;
    let lost = json!({"listed": 1, "created": 1, "mailbox_taken": 1});
    assert_eq!(reconcile::run(&stack).await["counts"], lost);
    assert!(groups(&stack, &sub).await.is_empty());
    let items = items(&stack, "DirectoryTable").await;
    let pending = items.iter().any(|item| item.contains_key("pending_groups"));
    assert!(!pending, "{items:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_missing_or_throttled_defers_and_reconcile_lets_the_user_join() {
    let rule = r#"{ group = "later", email_domains = ["example.com"] }"#;
    let stack = stack_with(rule, None).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "deferred enrolment-deferred");
    let deferred = reconcile::run(&stack).await;
    assert_eq!(deferred["counts"]["enrolment_deferred"], 2, "{deferred}");
    let group = pool(&stack)
        .create_group()
        .user_pool_id(POOL)
        .group_name("later");
    group.send().await.unwrap();
    assert_eq!(
        reconcile::run(&stack).await["counts"],
        json!({"listed": 1, "joined": 1})
    );
    assert_eq!(groups(&stack, &sub).await, ["later"]);

    let throttled = r#"{"__type":"TooManyRequestsException","message":"canary"}"#;
    let cognito = Faulty::start(http("400 Bad Request", throttled)).await;
    let through = (
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
        cognito.url.as_str(),
    );
    let stack = stack_with(MEMBERS, Some(through)).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "deferred enrolment-deferred");
    assert_eq!(reconcile::run(&stack).await["counts"]["joined"], 1);
    assert_eq!(groups(&stack, &sub).await, ["members"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_missing_keeps_nobody_from_the_others() {
    let absent = r#"{ group = "absent", email_domains = ["example.com"] }"#;
    let stack = stack_with(&format!("{absent}, {MEMBERS}"), None).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "deferred enrolment-deferred");
    assert_eq!(groups(&stack, &sub).await, ["members"]);
    let items = items(&stack, "DirectoryTable").await;
    let pending: Vec<Value> = items
        .iter()
        .filter_map(|item| item.get("pending_groups").map(plain))
        .collect();
    assert_eq!(pending, [json!(["absent"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_user_is_in_the_queue_by_pool_and_name_alone_and_healed_from_there() {
    let table = Faulty::start(Behaviour::Close).await;
    let through = ("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str());
    let stack = stack_with(MEMBERS, Some(through)).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "deferred dependency-failed");
    let url = stack.physical_name("DeferredQueue");
    let queue = url.rsplit('/').next().unwrap();
    let bodies = stack.sqs.bodies(queue);
    let body: Value = serde_json::from_str(&bodies[0]).unwrap();
    let client_id = "1example23456789poolkeeper";
    let expected =
        json!({"version": 1, "user_pool_id": POOL, "user_name": sub, "client_id": client_id});
    assert_eq!((bodies.len(), &body), (1, &expected));
    let healed = json!({"listed": 1, "drained": 1, "created": 1, "claimed": 1, "joined": 1});
    assert_eq!(reconcile::run(&stack).await["counts"], healed);
    assert!(stack.sqs.bodies(queue).is_empty());
}

/// Of a run that nothing befalls: what it leaves, and how many requests it takes.
async fn undisturbed() -> ((Vec<Value>, Vec<String>), usize) {
    let aws = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(MEMBERS, Some(("AWS_ENDPOINT_URL", &aws.url))).await;
    aws.once([(); 64].map(|()| Behaviour::ForwardOne(stack.aws_url.clone())));
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    invite(&stack, &sub, EMAIL).await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "recorded recorded-now");
    (state(&stack, &sub).await, aws.requests())
}

/// The property: wherever the function dies, another delivery or reconcile ends where a run ends that nothing
/// befalls.
#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_crashes_a_retry_or_reconcile_ends_alike() {
    let (expected, requests) = undisturbed().await;
    assert!(
        requests > 8 && expected.1.len() == 2,
        "{requests}: {expected:?}"
    );
    for survived in 0..requests {
        for retried in [true, false] {
            let mut aws = Faulty::start(Behaviour::Hang).await;
            let stack = stack_with(MEMBERS, Some(("AWS_ENDPOINT_URL", &aws.url))).await;
            for _ in 0..survived {
                aws.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
            }
            let (sub, sent) = confirmed(&stack, EMAIL).await;
            invite(&stack, &sub, EMAIL).await;
            let mut dying = std::pin::pin!(invoke(&stack, FUNCTION, &sent));
            tokio::select! {
                ended = &mut dying => unreachable!("it ended after {survived}: {ended:?}"),
                () = aws.asked_times(survived + 1) => {}
            }
            stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
            dying.await;
            if retried {
                aws.behave(Behaviour::Forward(stack.aws_url.clone()));
                answer(&invoke(&stack, FUNCTION, &sent).await);
            } else {
                reconcile::run(&stack).await;
            }
            let case = format!("after {survived} requests, retried: {retried}");
            assert_eq!(state(&stack, &sub).await, expected, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everything_hangs_the_user_goes_on_in_time_and_reconcile_makes_it_good() {
    let (expected, _) = undisturbed().await;
    let aws = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(MEMBERS, Some(("AWS_ENDPOINT_URL", &aws.url))).await;
    let (sub, sent) = confirmed(&stack, EMAIL).await;
    invite(&stack, &sub, EMAIL).await;
    let answered = invoke(&stack, FUNCTION, &sent).await;
    assert!(
        answered.duration < Duration::from_millis(4500),
        "{:?}",
        answered.duration
    );
    assert_eq!(answer(&answered), sent);
    assert_eq!(last_decision(&stack), "deferred dependency-failed");
    reconcile::run(&stack).await;
    assert_eq!(state(&stack, &sub).await, expected);
}
