//! One account per mailbox, and how often people sign up.

use serde_json::{Value, json};
use shared::{
    policy::{PolicyFile, PreSignUp},
    state::{DirectoryKey, key_item, rfc3339, text},
};
use time::OffsetDateTime;

use super::{FUNCTION, items, put, sign_up, stack_checking};
use crate::common::{
    answer, audit_lines, error_message, event,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision,
};

const POOL: &str = "us-east-1_Poolkeepr";

fn of(name: &str, value: &str) -> String {
    sign_up(|event| event["request"]["userAttributes"][name] = json!(value))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_mailbox_is_reported_until_reconcile_has_seen_the_pool_and_kept_out_then() {
    let stack = stack_checking("unique_email = {}", &[]).await;
    let free = of("email", "ada@example.com");
    answer(&invoke(&stack, FUNCTION, &free).await);
    assert_eq!(last_decision(&stack), "allowed no-objection");
    let mut claim = key_item(&DirectoryKey::email_claim(POOL, "ada@example.com"));
    claim.extend([text("sub", "somebody")]);
    put(&stack, "DirectoryTable", claim).await;
    let taken = of("email", "ADA@example.com");
    let mut run = key_item(&DirectoryKey::reconcile(POOL));
    for begun in [false, true] {
        answer(&invoke(&stack, FUNCTION, &taken).await);
        assert_eq!(last_decision(&stack), "allowed reported", "{begun}");
        let report = json!([{"rule": "added", "reason": "email-taken"}]);
        assert_eq!(audit_lines(&stack).last().unwrap()["reports"], report);
        // A run that has not come to its end.
        run.extend([text("prefix", "a")]);
        put(&stack, "DirectoryTable", run.clone()).await;
    }
    run.extend([text("completed_at", rfc3339(OffsetDateTime::now_utc()))]);
    put(&stack, "DirectoryTable", run).await;
    let message = error_message(&invoke(&stack, FUNCTION, &taken).await);
    assert_eq!(
        message,
        "there is an account with this e-mail address already [email-taken]"
    );
    answer(&invoke(&stack, FUNCTION, &of("email", "eve@example.com")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ups_are_counted_by_what_the_policy_names() {
    for (check, counted, another) in [
        (
            "by = \"email\"",
            [
                of("email", "ada@example.com"),
                of("email", "Ada@example.com"),
            ],
            of("email", "eve@example.com"),
        ),
        (
            "by = \"email_domain\"",
            [
                of("email", "ada@example.com"),
                of("email", "eve@example.com"),
            ],
            of("email", "eve@mail.example.com"),
        ),
        (
            "by = \"phone_prefix\", digits = 5",
            [
                of("phone_number", "+436601"),
                of("phone_number", "+4366029"),
            ],
            of("phone_number", "+4367612"),
        ),
        (
            "by = \"client\"",
            ["one", "two"]
                .map(|id| sign_up(|event| event["callerContext"]["clientId"] = json!(id))),
            sign_up(|event| event["callerContext"]["clientId"] = json!("web1")),
        ),
    ] {
        let check = format!(
            "clients = [\"web\", \"unknown\"]\nvelocity = {{ {check}, burst = 3, period_seconds = 86400 }}\n\n\
             [pre-sign-up.clients.web]\nids = [\"web1\"]"
        );
        let stack = stack_checking(&check, &[]).await;
        for sent in counted.iter().chain([&counted[0]]) {
            answer(&invoke(&stack, FUNCTION, sent).await);
        }
        let message = error_message(&invoke(&stack, FUNCTION, &counted[1]).await);
        assert!(message.ends_with("[too-many-sign-ups]"), "{message}");
        answer(&invoke(&stack, FUNCTION, &another).await);
        // Nobody reads there who signed up.
        for item in items(&stack, "EphemeralTable").await {
            let item = format!("{item:?}");
            assert!(!item.contains("ada") && !item.contains("4366"), "{item}");
        }
    }
}

#[test]
fn a_budget_that_the_retries_of_one_sign_up_would_use_up_does_not_load() {
    let velocity =
        |burst| format!("velocity = {{ by = \"email\", burst = {burst}, period_seconds = 60 }}");
    let legacy = |attempts| format!("legacy_user = {{ attempts_per_minute = {attempts} }}");
    for (check, loads) in [
        (velocity(3), true),
        (velocity(2), false),
        (legacy(3), true),
        (legacy(2), false),
    ] {
        let text = format!("version = 1\n[[pre-sign-up.checks]]\nname = \"c\"\n{check}\n");
        let read = PolicyFile::parse("policy.toml", text).section::<PreSignUp>();
        let error = read.err().map(|errors| errors.to_string());
        assert_eq!(error.is_none(), loads, "{check}: {error:?}");
        let told = error.unwrap_or_else(|| "from 3 to".to_owned());
        assert!(told.contains("from 3 to"), "{check}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_phone_number_nothing_is_counted_by_it() {
    let check = "velocity = { by = \"phone_prefix\", burst = 3, period_seconds = 60 }";
    let stack = stack_checking(check, &[]).await;
    let without = sign_up(|event| {
        let attributes = event["request"]["userAttributes"].as_object_mut().unwrap();
        attributes.remove("phone_number");
    });
    answer(&invoke(&stack, FUNCTION, &without).await);
    assert!(items(&stack, "EphemeralTable").await.is_empty());
    error_message(&invoke(&stack, FUNCTION, &of("phone_number", "0660")).await);
    assert_eq!(last_decision(&stack), "refused invalid-phone-number");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_throttled_or_hangs_is_open_or_closed_as_the_policy_says() {
    let throttled =
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\"}";
    for (check, reason) in [
        (
            "velocity = { by = \"client\", burst = 3, period_seconds = 60 }",
            "velocity-unavailable",
        ),
        ("unique_email = {}", "unique-email-unavailable"),
    ] {
        for behaviour in [http("400 Bad Request", throttled), Behaviour::Hang] {
            let table = Faulty::start(behaviour.clone()).await;
            let variables = [("AWS_ENDPOINT_URL", table.url.as_str())];
            let stack = stack_checking(check, &variables).await;
            error_message(&invoke(&stack, FUNCTION, &sign_up(|_| ())).await);
            assert_eq!(last_decision(&stack), format!("refused {reason}"));
            let open = format!("on_undecided = \"allow\"\n{check}");
            let stack = stack_checking(&open, &variables).await;
            answer(&invoke(&stack, FUNCTION, &sign_up(|_| ())).await);
            assert_eq!(last_decision(&stack), "allowed reported");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_refuses_for_nothing_is_not_counted() {
    let check = "velocity = { by = \"client\", burst = 3, period_seconds = 60 }";
    let stack = stack_checking(check, &[]).await;
    let refused = event("pre-sign-up.SignUp.refused", |_: &mut Value| ());
    error_message(&invoke(&stack, FUNCTION, &refused).await);
    assert!(items(&stack, "EphemeralTable").await.is_empty());
}
