//! The vendor is killed before and after each call that it makes, and asked again: nothing is left over, and nobody
//! has two identities.

use super::*;
use crate::{
    common::{crashing::Crashing, policy_file},
    post_confirmation::{items, text},
};

/// The suite with the proxy between the vendor and AWS, under a policy that is bent and has no limit in the way.
async fn stack_behind(proxy: &Crashing, from: &str, to: &str) -> Stack {
    let mut options = options();
    options.environment = environment(FUNCTION, &[("AWS_ENDPOINT_URL", &proxy.url)]);
    let limits = "[identity-vendor.limits]";
    let policy = bent_policy(
        limits,
        &format!("{limits}\ncognito_calls_per_second = 10000"),
    );
    let policy = std::fs::read_to_string(policy).unwrap();
    assert!(policy.contains(from), "{from}");
    options.policy = policy_file(&policy.replace(from, to));
    let guests = "arn:aws:iam::123456789012:role/guests".to_owned();
    let parameter = "VendorGuestRoleArn".to_owned();
    options.parameters.insert(parameter, guests);
    let stack = local::start(&options).await.unwrap();
    proxy.before(&stack.aws_url);
    stack
}

/// Each developer user whom Cognito has ever been asked about is on one record, which names the identity that Cognito
/// has for them; and so many are on record.
async fn assert_nothing_is_left_over(stack: &Stack, subjects: usize) {
    let pool = stack.physical_name("IdentityPool");
    let records: Vec<_> = items(stack, "DirectoryTable")
        .await
        .into_iter()
        .filter(|item| text(item, "pk").starts_with("IDENTITY#"))
        .collect();
    assert_eq!(records.len(), subjects);
    let on_record: BTreeMap<String, String> = records
        .iter()
        .map(|item| (text(item, "developer_user_id"), text(item, "identity_id")))
        .collect();
    assert_eq!(on_record.len(), subjects);
    let cognito = aws_sdk_cognitoidentity::Client::new(&stack.sdk_config(Stack::admin()));
    for (user, _) in stack.identity_pools.developer_token_calls() {
        let known = on_record.get(&user).expect("an orphan");
        let found = cognito.lookup_developer_identity().identity_pool_id(&pool);
        let found = found.developer_user_identifier(user).send().await.unwrap();
        assert_eq!(found.identity_id.as_ref(), Some(known));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_calls_leaves_one_identity_and_no_orphan() {
    for (role, direct) in [("member", false), ("publisher", false), ("tenant", true)] {
        let proxy = Crashing::start().await;
        let stack = stack_behind(&proxy, "", "").await;
        let ask = async |name: &str| {
            let claims = json!({"sub": name, "cognito:groups": ["publishers"], "tenant": "acme"});
            credentials(&stack, &mint(&stack, claims), &format!("/{role}")).await
        };
        let subjects = std::cell::Cell::new(0);
        let then = async |name: &str, answer: Answer| {
            assert_eq!(answer.status, 200, "{role} {name}: {}", log_text(&stack));
            subjects.set(subjects.get() + 1);
        };
        let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
        assert!(calls >= if direct { 5 } else { 8 }, "{role}: {calls}");
        if !direct {
            assert_nothing_is_left_over(&stack, subjects.get()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_calls_that_crash_together_end_as_one_identity() {
    let proxy = Crashing::start().await;
    let stack = stack_behind(&proxy, "", "").await;
    let ask = async |name: &str| {
        let jwt = mint(&stack, json!({"sub": name}));
        tokio::join!(exchange(&stack, &jwt, ""), exchange(&stack, &jwt, ""))
    };
    let subjects = std::cell::Cell::new(0);
    let then = async |name: &str, (one, other): (Answer, Answer)| {
        assert_eq!((one.status, other.status), (200, 200), "{name}");
        assert_eq!(one.json()["identity_id"], other.json()["identity_id"]);
        subjects.set(subjects.get() + 1);
    };
    let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
    assert!(calls >= 12, "{calls}");
    assert_nothing_is_left_over(&stack, subjects.get()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_whose_upgrade_crashes_keeps_the_identity_at_the_next_try() {
    let proxy = Crashing::start().await;
    let upgrades = ("# guest_upgrade = false", "guest_upgrade = true");
    let stack = stack_behind(&proxy, upgrades.0, upgrades.1).await;
    let guests = std::cell::RefCell::new(BTreeMap::new());
    let ask = async |name: &str| {
        if !guests.borrow().contains_key(name) {
            let guest = guests::guest(&stack).await;
            guests.borrow_mut().insert(name.to_owned(), guest);
        }
        let (_, token) = guests.borrow()[name].clone();
        guests::upgrade(&stack, name, &token).await
    };
    let then = async |name: &str, answer: Answer| {
        assert_eq!(answer.status, 200, "{name}: {}", log_text(&stack));
        let (guest, _) = guests.borrow()[name].clone();
        assert_eq!(answer.json()["identity_id"], guest.as_str(), "{name}");
    };
    let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
    assert!(calls >= 7, "{calls}");
    let subjects = guests.into_inner().len();
    assert_nothing_is_left_over(&stack, subjects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_good_for_once_is_used_up_or_good_after_a_crash_and_the_next_one_serves() {
    let proxy = Crashing::start().await;
    let once = ("# single_use = false", "single_use = true");
    let stack = stack_behind(&proxy, once.0, once.1).await;
    let ask = async |name: &str| {
        let jwt = mint(&stack, json!({"sub": name, "jti": name}));
        exchange(&stack, &jwt, "").await
    };
    let again = std::cell::RefCell::new(Vec::new());
    let then = async |name: &str, answer: Answer| {
        if answer.status != 200 {
            assert_eq!(last_decision(&stack), "denied token-used", "{name}");
        }
        again
            .borrow_mut()
            .push((name.to_owned(), answer.status == 200));
        let next = mint(&stack, json!({"sub": name, "jti": format!("{name}-2")}));
        let next = exchange(&stack, &next, "").await;
        assert_eq!(next.status, 200, "{name}: {}", log_text(&stack));
    };
    let calls = proxy.crash_everywhere(&stack, FUNCTION, ask, then).await;
    let again = again.into_inner();
    // What was asked before the mark does not cost the token; what was asked after it does.
    for side in ["Before", "After"] {
        let of_side = again.iter().filter(|(name, _)| name.starts_with(side));
        let good: Vec<bool> = of_side.map(|(_, good)| *good).collect();
        assert_eq!(good.len(), calls + 1);
        assert!(
            good.is_sorted_by(|earlier, later| earlier >= later),
            "{side}: {good:?}"
        );
        assert!(good[0] && !good[calls], "{side}: {good:?}");
    }
    assert_nothing_is_left_over(&stack, again.len()).await;
}
