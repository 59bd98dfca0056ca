//! The function is killed before and after each call that it makes, and Cognito asks again: it ends as if nothing had
//! happened.

use serde_json::{Value, json};
use shared::{
    invitation::{Invitation, address_digest},
    state::{DirectoryKey, EphemeralKey, key_item, number, read_text, text},
};

use super::{
    FUNCTION,
    federation::{LINKS, account, first_sign_in, joined, verified},
    items, put, sign_up, stack_asking_the_pool,
};
use crate::common::{answer, crashing::Crashing, invoke, last_decision};

/// All that a sign-up may ask and do, with a budget of no more than Cognito's three questions.
const CHECKS: &str = "invitation = {}\n\n\
    [[pre-sign-up.checks]]\nname = \"mailbox\"\nunique_email = {}\n\n\
    [[pre-sign-up.checks]]\nname = \"stopped\"\nblocked = {}\n\n\
    [[pre-sign-up.checks]]\nname = \"often\"\n\
    velocity = { by = \"email\", burst = 3, period_seconds = 86400 }\n\n\
    [[pre-sign-up.auto_confirm]]\nname = \"invited\"\nbound_invitation = true\nverify_email = true\n";
const POOL: &str = "us-east-1_Poolkeepr";

fn address(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_sign_up_crashes_the_retry_ends_alike() {
    let proxy = Crashing::start().await;
    let stack = stack_asking_the_pool(CHECKS, &[("AWS_ENDPOINT_URL", &proxy.url)]).await;
    proxy.before(&stack.aws_url);
    let ask = async |name: &str| {
        let email = address(name);
        let key = DirectoryKey::invitation(&name.to_lowercase());
        let all = items(&stack, "DirectoryTable").await;
        if !all
            .iter()
            .any(|item| read_text(item, "pk") == Some(&key.pk))
        {
            let mut item = key_item(&key);
            item.extend([
                number("expires_at", i64::from(i32::MAX) * 2),
                text("email", address_digest(&email)),
            ]);
            put(&stack, "DirectoryTable", item).await;
        }
        let sent = sign_up(|event| {
            event["userName"] = json!(name);
            event["request"]["userAttributes"]["email"] = json!(email);
            event["request"]["validationData"] = json!({"invitation": name});
        });
        invoke(&stack, FUNCTION, &sent).await
    };
    let then = async |name: &str, invocation| {
        let answered: Value = serde_json::from_str(&answer(&invocation)).unwrap();
        let response =
            json!({"autoConfirmUser": true, "autoVerifyEmail": true, "autoVerifyPhone": false});
        assert_eq!(answered["response"], response, "{name}");
        let key = DirectoryKey::invitation(&name.to_lowercase());
        let all = items(&stack, "DirectoryTable").await;
        let mut invitations = all.iter().filter(|it| read_text(it, "pk") == Some(&key.pk));
        let held = Invitation::read(invitations.next().unwrap()).held;
        let (holder, _) = held.unwrap_or_else(|| panic!("{name}: nobody holds it"));
        assert_eq!(holder, address_digest(&address(name)), "{name}");
        let mark =
            EphemeralKey::reserved("invitation", &[POOL, &name.to_lowercase(), "addressee"]).0;
        let all = items(&stack, "EphemeralTable").await;
        let mut marks = all.iter().filter(|it| read_text(it, "pk") == Some(&mark));
        let marked = marks.next().and_then(|it| read_text(it, "invitation"));
        assert_eq!(marked, Some(key.pk.as_str()), "{name}");
    };
    let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
    // Four looks, the hold, the mark that the confirmation finds, and whose the address is.
    assert_eq!(calls, 7);
    // Of each of them an invitation and nothing else, and a mark and a bucket.
    let (directory, ephemeral) = (
        items(&stack, "DirectoryTable").await,
        items(&stack, "EphemeralTable").await,
    );
    assert_eq!((directory.len(), ephemeral.len()), (16, 32));
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_link_crashes_the_retry_ends_alike() {
    let proxy = Crashing::start().await;
    let stack = stack_asking_the_pool(LINKS, &[("AWS_ENDPOINT_URL", &proxy.url)]).await;
    proxy.before(&stack.aws_url);
    let owners = std::cell::RefCell::new(std::collections::BTreeMap::new());
    let ask = async |name: &str| {
        if !owners.borrow().contains_key(name) {
            let owner = account(&stack, &address(name), "true").await;
            owners.borrow_mut().insert(name.to_owned(), owner);
        }
        let sent = first_sign_in(&format!("Google_{name}"), verified(&address(name)));
        invoke(&stack, FUNCTION, &sent).await
    };
    let then = async |name: &str, invocation| {
        answer(&invocation);
        assert_eq!(last_decision(&stack), "allowed linked", "{name}");
        let owner = owners.borrow()[name].clone();
        assert_eq!(joined(&stack, &owner).await, [name]);
    };
    let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
    assert_eq!(calls, 2);
}
