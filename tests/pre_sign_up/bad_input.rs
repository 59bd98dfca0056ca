//! What nobody should send, and tables that do not answer as they should: each has its outcome, as docs/sign-up.md
//! says it.

use serde_json::{Value, json};
use shared::state::{DirectoryKey, EphemeralKey, key_item, number, read_text, text};

use super::{FUNCTION, items, put, sign_up, stack_checking};
use crate::common::{
    answer, audit_lines, error_message,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision,
};

const POOL: &str = "us-east-1_Poolkeepr";
const ANOTHER: &str = "us-east-1_Another";
const ADA: &str = "ada@example.com";
const CODE: &str = "0123456789abcdef0123456789abcdef";

/// The checks, each called by its number, that only report.
fn reporting(checks: &[&str]) -> String {
    let mut all = String::from("user_name = { min_length = 1 }\n");
    for (number, check) in checks.iter().enumerate() {
        all += &format!("\n[[pre-sign-up.checks]]\nname = \"check{number}\"\nmode = \"report\"\n");
        all += &format!("{check}\n");
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_of_five_megabytes_comes_to_what_is_wrong_with_it() {
    let stack = stack_checking(
        &reporting(&[
            "user_name = { max_length = 20 }",
            "user_name = { pattern = \"(x+x+)+y\" }",
            "attribute = { name = \"name\", max_length = 20 }",
            "attribute = { name = \"name\", pattern = \"(x+x+)+y\" }",
            "attribute = { name = \"name\", values = [\"a\"] }",
            "phone_number = { deny = [\"+1876\"] }",
            "phone_number = { deny = [\"JM\"] }",
            "velocity = { by = \"phone_prefix\", burst = 3, period_seconds = 60 }",
            "blocked = {}",
        ]),
        &[],
    )
    .await;
    let long = "x".repeat(5_000_000);
    let number = format!("+{}", "1".repeat(5_000_000));
    let no_number = "invalid-phone-number";
    for (name, value, reasons) in [
        (
            "userName",
            &long,
            &["user-name-too-long", "user-name-too-long"][..],
        ),
        (
            "name",
            &long,
            &[
                "attribute-too-long",
                "attribute-too-long",
                "attribute-value",
            ],
        ),
        ("phone_number", &number, &[no_number; 4]),
        ("phone_number", &long, &[no_number; 4]),
    ] {
        let sent = sign_up(|event| {
            event["userName"] = json!("xxy");
            event["request"]["userAttributes"] = json!({"email": ADA});
            match name {
                "userName" => event["userName"] = json!(value),
                name => event["request"]["userAttributes"][name] = json!(value),
            }
        });
        answer(&invoke(&stack, FUNCTION, &sent).await);
        let line = audit_lines(&stack).pop().unwrap();
        let reports = line["reports"].as_array().unwrap().iter();
        let told: Vec<&str> = reports.map(|it| it["reason"].as_str().unwrap()).collect();
        assert_eq!(told, reasons, "{name}");
        assert!(line["remaining_ms"].as_u64() > Some(0), "{name}");
    }
    let sent = sign_up(|event| event["request"]["userAttributes"]["email"] = json!(long));
    error_message(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "refused invalid-email");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sign_up_leaves_is_small_whatever_it_brings() {
    let checks = "invitation = {}\n\n[[pre-sign-up.checks]]\nname = \"often\"\n\
        velocity = { by = \"client\", burst = 3, period_seconds = 60 }\n";
    let stack = stack_checking(checks, &[]).await;
    let mut invitation = key_item(&DirectoryKey::invitation(CODE));
    invitation.extend([number("expires_at", i64::from(i32::MAX) * 2)]);
    put(&stack, "DirectoryTable", invitation).await;
    let huge = "x".repeat(1_000_000);
    let sent = sign_up(|event| {
        event["userName"] = json!(huge);
        event["callerContext"]["clientId"] = json!(huge);
        event["request"]["userAttributes"]["name"] = json!(huge);
        event["request"]["validationData"] = json!({"invitation": CODE, "more": huge});
        event["request"]["clientMetadata"] = json!({"invitation": huge});
    });
    answer(&invoke(&stack, FUNCTION, &sent).await);
    let left = [
        items(&stack, "DirectoryTable").await,
        items(&stack, "EphemeralTable").await,
    ]
    .concat();
    assert_eq!(left.len(), 3);
    for item in left {
        let text = format!("{item:?}");
        assert!(text.len() < 1024, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_table_is_undecided_by_the_check_that_asked() {
    let throttled =
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\"}";
    let table = Faulty::start(http("400 Bad Request", throttled)).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    for (check, reason) in [
        ("invitation = {}", "invitation-unavailable"),
        ("blocked = {}", "blocks-unavailable"),
        ("legacy_user = {}", "legacy-unavailable"),
    ] {
        for (on_undecided, decision) in [
            ("refuse", format!("refused {reason}")),
            ("allow", "allowed reported".to_owned()),
        ] {
            let check = format!("on_undecided = \"{on_undecided}\"\n{check}");
            let stack = stack_checking(&check, &endpoint).await;
            let sent = sign_up(|event| {
                event["request"]["validationData"] = json!({"invitation": CODE});
            });
            invoke(&stack, FUNCTION, &sent).await;
            assert_eq!(last_decision(&stack), decision);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_pool_is_checked_alike_and_kept_apart() {
    let checks = "unique_email = {}\n\n\
        [[pre-sign-up.checks]]\nname = \"invited\"\ninvitation = {}\n\n\
        [[pre-sign-up.checks]]\nname = \"often\"\n\
        velocity = { by = \"email\", burst = 3, period_seconds = 86400 }\n";
    let stack = stack_checking(checks, &[]).await;
    let mut claim = key_item(&DirectoryKey::email_claim(POOL, ADA));
    claim.extend([text("sub", "somebody")]);
    let mut run = key_item(&DirectoryKey::reconcile(POOL));
    run.extend([text("completed_at", "2026-01-01T00:00:00Z")]);
    let mut invitation = key_item(&DirectoryKey::invitation(CODE));
    invitation.extend([number("expires_at", i64::from(i32::MAX) * 2)]);
    for item in [claim, run, invitation] {
        put(&stack, "DirectoryTable", item).await;
    }
    let in_pool = |pool: Value| {
        sign_up(|event| {
            event["userPoolId"] = pool;
            event["request"]["userAttributes"]["email"] = json!(ADA);
            event["request"]["validationData"] = json!({"invitation": CODE});
        })
    };
    for _ in 0..4 {
        error_message(&invoke(&stack, FUNCTION, &in_pool(json!(POOL))).await);
        assert_eq!(last_decision(&stack), "refused email-taken");
    }
    // Neither the mailbox of that pool nor the questions that were asked there count here.
    answer(&invoke(&stack, FUNCTION, &in_pool(json!(ANOTHER))).await);
    assert_eq!(last_decision(&stack), "allowed no-objection");
    let mark = EphemeralKey::reserved(
        "invitation",
        &[ANOTHER, "11111111-aaaa-4bbb-8ccc-000000000001", "anybody"],
    )
    .0;
    let left = items(&stack, "EphemeralTable").await;
    assert!(left.iter().any(|item| read_text(item, "pk") == Some(&mark)));
    for none in [Value::Null, json!(""), json!(7)] {
        error_message(&invoke(&stack, FUNCTION, &in_pool(none)).await);
        assert_eq!(last_decision(&stack), "refused no-user-pool");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_to_be_a_code_is_not_asked_about() {
    let table = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    let stack = stack_checking("invitation = {}", &endpoint).await;
    for (length, reason) in [(129, "invitation-unknown"), (128, "invitation-unavailable")] {
        let sent = sign_up(|event| {
            event["request"]["validationData"] = json!({"invitation": "x".repeat(length)});
        });
        error_message(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(last_decision(&stack), format!("refused {reason}"));
        assert_eq!(table.connections() > 0, length == 128);
    }
}
