//! Users of a provider: who comes in, and who is joined to the account that they have.

use aws_sdk_cognitoidentityprovider::{Client, types::AttributeType};
use emulator::{stack::Stack, user_pool::FederatedUser};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use shared::state::{DirectoryKey, key_item, text};

use super::{FUNCTION, put, stack_asking_the_pool, stack_checking};
use crate::common::{
    answer, audit_lines, error_message, event,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision,
};

pub(super) const LINKS: &str =
    "federation = { providers = { Google = { domains = [\"example.com\"], link = true } } }";
const POOL: &str = "us-east-1_Poolkeepr";
const ADA: &str = "ada@example.com";

/// A first sign-in through a provider, of whoever has this name and these attributes.
pub(super) fn first_sign_in(user_name: &str, attributes: Value) -> String {
    event("pre-sign-up.ExternalProvider", |event| {
        event["userName"] = json!(user_name);
        event["request"]["userAttributes"] = attributes;
    })
}

pub(super) fn verified(email: &str) -> Value {
    json!({"email": email, "email_verified": "true"})
}

fn pool(stack: &Stack) -> Client {
    Client::new(&stack.sdk_config(Stack::admin()))
}

/// An account of the pool that an administrator made.
pub(super) async fn account(stack: &Stack, email: &str, verified: &str) -> String {
    let attribute = |name, value| {
        let attribute = AttributeType::builder().name(name).value(value);
        attribute.build().unwrap()
    };
    let created = pool(stack)
        .admin_create_user()
        .user_pool_id(POOL)
        .username(email)
        .user_attributes(attribute("email", email))
        .user_attributes(attribute("email_verified", verified))
        .send()
        .await;
    created.unwrap().user.unwrap().username.unwrap()
}

/// The ids at providers that an account is joined to.
pub(super) async fn joined(stack: &Stack, user_name: &str) -> Vec<String> {
    let user = pool(stack).admin_get_user().user_pool_id(POOL);
    let user = user.username(user_name).send().await.unwrap();
    let attributes = user.user_attributes().iter();
    let mut identities = attributes.filter(|it| it.name() == "identities");
    let identities = identities.next().and_then(|it| it.value()).unwrap_or("[]");
    let identities: Value = serde_json::from_str(identities).unwrap();
    let identities = identities.as_array().unwrap().iter();
    identities
        .map(|it| it["userId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_which_providers_may_assert_which_addresses() {
    let providers = "federation = { providers = { Google = { any_domain = true }, \
                     My_IdP = { domains = [\"example.com\", \"*.example.com\"] }, \
                     Corp = { any_domain = true }, Corp_2 = { any_domain = true } } }";
    let stack = stack_checking(providers, &[]).await;
    let none = json!({});
    let broken = json!({"email": "ada@@example.com"});
    for (user_name, attributes, ruling) in [
        ("Google_1234", verified(ADA), ""),
        ("google_1234", verified(ADA), ""),
        ("My_IdP_a_7", verified(ADA), ""),
        ("My_IdP_7", verified("ada@a.example.com"), ""),
        (
            "My_IdP_7",
            verified("ada@example.com.evil.example"),
            "provider-domain",
        ),
        ("My_7", verified(ADA), "provider-not-allowed"),
        ("Facebook_7", verified(ADA), "provider-not-allowed"),
        ("Google_", verified(ADA), "provider-not-allowed"),
        ("Corp_7", verified(ADA), ""),
        ("Corp_2_7", verified(ADA), "provider-ambiguous"),
        ("", verified(ADA), "no-user-name"),
        ("Google_7", none, "no-email"),
        ("Google_7", broken, "invalid-email"),
    ] {
        let sent = first_sign_in(user_name, attributes);
        let invoked = invoke(&stack, FUNCTION, &sent).await;
        if ruling.is_empty() {
            assert_eq!(answer(&invoked), sent, "{user_name}");
        } else {
            let message = error_message(&invoked);
            assert!(
                message.ends_with(&format!("[{ruling}]")),
                "{user_name}: {message}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_provider_s_user_is_joined_to_the_account_that_has_the_address() {
    let both = format!("{LINKS}\n\n[[pre-sign-up.checks]]\nname = \"one\"\nunique_email = {{}}");
    let stack = stack_asking_the_pool(&both, &[]).await;
    let owner = account(&stack, ADA, "true").await;
    // The owner's own claim keeps nobody out who is joined to them.
    let mut claim = key_item(&DirectoryKey::email_claim(POOL, ADA));
    claim.extend([text("sub", &owner)]);
    put(&stack, "DirectoryTable", claim).await;
    let mut run = key_item(&DirectoryKey::reconcile(POOL));
    run.extend([text("completed_at", "2026-01-01T00:00:00Z")]);
    put(&stack, "DirectoryTable", run).await;
    let user = FederatedUser {
        provider: "Google",
        subject: "aB_12",
        attributes: &[("email", ADA), ("email_verified", "true")],
    };
    stack.user_pool.federated_sign_in(user).await.unwrap();
    assert_eq!(joined(&stack, &owner).await, ["aB_12"]);
    assert_eq!(last_decision(&stack), "allowed linked");
    // The same event, delivered again.
    let again = first_sign_in("Google_aB_12", verified(ADA));
    let deliveries = (0..8).map(|_| invoke(&stack, FUNCTION, &again));
    for invocation in futures_util::future::join_all(deliveries).await {
        assert_eq!(answer(&invocation), again);
    }
    assert_eq!(last_decision(&stack), "allowed linked");
    assert_eq!(joined(&stack, &owner).await, ["aB_12"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_deliveries_at_once_join_once() {
    let stack = stack_asking_the_pool(LINKS, &[]).await;
    let owner = account(&stack, ADA, "true").await;
    let sent = first_sign_in("Google_7", verified(ADA));
    let deliveries = (0..20).map(|_| invoke(&stack, FUNCTION, &sent));
    // A new account has ten environments.
    let deliveries = futures_util::stream::iter(deliveries).buffer_unordered(10);
    let invocations: Vec<_> = deliveries.collect().await;
    for invocation in invocations {
        answer(&invocation);
    }
    assert_eq!(joined(&stack, &owner).await, ["7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_joined_by_an_address_that_either_side_does_not_vouch_for() {
    let stack = stack_asking_the_pool(LINKS, &[]).await;
    let squatter = account(&stack, ADA, "false").await;
    let owner = account(&stack, "eve@example.com", "true").await;
    let unverified = json!({"email": "eve@example.com"});
    let denied = json!({"email": "eve@example.com", "email_verified": "false"});
    for (attributes, account) in [
        (verified(ADA), &squatter),
        (unverified, &owner),
        (denied, &owner),
    ] {
        let sent = first_sign_in("Google_7", attributes);
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "allowed no-objection");
        assert!(joined(&stack, account).await.is_empty());
    }
    let reports = format!("mode = \"report\"\n{LINKS}");
    let stack = stack_asking_the_pool(&reports, &[]).await;
    let owner = account(&stack, ADA, "true").await;
    answer(&invoke(&stack, FUNCTION, &first_sign_in("Google_7", verified(ADA))).await);
    assert!(joined(&stack, &owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_joined_to_a_user_whom_a_provider_made() {
    let stack = stack_asking_the_pool(LINKS, &[]).await;
    let first = FederatedUser {
        provider: "Google",
        subject: "8",
        attributes: &[("email", ADA), ("email_verified", "true")],
    };
    stack.user_pool.federated_sign_in(first).await.unwrap();
    let sent = first_sign_in("Google_9", verified(ADA));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "allowed no-objection");
    assert_eq!(joined(&stack, "Google_8").await, ["8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_whose_spelling_is_uncertain_joins_nobody() {
    let stack = stack_asking_the_pool(LINKS, &[]).await;
    let owner = account(&stack, ADA, "true").await;
    let sent = first_sign_in("google_ab12", verified(ADA));
    error_message(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "refused provider-id-case");
    assert!(joined(&stack, &owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cognito_answers_is_what_is_said_of_a_link() {
    let user = |name: &str| {
        json!({"Username": name, "Enabled": true, "UserStatus": "CONFIRMED",
            "Attributes": [{"Name": "email_verified", "Value": "true"}]})
    };
    let one = json!({"Users": [user("a")]}).to_string();
    let mut disabled = user("a");
    disabled["Enabled"] = json!(false);
    let disabled = json!({"Users": [disabled]}).to_string();
    let two = json!({"Users": [user("a"), user("b")]}).to_string();
    let more = json!({"Users": [], "PaginationToken": "more"}).to_string();
    let list = |body: &str| http("200 OK", body);
    let error = |code: &str| {
        let body = json!({"__type": code, "message": "canary"}).to_string();
        http("400 Bad Request", &body)
    };
    for (answers, ruling) in [
        (vec![list(&two)], "link-ambiguous"),
        (vec![list(&disabled)], "linked-account-disabled"),
        (vec![list(&more)], "link-unavailable"),
        (vec![list("<html>")], "link-unavailable"),
        (vec![error("NotAuthorizedException")], "link-unavailable"),
        (
            // The SDK asks again.
            vec![
                list(&one),
                error("LimitExceededException"),
                error("LimitExceededException"),
            ],
            "link-limit",
        ),
        (
            vec![list(&one), error("InvalidParameterException"), list(&one)],
            "link-refused",
        ),
        (vec![Behaviour::Hang], "link-unavailable"),
        (vec![list(&one), Behaviour::Hang], "link-unavailable"),
    ] {
        let cognito = Faulty::start(Behaviour::Hang).await;
        let variables = [("AWS_ENDPOINT_URL", cognito.url.as_str())];
        let stack = stack_asking_the_pool(LINKS, &variables).await;
        for answer in answers {
            cognito.once([answer]);
        }
        let sent = first_sign_in("Google_7", verified(ADA));
        let message = error_message(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(
            message,
            format!("this way to sign in is not admitted [{ruling}]")
        );
        assert_eq!(last_decision(&stack), format!("refused {ruling}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_hangs_leaves_the_verdict_in_time() {
    let cognito = Faulty::start(Behaviour::Hang).await;
    for (on_undecided, decision) in [
        ("refuse", "refused link-unavailable"),
        ("allow", "allowed reported"),
    ] {
        let check = format!("on_undecided = \"{on_undecided}\"\n{LINKS}");
        let stack = stack_asking_the_pool(&check, &[("AWS_ENDPOINT_URL", &cognito.url)]).await;
        let sent = first_sign_in("Google_7", verified(ADA));
        invoke(&stack, FUNCTION, &sent).await;
        assert_eq!(last_decision(&stack), decision);
        assert!(audit_lines(&stack)[0]["remaining_ms"].as_u64() > Some(0));
    }
}
