//! reconcile is killed before and after each call of a pass that has every kind of work to do, and runs once more:
//! what is there then is what a pass leaves that nothing befalls, each event once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::Stack;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use shared::state::{DirectoryKey, Item, key_item, number, text as text_attribute};

use super::{FUNCTION, POOL, changes, changes::delete, input, pool, run, run_with};
use crate::{
    common::{
        bent_policy,
        crashing::{Crashing, Side},
        environment, error_message, invoke, options,
    },
    post_confirmation::{
        enrolment::{groups, invite, plain},
        events::assert_event,
        items, tables, text,
    },
};

/// The last part of the pool: a pass that is there has lists of the pool, the sweep and its end before it, and not
/// thirty calls for parts without users.
const PART: &str = "f";

/// Without a profile; her address earns a group, and holds an invitation.
const ADA: &str = "f0000000-aaaa-4bbb-8ccc-00000000000a";
/// Nobody claims his mailbox; he comes from a legacy store.
const BOB: &str = "f0000000-aaaa-4bbb-8ccc-00000000000b";
/// Has a group pending.
const CLEO: &str = "f0000000-aaaa-4bbb-8ccc-00000000000c";
/// Had another address.
const DAN: &str = "f0000000-aaaa-4bbb-8ccc-00000000000d";
/// Has a tier that the groups do not follow.
const EVE: &str = "f0000000-aaaa-4bbb-8ccc-00000000000e";
/// Waits in the queue, without a profile.
const FAY: &str = "f0000000-aaaa-4bbb-8ccc-00000000000f";
/// Is not in the pool any more.
const GUS: &str = "f0000000-aaaa-4bbb-8ccc-0000000000aa";
/// Without a profile; his mailbox is Cleo's.
const HAL: &str = "f0000000-aaaa-4bbb-8ccc-0000000000bb";

/// Everything that can be seen afterwards: items without times and who told of them, groups by user, the queue.
type State = (Vec<Value>, BTreeMap<&'static str, Vec<String>>, Vec<String>);

fn email(sub: &str) -> String {
    let name = match sub {
        ADA => "ada@members.example",
        CLEO => "c.leo@gmail.com",
        HAL => "cleo@gmail.com",
        _ => return format!("{sub}@example.com"),
    };
    name.to_owned()
}

async fn start(proxy: &Crashing, subs: &[&str]) -> Stack {
    let rules = "redeem_invitations = true\ninvited_groups = [\"editors\"]\n\
                 groups = [{ group = \"members\", email_domains = [\"members.example\"] }]\n\
                 tiers = { gold = \"gold-members\", silver = \"silver-members\" }";
    let mut options = options();
    options.policy = bent_policy("# redeem_invitations = false", rules);
    options.environment = environment(FUNCTION, &[("AWS_ENDPOINT_URL", &proxy.url)]);
    let stack = local::start(&options).await.unwrap();
    proxy.before(&stack.aws_url);
    let users = subs.iter().map(|sub| ((*sub).to_owned(), email(sub)));
    stack.user_pool.add_confirmed(users);
    for group in ["editors", "gold-members", "later", "silver-members"] {
        let group = pool(&stack)
            .create_group()
            .user_pool_id(POOL)
            .group_name(group);
        group.send().await.unwrap();
    }
    stack
}

async fn update(stack: &Stack, key: &DirectoryKey, change: &str, values: Item) {
    let update = tables(stack)
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(key_item(key)))
        .update_expression(change)
        .set_expression_attribute_values((!values.is_empty()).then_some(values));
    update.send().await.unwrap();
}

/// The tables of a pool in which there is something of everything to do, at the beginning of its last part.
async fn much_to_do() -> Vec<(&'static str, Item)> {
    let proxy = Crashing::start().await;
    let stack = start(&proxy, &[BOB, CLEO, DAN, EVE, GUS]).await;
    run(&stack).await;
    delete(&stack, GUS).await;
    let profile = |sub| DirectoryKey::profile(POOL, sub);
    let claim = |address: &str| DirectoryKey::email_claim(POOL, address);
    let held = claim(&email(BOB));
    let gone = tables(&stack)
        .delete_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(key_item(&held)));
    gone.send().await.unwrap();
    let later = AttributeValue::Ss(vec!["later".to_owned()]);
    let later = Item::from([(":later".to_owned(), later)]);
    update(&stack, &profile(CLEO), "ADD pending_groups :later", later).await;
    changes::had_the_address(&stack, DAN, "before@example.com").await;
    let moved_away = claim(&email(DAN));
    let delete = tables(&stack)
        .delete_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(key_item(&moved_away)));
    delete.send().await.unwrap();
    let tier = Item::from([
        text_attribute(":tier", "gold"),
        text_attribute(":yes", "yes"),
        number(":sequence", 7),
    ]);
    let change = "SET tier = :tier, tier_sequence = :sequence, pending_tier = :yes";
    update(&stack, &profile(EVE), change, tier).await;
    let offered = [
        ("state", "offered"),
        ("store", "old-users"),
        ("user_name", BOB),
    ];
    changes::put(
        &stack,
        &DirectoryKey::moved(POOL, "old-users", "1"),
        &offered,
    )
    .await;
    changes::held(&stack, "forgotten", 31 * 24 * 3600, None).await;
    invite(&stack, ADA, &email(ADA)).await;
    let cursor = Item::from([
        text_attribute(":stage", "list"),
        text_attribute(":part", PART),
        text_attribute(":pass", "1"),
    ]);
    let change = "SET stage = :stage, prefix = :part, pass = :pass";
    update(&stack, &DirectoryKey::reconcile(POOL), change, cursor).await;
    let mut found = Vec::new();
    for table in ["DirectoryTable", "EphemeralTable"] {
        let items = items(&stack, table).await.into_iter();
        found.extend(items.map(|item| (table, item)));
    }
    found
}

/// A stack of its own with these tables, and the pool and queue beside them.
async fn stack_with(proxy: &Crashing, before: &[(&str, Item)]) -> Stack {
    let stack = start(proxy, &[ADA, BOB, CLEO, DAN, EVE, FAY, HAL]).await;
    for (table, item) in before {
        let put = tables(&stack)
            .put_item()
            .table_name(stack.physical_name(table));
        put.set_item(Some(item.clone())).send().await.unwrap();
    }
    let body = json!({"version": 1, "user_pool_id": POOL, "user_name": FAY}).to_string();
    let queue = aws_sdk_sqs::Client::new(&stack.sdk_config(Stack::admin()));
    let url = stack.physical_name("DeferredQueue");
    let sent = queue.send_message().queue_url(url).message_body(body);
    sent.send().await.unwrap();
    stack
}

fn queue(stack: &Stack) -> String {
    let url = stack.physical_name("DeferredQueue");
    url.rsplit('/').next().unwrap().to_owned()
}

async fn state(stack: &Stack) -> State {
    let mut recorded = Vec::new();
    for item in items(stack, "DirectoryTable").await {
        if text(&item, "pk").starts_with("RECONCILE#") {
            continue;
        }
        if text(&item, "sk").starts_with("EVENT#") {
            assert_event(&item);
        }
        let told = |name: &str| name.ends_with("_at") || name == "source";
        let members = item.iter().filter(|(name, _)| !told(name));
        let members: BTreeMap<&String, Value> = members
            .map(|(name, value)| match plain(value).as_str() {
                // The time is part of its name.
                Some(id) if id.contains("updated#") => (name, json!("updated")),
                _ => (name, plain(value)),
            })
            .collect();
        recorded.push(json!(members));
    }
    recorded.sort_by_key(Value::to_string);
    let mut joined = BTreeMap::new();
    for sub in [ADA, BOB, CLEO, DAN, EVE, FAY, HAL] {
        joined.insert(sub, groups(stack, sub).await);
    }
    (recorded, joined, stack.sqs.bodies(&queue(stack)))
}

/// What there is when a pass has ended that nothing befell, and how many calls it takes.
async fn undisturbed(before: &[(&str, Item)]) -> (State, usize) {
    let proxy = Crashing::start().await;
    let stack = stack_with(&proxy, before).await;
    proxy.cut(None);
    let did = run(&stack).await;
    let calls = proxy.calls();
    // One of each kind of work, but for what two users have in common.
    let expected = json!({"reason": "pass-completed", "counts": {
        "listed": 7, "drained": 1, "created": 3, "claimed": 4, "mailbox_taken": 1, "joined": 3, "redeemed": 1,
        "released": 1, "updated": 1, "tiered": 1, "deleted": 1, "migrated": 1, "holds_released": 1,
    }});
    assert_eq!(did, expected);
    let state = state(&stack).await;
    let settled = json!({"reason": "pass-completed", "counts": {"listed": 7}});
    assert_eq!(run_with(&stack, &input()).await, settled);
    (state, calls)
}

/// What there is after a run that dies at this call, and another one.
async fn crashed(before: &[(&str, Item)], call: usize, side: Side) -> State {
    let proxy = Crashing::start().await;
    let stack = stack_with(&proxy, before).await;
    proxy.cut(Some((call, side)));
    let asked = input().to_string();
    let mut dying = std::pin::pin!(invoke(&stack, FUNCTION, &asked));
    tokio::select! {
        // It calls in another order at each run, and may call once less.
        ended = &mut dying => drop(ended),
        () = proxy.reached() => {
            stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
            assert!(error_message(&dying.await).contains("Runtime exited"));
        }
    }
    proxy.cut(None);
    stack.sqs.show(&queue(&stack));
    run(&stack).await;
    state(&stack).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_pass_dies_the_next_run_ends_as_if_nothing_had_happened() {
    let before = much_to_do().await;
    let (expected, calls) = undisturbed(&before).await;
    assert!(calls >= 40, "{calls}");
    let points = (1..=calls).flat_map(|call| [Side::Before, Side::After].map(|side| (call, side)));
    let ends = points.map(|(call, side)| {
        let before = &before;
        async move { (call, side, crashed(before, call, side).await) }
    });
    let mut ends = stream::iter(ends).buffer_unordered(2);
    while let Some((call, side, end)) = ends.next().await {
        assert_eq!(end, expected, "killed at call {call}, {side:?}");
    }
}
