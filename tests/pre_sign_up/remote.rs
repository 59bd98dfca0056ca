//! CAPTCHA and a check of one's own: what other hosts say, and what is sent to them.

use aws_sdk_secretsmanager::Client;
use emulator::stack::Stack;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use shared::state::{DirectoryKey, key_item, read_text};

use super::{FUNCTION, items, put, sign_up, stack_checking};
use crate::common::{
    answer, audit_lines, error_message,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, log_text,
};

const SECRET: &str = "cAnArY-secret";
const TOKEN: &str = "cAnArY-token";

/// A check that asks `host`, with its secret there.
async fn stack_asking(check: &str, secret: &str) -> Stack {
    let stack = stack_checking(check, &[]).await;
    self::secret(&stack, secret).await;
    stack
}

/// Puts the secret of the checks where the function looks.
async fn secret(stack: &Stack, secret: &str) {
    let create = Client::new(&stack.sdk_config(Stack::admin())).create_secret();
    let create = create.name("poolkeeper/pre-sign-up/theirs");
    create.secret_string(secret).send().await.unwrap();
}

fn captcha(host: &Faulty, provider: &str) -> String {
    format!(
        "captcha = {{ provider = \"{provider}\", secret = \"theirs\", url = \"{}/siteverify\" }}",
        host.url
    )
}

fn endpoint(host: &Faulty) -> String {
    format!(
        "https = {{ url = \"{}/check\", hmac = \"theirs\" }}",
        host.url
    )
}

fn with_token(token: &str) -> String {
    sign_up(|event| event["request"]["validationData"] = json!({"captcha": token}))
}

fn says(answer: Value) -> Behaviour {
    http("200 OK", &answer.to_string())
}

fn passed() -> Behaviour {
    says(json!({"success": true}))
}

fn used(code: &str) -> Behaviour {
    says(json!({"success": false, "error-codes": [code]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_passes_once_and_its_own_sign_up_again() {
    for (provider, code) in [
        ("turnstile", "timeout-or-duplicate"),
        ("hcaptcha", "already-seen-response"),
        ("recaptcha", "timeout-or-duplicate"),
    ] {
        let host = Faulty::start(used(code)).await;
        let stack = stack_asking(&captcha(&host, provider), SECRET).await;
        host.once([passed()]);
        let sent = with_token(TOKEN);
        for _ in 0..3 {
            assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        }
        let another = sign_up(|event| {
            event["request"]["validationData"] = json!({"captcha": TOKEN});
            event["userName"] = json!("another");
        });
        // Nor does the token open ten minutes of tries to its own user.
        let guessing = sign_up(|event| {
            event["request"]["validationData"] = json!({"captcha": TOKEN, "invitation": "guess"});
        });
        for other in [another, guessing] {
            error_message(&invoke(&stack, FUNCTION, &other).await);
            assert_eq!(last_decision(&stack), "refused captcha-refused");
        }
        let marks = format!("{:?}", items(&stack, "EphemeralTable").await);
        assert!(marks.contains("PASSED#captcha#"), "{marks}");
        let log = log_text(&stack);
        for told in [marks, log] {
            assert!(!told.contains("cAnArY"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sign_up_twenty_times_in_parallel_passes_with_one_token() {
    let host = Faulty::start(used("already-seen-response")).await;
    let stack = stack_asking(&captcha(&host, "hcaptcha"), SECRET).await;
    host.once([passed()]);
    let sent = with_token(TOKEN);
    let deliveries = (0..20).map(|_| invoke(&stack, FUNCTION, &sent));
    // A new account has ten environments.
    let deliveries = futures_util::stream::iter(deliveries).buffer_unordered(10);
    let invocations: Vec<_> = deliveries.collect().await;
    for invocation in invocations {
        answer(&invocation);
    }
    assert_eq!(items(&stack, "EphemeralTable").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_the_service_says_nobody_passes() {
    let host = Faulty::start(Behaviour::Close).await;
    let stack = stack_asking(&captcha(&host, "turnstile"), SECRET).await;
    error_message(&invoke(&stack, FUNCTION, &sign_up(|_| ())).await);
    assert_eq!(last_decision(&stack), "refused captcha-missing");
    let long = with_token(&"x".repeat(8193));
    error_message(&invoke(&stack, FUNCTION, &long).await);
    assert_eq!(last_decision(&stack), "refused captcha-refused");
    assert_eq!(host.requests(), 0);
    for (behaviour, reason) in [
        (used("invalid-input-response"), "captcha-refused"),
        (used("timeout-or-duplicate"), "captcha-refused"),
        (used("invalid-input-secret"), "captcha-unavailable"),
        (used("internal-error"), "captcha-unavailable"),
        (says(json!({"success": "cAnArY"})), "captcha-unavailable"),
        (http("200 OK", "<html>cAnArY</html>"), "captcha-unavailable"),
        (http("503 Service Unavailable", ""), "captcha-unavailable"),
        (http("302 Found", ""), "captcha-unavailable"),
        (Behaviour::Close, "captcha-unavailable"),
        (Behaviour::Hang, "captcha-unavailable"),
    ] {
        host.behave(behaviour.clone());
        error_message(&invoke(&stack, FUNCTION, &with_token(TOKEN)).await);
        let decision = last_decision(&stack);
        assert_eq!(decision, format!("refused {reason}"), "{behaviour:?}");
    }
    assert!(!log_text(&stack).contains("cAnArY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_one_s_own_decides() {
    let host = Faulty::start(says(json!({"decision": "allow"}))).await;
    let stack = stack_asking(&endpoint(&host), SECRET).await;
    let sent = sign_up(|_| ());
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    for (behaviour, reason) in [
        (says(json!({"decision": "refuse"})), "endpoint-refused"),
        (says(json!({"decision": "maybe"})), "endpoint-unavailable"),
        (http("401 Unauthorized", "cAnArY"), "endpoint-unavailable"),
        (Behaviour::Close, "endpoint-unavailable"),
        (Behaviour::Hang, "endpoint-unavailable"),
    ] {
        host.behave(behaviour.clone());
        error_message(&invoke(&stack, FUNCTION, &sent).await);
        let decision = last_decision(&stack);
        assert_eq!(decision, format!("refused {reason}"), "{behaviour:?}");
        assert!(audit_lines(&stack).last().unwrap()["remaining_ms"].as_u64() > Some(0));
    }
    let asked = host.requests();
    let huge = sign_up(|event| {
        event["request"]["userAttributes"]["custom:note"] = json!("x".repeat(5_000_000));
    });
    error_message(&invoke(&stack, FUNCTION, &huge).await);
    assert_eq!(last_decision(&stack), "refused endpoint-unavailable");
    assert_eq!(host.requests(), asked);
    assert!(!log_text(&stack).contains("cAnArY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_is_a_check_that_cannot_decide() {
    let host = Faulty::start(passed()).await;
    let stack = stack_checking(&captcha(&host, "hcaptcha"), &[]).await;
    error_message(&invoke(&stack, FUNCTION, &with_token(TOKEN)).await);
    assert_eq!(last_decision(&stack), "refused captcha-unavailable");
    assert_eq!(host.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_that_hangs_leaves_the_verdict_in_time() {
    let host = Faulty::start(Behaviour::Hang).await;
    let (captcha, endpoint) = (captcha(&host, "turnstile"), endpoint(&host));
    let others = [
        "invitation = {}",
        "unique_email = {}",
        "blocked = {}",
        "legacy_user = {}",
        &endpoint,
        &captcha,
    ];
    for (on_undecided, decision) in [
        ("refuse", "refused blocks-unavailable"),
        ("allow", "allowed reported"),
    ] {
        let mut checks = format!(
            "on_undecided = \"{on_undecided}\"\n\
             velocity = {{ by = \"client\", burst = 3, period_seconds = 60 }}"
        );
        for (number, check) in others.iter().enumerate() {
            let header = format!("[[pre-sign-up.checks]]\nname = \"more{number}\"");
            checks = format!("{checks}\n\n{header}\non_undecided = \"{on_undecided}\"\n{check}");
        }
        let stack = stack_checking(&checks, &[("AWS_ENDPOINT_URL", &host.url)]).await;
        let sent = sign_up(|event| {
            event["request"]["validationData"] = json!({"captcha": TOKEN, "invitation": "code"});
        });
        invoke(&stack, FUNCTION, &sent).await;
        assert_eq!(last_decision(&stack), decision);
        let line = audit_lines(&stack).remove(0);
        assert!(line["remaining_ms"].as_u64() > Some(0), "{line}");
        let reports = line["reports"].as_array().into_iter().flatten();
        let reported: Vec<&str> = reports.map(|it| it["reason"].as_str().unwrap()).collect();
        let all = [
            "blocks-unavailable",
            "captcha-unavailable",
            "velocity-unavailable",
            "invitation-unavailable",
            "unique-email-unavailable",
            "legacy-unavailable",
            "endpoint-unavailable",
        ];
        assert_eq!(
            reported,
            if on_undecided == "allow" {
                &all[..]
            } else {
                &[]
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_no_captcha_or_is_blocked_uses_up_nothing_of_others() {
    let (host, own) = (
        Faulty::start(used("invalid-input-response")).await,
        Faulty::start(says(json!({"decision": "allow"}))).await,
    );
    let header = "[[pre-sign-up.checks]]\nname = ";
    let checks = format!(
        "velocity = {{ by = \"client\", burst = 3, period_seconds = 86400 }}\n\n\
         {header}\"old\"\nlegacy_user = {{}}\n\n{header}\"own\"\nhttps = {{ url = \"{}/check\" }}\n\n\
         {header}\"person\"\n{}\n\n{header}\"stopped\"\nblocked = {{}}\n",
        own.url,
        captcha(&host, "hcaptcha"),
    );
    let stack = stack_asking(&checks, SECRET).await;
    let block = key_item(&DirectoryKey::block("email", "eve@example.com"));
    put(&stack, "DirectoryTable", block).await;
    let blocked = sign_up(|event| {
        event["request"]["validationData"] = json!({"captcha": TOKEN});
        event["request"]["userAttributes"]["email"] = json!("eve@example.com");
    });
    for (sent, reason) in [
        (&sign_up(|_| ()), "captcha-missing"),
        (&with_token(TOKEN), "captcha-refused"),
    ] {
        for _ in 0..4 {
            error_message(&invoke(&stack, FUNCTION, sent).await);
            assert_eq!(last_decision(&stack), format!("refused {reason}"));
        }
    }
    host.once([passed()]);
    error_message(&invoke(&stack, FUNCTION, &blocked).await);
    assert_eq!(last_decision(&stack), "refused email-blocked");
    assert_eq!(own.requests(), 0);
    let left = items(&stack, "EphemeralTable").await;
    let buckets = left
        .iter()
        .filter(|item| read_text(item, "pk").is_some_and(|pk| pk.starts_with("LIMIT#")));
    assert_eq!(buckets.count(), 0, "{left:?}");
    host.once([passed()]);
    let sent = with_token("another token");
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(own.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_cannot_be_read_is_undecided_and_one_that_cannot_be_written_passes() {
    let host = Faulty::start(passed()).await;
    let throttled =
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\"}";
    let table = Faulty::start(http("400 Bad Request", throttled)).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    let stack = stack_checking(&captcha(&host, "hcaptcha"), &endpoint).await;
    secret(&stack, SECRET).await;
    let sent = with_token(TOKEN);
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "allowed no-objection");
    host.behave(used("already-seen-response"));
    error_message(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "refused captcha-unavailable");
}
