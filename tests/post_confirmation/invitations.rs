//! Invitations from the sign-up to the confirmation, by both functions: each serves one account.

use emulator::stack::Stack;
use serde_json::json;
use shared::{
    invitation::address_digest,
    state::{DirectoryKey, Item, key_item, number, read_text, text},
};

use super::{CONFIRM, FUNCTION, events::assert_event, items, tables};
use crate::common::{
    answer, error_message, event, invoke, last_decision, options, policy_file, tree,
};

const ADA: &str = "ada@example.com";

/// A stack whose sign-ups need an invitation, and whose confirmations redeem it.
async fn inviting() -> Stack {
    let shipped = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let check =
        "[[pre-sign-up.checks]]\nname = \"invited\"\ninvitation = {}\n\n[post-confirmation]";
    let policy = shipped
        .replace("\n[post-confirmation]", &format!("\n{check}"))
        .replace("# redeem_invitations = false", "redeem_invitations = true");
    let mut options = options();
    options.policy = policy_file(&policy);
    local::start(&options).await.unwrap()
}

async fn invitation(stack: &Stack, code: &str, bound: Option<&str>) -> DirectoryKey {
    let key = DirectoryKey::invitation(code);
    let mut item = key_item(&key);
    item.extend([number("expires_at", i64::MAX / 2)]);
    item.extend(bound.map(|address| text("email", address_digest(address))));
    put(stack, item).await;
    key
}

async fn put(stack: &Stack, item: Item) {
    let table = stack.physical_name("DirectoryTable");
    let put = tables(stack).put_item().table_name(table);
    put.set_item(Some(item)).send().await.unwrap();
}

fn sign_up(user_name: &str, code: &str) -> String {
    event("pre-sign-up.SignUp", |event| {
        event["userName"] = json!(user_name);
        event["request"]["userAttributes"] = json!({"email": ADA});
        event["request"]["validationData"] = json!({"invitation": code});
    })
}

async fn signs_up(stack: &Stack, user_name: &str, code: &str) {
    answer(&invoke(stack, "PreSignUpFunction", &sign_up(user_name, code)).await);
}

fn confirmation(user_name: &str, verified: &str) -> String {
    event(CONFIRM, |event| {
        event["userName"] = json!(user_name);
        event["request"]["userAttributes"] =
            json!({"sub": format!("sub-of-{user_name}"), "email": ADA, "email_verified": verified});
    })
}

/// By whom an invitation is redeemed.
async fn redeemed_by(stack: &Stack, key: &DirectoryKey) -> Option<String> {
    let items = items(stack, "DirectoryTable").await;
    let item = items
        .iter()
        .find(|item| read_text(item, "pk") == Some(&key.pk));
    item.and_then(|item| read_text(item, "redeemed_by").map(str::to_owned))
}

/// What the profiles say of their invitations, sorted.
async fn profiles(stack: &Stack) -> Vec<String> {
    let items = items(stack, "DirectoryTable").await;
    let profiles = items
        .iter()
        .filter(|item| read_text(item, "sk") == Some("PROFILE"));
    let mut said: Vec<String> = profiles
        .map(|item| {
            assert!(!item.contains_key("pending_invitation"), "{item:?}");
            read_text(item, "invitation").unwrap_or("none").to_owned()
        })
        .collect();
    said.sort();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn of_accounts_with_one_invitation_and_one_address_one_redeems_it_and_the_others_are_told() {
    for verified in ["false", "true"] {
        let stack = inviting().await;
        let key = invitation(&stack, "code", None).await;
        let names = ["anna", "Berta", "carla"];
        for name in names {
            signs_up(&stack, name, "code").await;
        }
        // Each of them twice.
        let sent: Vec<String> = [names, names]
            .concat()
            .into_iter()
            .map(|name| confirmation(name, verified))
            .collect();
        let deliveries = sent.iter().map(|sent| invoke(&stack, FUNCTION, sent));
        for invocation in futures_util::future::join_all(deliveries).await {
            answer(&invocation);
        }
        // One that met another at the same time may be deferred: delivered again.
        for sent in &sent[..3] {
            answer(&invoke(&stack, FUNCTION, sent).await);
        }
        let by = redeemed_by(&stack, &key).await.unwrap();
        assert!(by.starts_with("sub-of-"), "{by}");
        assert_eq!(
            profiles(&stack).await,
            ["lost", "lost", "redeemed"],
            "{verified}"
        );
        let all = items(&stack, "DirectoryTable").await;
        let told = all
            .iter()
            .filter(|item| read_text(item, "type") == Some("user.invitation_lost"));
        let told: Vec<&Item> = told.inspect(|item| assert_event(item)).collect();
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|item| read_text(item, "sub") != Some(&by)));
        assert!(items(&stack, "EphemeralTable").await.is_empty());
        let late = invoke(&stack, "PreSignUpFunction", &sign_up("dora", "code")).await;
        assert!(error_message(&late).ends_with("[invitation-used]"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_for_the_address_that_is_used_or_revoked_keeps_no_other_from_being_redeemed()
{
    let stack = inviting().await;
    let bound = invitation(&stack, "bound", Some(ADA)).await;
    signs_up(&stack, "anna", "bound").await;
    signs_up(&stack, "berta", "bound").await;
    answer(&invoke(&stack, FUNCTION, &confirmation("anna", "true")).await);
    assert_eq!(redeemed_by(&stack, &bound).await.unwrap(), "sub-of-anna");
    // With the open one of a friend, under a new name and under one that held the bound one before.
    for (name, code) in [("carla", "open"), ("berta", "another")] {
        let open = invitation(&stack, code, None).await;
        signs_up(&stack, name, code).await;
        answer(&invoke(&stack, FUNCTION, &confirmation(name, "false")).await);
        assert_eq!(last_decision(&stack), "recorded recorded-now");
        let by = redeemed_by(&stack, &open).await;
        assert_eq!(by.unwrap(), format!("sub-of-{name}"));
        let again = invoke(&stack, "PreSignUpFunction", &sign_up("eve", code)).await;
        assert!(error_message(&again).ends_with("[invitation-used]"));
    }
    // Revoked between the sign-up and the confirmation.
    let revoked = invitation(&stack, "revoked", None).await;
    signs_up(&stack, "dora", "revoked").await;
    let gone = tables(&stack)
        .delete_item()
        .set_key(Some(key_item(&revoked)));
    let gone = gone.table_name(stack.physical_name("DirectoryTable"));
    gone.send().await.unwrap();
    answer(&invoke(&stack, FUNCTION, &confirmation("dora", "false")).await);
    assert_eq!(last_decision(&stack), "recorded invitation-lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_mailbox_uses_up_the_invitation_all_the_same() {
    let stack = inviting().await;
    let (first, second) = (
        invitation(&stack, "first", None).await,
        invitation(&stack, "second", None).await,
    );
    for (name, code, decision) in [
        ("anna", "first", "recorded recorded-now"),
        ("berta", "second", "recorded mailbox-taken"),
    ] {
        signs_up(&stack, name, code).await;
        answer(&invoke(&stack, FUNCTION, &confirmation(name, "true")).await);
        assert_eq!(last_decision(&stack), decision);
    }
    assert_eq!(redeemed_by(&stack, &first).await.unwrap(), "sub-of-anna");
    assert_eq!(redeemed_by(&stack, &second).await.unwrap(), "sub-of-berta");
}
