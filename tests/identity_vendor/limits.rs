//! Limits: of callers, of sources, of addresses, and of what Cognito allows.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use shared::state::EphemeralKey;

use super::*;
use crate::{
    common::{policy_file, shipped, signer::Signer},
    post_confirmation::{items, text},
};

/// The suite under a policy with these limits.
async fn limited(limits: &str) -> Stack {
    let section = "[identity-vendor.limits]";
    stack_under(section, &format!("{section}\n{limits}")).await
}

fn retry_after(answer: &Answer) -> u32 {
    answer.headers["retry-after"].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let stack = limited("per_principal = { burst = 3, period_seconds = 3600 }").await;
    let ana = mint(&stack, json!({"sub": "ana"}));
    for _ in 0..3 {
        assert_eq!(exchange(&stack, &ana, "").await.status, 200);
    }
    let refused = exchange(&stack, &ana, "").await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (429, &json!("temporarily_unavailable"))
    );
    assert!(
        (1000..=1200).contains(&retry_after(&refused)),
        "{}",
        retry_after(&refused)
    );
    let refused = credentials(&stack, &ana, "").await;
    assert_eq!(
        (refused.status, &refused.json()["Code"]),
        (429, &json!("TooManyRequests"))
    );
    assert_eq!(last_decision(&stack), "denied limited-principal");
    let eva = mint(&stack, json!({"sub": "eva"}));
    assert_eq!(exchange(&stack, &eva, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_to_come_back_keeps_a_token_that_is_good_for_once() {
    let section = "[identity-vendor.limits]";
    let limits = "per_principal = { burst = 1, period_seconds = 3600 }";
    let policy = bent_policy(section, &format!("{section}\n{limits}"));
    let policy = std::fs::read_to_string(policy).unwrap();
    let mut options = options();
    options.policy = policy_file(&policy.replace("# single_use = false", "single_use = true"));
    let stack = local::start(&options).await.unwrap();
    for (jti, status) in [("one", 200), ("two", 429)] {
        let jwt = mint(&stack, json!({"sub": "ana", "jti": jti}));
        assert_eq!(exchange(&stack, &jwt, "").await.status, status, "{jti}");
    }
    let marks = items(&stack, "EphemeralTable").await;
    let used = marks
        .iter()
        .filter(|item| text(item, "pk").starts_with("JTI#"));
    assert_eq!(used.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_of_a_source_may_be_limited_together() {
    let stack = limited("per_source = { burst = 2, period_seconds = 3600 }").await;
    for (subject, status) in [("ana", 200), ("eva", 200), ("ida", 429)] {
        let jwt = mint(&stack, json!({"sub": subject}));
        assert_eq!(exchange(&stack, &jwt, "").await.status, status, "{subject}");
    }
    assert_eq!(last_decision(&stack), "denied limited-source");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_whose_proofs_fail_is_refused_also_with_a_good_one() {
    let limits = "failures_per_address = { burst = 3, period_seconds = 3600 }\ntrusted_hops = 1";
    let stack = limited(limits).await;
    let ask = async |from: &str, jwt: &str| {
        let url = format!("{}/credentials", stack.api_url);
        let bearer = format!("Bearer {jwt}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-for", from),
        ];
        send("GET", &url, &headers, "").await.unwrap().status
    };
    let (good, bad) = (mint(&stack, json!({"sub": "ana"})), "e30.e30.e30");
    for _ in 0..3 {
        assert_eq!(ask("198.51.100.1", bad).await, 401);
    }
    assert_eq!(ask("198.51.100.1", bad).await, 429);
    assert_eq!(ask("198.51.100.1", &good).await, 429);
    assert_eq!(last_decision(&stack), "denied limited-address");
    // Whoever asks by the same proxy from elsewhere, and what the refused address says of itself.
    assert_eq!(ask("203.0.113.7", &good).await, 200);
    assert_eq!(ask("203.0.113.7, 198.51.100.1", &good).await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_costs_one_read_and_no_write() {
    let section = "[identity-vendor.limits]";
    let limits = "per_principal = { burst = 1, period_seconds = 3600 }\n\
                  failures_per_address = { burst = 1, period_seconds = 3600 }";
    let mut options = options();
    options.policy = bent_policy(section, &format!("{section}\n{limits}"));
    let table = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    options.environment = environment(FUNCTION, &endpoint);
    let stack = local::start(&options).await.unwrap();
    table.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 200);
    let before = table.requests();
    assert_eq!(exchange(&stack, &jwt, "").await.status, 429);
    assert_eq!(table.requests() - before, 1);
    assert_eq!(exchange(&stack, "e30.e30.e30", "").await.status, 400);
    let before = table.requests();
    assert_eq!(exchange(&stack, "e30.e30.e30", "").await.status, 429);
    assert_eq!(table.requests() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_served_draws_by_one_write() {
    let section = "[identity-vendor.limits]";
    let limits = "per_principal = { burst = 3, period_seconds = 3600 }";
    let mut options = options();
    options.policy = bent_policy(section, &format!("{section}\n{limits}"));
    let table = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    options.environment = environment(FUNCTION, &endpoint);
    let stack = local::start(&options).await.unwrap();
    table.behave(Behaviour::ForwardOne(stack.aws_url.clone()));
    let jwt = mint(&stack, json!({"sub": "ana", "tenant": "acme"}));
    // The first finds a full bucket and makes the record; the others find what is left.
    for requests in [4, 3, 3] {
        let before = table.requests();
        assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 200);
        assert_eq!(table.requests() - before, requests);
    }
    let before = table.requests();
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 429);
    assert_eq!(table.requests() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_that_does_not_answer_lets_nobody_in() {
    let stack = stack_with(FUNCTION, &[("EPHEMERAL_TABLE", "elsewhere")]).await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert!(exchange(&stack, &jwt, "").await.status >= 500);
    // A proof that is not accepted is not accepted all the same.
    assert_eq!(exchange(&stack, "e30.e30.e30", "").await.status, 400);
}

/// The suite with a server before its tables, how that passes requests on, and a JWT that has been vended for.
async fn drawn_from_once() -> (Stack, Faulty, Behaviour, String) {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    let there = Behaviour::ForwardOne(stack.aws_url.clone());
    table.behave(there.clone());
    let jwt = mint(&stack, json!({"sub": "ana", "tenant": "acme"}));
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 200);
    (stack, table, there, jwt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_that_cannot_count_lets_nobody_in() {
    let (stack, table, there, jwt) = drawn_from_once().await;
    // The buckets can be looked at, and not drawn from, not even at the second try.
    let down = http("500 Internal Server Error", "{}");
    table.once([there, down.clone(), down]);
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 503);
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_full_again_and_then_drawn_from_is_not_taken_for_empty() {
    let (stack, table, there, jwt) = drawn_from_once().await;
    // What is left was seen; by the first write the bucket is full, by the second somebody else has drawn from it.
    let not_so = http(
        "400 Bad Request",
        r#"{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#,
    );
    table.once([there, not_so.clone(), not_so]);
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_by_keys_that_nobody_knows_count_as_failures_of_the_address() {
    let stack = limited("failures_per_address = { burst = 2, period_seconds = 3600 }").await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({
        "iss": stack.issuer.issuer(), "sub": "ana", "aud": "poolkeeper", "iat": now, "exp": now + 600,
    });
    let jwt = Signer::p256("invented").token(&claims);
    for status in [400, 503, 429] {
        assert_eq!(exchange(&stack, &jwt, "").await.status, status);
    }
}

/// Takes from a caller's own bucket until this long passes before it is full again.
async fn drain(stack: &Stack, subject: &str, seconds: i64) {
    let key = EphemeralKey::limit("identity-vendor", "principal", &["app", subject]);
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let number = |seconds: i64| AttributeValue::N(seconds.to_string());
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("EphemeralTable"))
        .item("pk", AttributeValue::S(key.0))
        .item("full_at", number((now + seconds) * 1000))
        .item("expires_at", number(now + 2 * seconds))
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_asks_without_end_leaves_the_others_theirs() {
    // Two of the four calls that are there at once are kept for whoever has more than half of their own limit left.
    let limits =
        "cognito_calls_per_second = 20\nper_principal = { burst = 1000, period_seconds = 1000 }";
    let stack = limited(limits).await;
    stack.identity_pools.allow_developer_tokens(20);
    drain(&stack, "greedy", 600).await;
    let greedy = mint(&stack, json!({"sub": "greedy"}));
    let modest = async {
        let mut answers = Vec::new();
        for number in 0..30 {
            // From one draw to the next more than what a call takes to flow in again (63 ms).
            tokio::time::sleep(Duration::from_millis(100)).await;
            let jwt = mint(&stack, json!({"sub": format!("modest-{}", number % 10)}));
            answers.push(exchange(&stack, &jwt, "").await.status);
        }
        answers
    };
    let without_end = async || {
        loop {
            let status = exchange(&stack, &greedy, "").await.status;
            assert!([200, 503].contains(&status), "{status}");
        }
    };
    let greedy = async { tokio::join!(without_end(), without_end(), without_end()) };
    let answers = tokio::select! {
        answers = modest => answers,
        _ = greedy => unreachable!("it never ends"),
    };
    assert_eq!(answers, [200; 30]);
    let reasons = audit_lines(&stack).into_iter();
    let shed = reasons.filter(|line| line["reason"] == "shed").count();
    assert!(shed > 0, "there was no shortage");
    assert_eq!(stack.identity_pools.throttled_developer_tokens(), 0);
}

/// What became of many calls.
struct Flood {
    issued: BTreeMap<usize, u64>,
    shed: u64,
}

/// `calls` of `principals`, of whom the first asks half of the time, `at_once` at a time.
async fn flood(stack: &Stack, calls: usize, principals: usize, at_once: usize) -> Flood {
    let jwts: Vec<String> = (0..principals)
        .map(|index| mint(stack, json!({"sub": format!("user-{index}")})))
        .collect();
    let whose = |call: usize| {
        if call.is_multiple_of(2) {
            0
        } else {
            (call / 2) % principals
        }
    };
    let workers = (0..at_once).map(|worker| {
        let jwts = &jwts;
        async move {
            let mut answers = Vec::new();
            for call in (worker..calls).step_by(at_once) {
                let principal = whose(call);
                let answer = exchange(stack, &jwts[principal], "").await;
                assert!([200, 503].contains(&answer.status), "{}", answer.status);
                if answer.status == 503 {
                    assert!(retry_after(&answer) >= 1);
                }
                answers.push((principal, answer.status));
            }
            answers
        }
    });
    let answers = futures_util::future::join_all(workers).await;
    let mut flood = Flood {
        issued: BTreeMap::new(),
        shed: 0,
    };
    for (principal, status) in answers.into_iter().flatten() {
        match status {
            200 => *flood.issued.entry(principal).or_default() += 1,
            _ => flood.shed += 1,
        }
    }
    flood
}

#[expect(clippy::print_stderr, reason = "the figures are for whoever runs it")]
/// Cognito was never over its quota, whoever was not shed was served, and nobody was left out.
async fn assert_shed_below_the_quota(quota: usize, calls: usize, principals: usize) {
    let limits = format!(
        "cognito_calls_per_second = {}\nper_principal = {{ burst = 1000, period_seconds = 1 }}",
        quota * 9 / 10
    );
    let section = "[identity-vendor.limits]";
    let mut options = options();
    options.policy = bent_policy(section, &format!("{section}\n{limits}"));
    let vendor = shipped::binary("identity-vendor");
    options.binaries = shipped::folder_of(&vendor, "identity-vendor");
    options.check_binaries = false;
    let stack = local::start(&options).await.unwrap();
    stack.identity_pools.allow_developer_tokens(quota);
    let began = std::time::Instant::now();
    let flood = flood(&stack, calls, principals, 8).await;
    let took = began.elapsed();
    assert_eq!(stack.identity_pools.throttled_developer_tokens(), 0);
    let mut upstream: Vec<u64> = stack
        .identity_pools
        .developer_token_calls()
        .into_values()
        .collect();
    let mut issued: Vec<u64> = flood.issued.values().copied().collect();
    upstream.sort_unstable();
    issued.sort_unstable();
    assert_eq!(upstream, issued, "one call of Cognito for each token");
    let total: u64 = issued.iter().sum();
    assert_eq!(total + flood.shed, calls as u64);
    assert!(flood.shed > 0, "there was no flood: {took:?}");
    eprintln!(
        "{calls} calls of {principals} principals in {took:.1?}: {total} tokens, {} shed; tokens per \
         principal from {} to {} (the one who asks half of the time has {})",
        flood.shed,
        issued.first().unwrap(),
        issued.last().unwrap(),
        flood.issued.get(&0).unwrap_or(&0),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_shed_before_cognito_throttles() {
    assert_shed_below_the_quota(10, 300, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make many-calls runs it, with the function that ships"]
async fn ten_thousand_calls_of_a_hundred_principals_are_shed_before_cognito_throttles() {
    let calls = std::env::var("POOLKEEPER_CALLS").map_or(10_000, |calls| calls.parse().unwrap());
    assert_shed_below_the_quota(50, calls, 100).await;
}
