//! Outages, budgets and wrong deployments.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_503_with_a_time_to_come_back_and_no_cause() {
    for (behaviour, status) in [
        (Behaviour::Close, 503),
        (http("500 Internal Server Error", "canary"), 503),
        (
            http(
                "400 Bad Request",
                r#"{"__type":"ThrottlingException","message":"canary"}"#,
            ),
            429,
        ),
        (
            http(
                "400 Bad Request",
                r#"{"__type":"ValidationException","message":"canary"}"#,
            ),
            500,
        ),
    ] {
        let aws = Faulty::start(behaviour.clone()).await;
        let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &aws.url)]).await;
        let jwt = mint(&stack, json!({"sub": "ana"}));
        for answer in [
            exchange(&stack, &jwt, "").await,
            credentials(&stack, &jwt, "").await,
        ] {
            assert_eq!(answer.status, status, "{behaviour:?}");
            assert_eq!(answer.headers.contains_key("retry-after"), status != 500);
            assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
        }
        assert!(last_decision(&stack).starts_with("failed "));
        assert!(!log_text(&stack).contains("canary"), "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_hangs_does_not_take_the_function_with_it() {
    let issuer = Faulty::start(Behaviour::Hang).await;
    let urls = format!("app={}", issuer.url);
    let stack = stack_with(FUNCTION, &[("ISSUER_URLS", &urls)]).await;
    let jwt = mint(&stack, json!({"sub": "ana", "iss": issuer.url}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_and_wiring_that_disagree_stop_the_start_with_one_line() {
    let mut unbound = options();
    unbound.environment = environment(
        FUNCTION,
        &[
            ("ROLE_ARNS", "member=nonsense"),
            ("ROLE_ARN_PREFIX", ""),
            ("ISSUER_URLS", ""),
        ],
    );
    let mut rules = options();
    rules.policy = bent_policy("role = \"member\"", "role = \"owner\"");
    for (options, causes) in [
        (
            unbound,
            vec![
                "member is bound to no role ARN",
                "publisher has no ARN",
                "the source app has no issuer URL",
            ],
        ),
        (rules, vec!["the role owner is not defined"]),
    ] {
        let stack = local::start(&options).await.unwrap();
        let jwt = mint(&stack, json!({"sub": "ana"}));
        assert_eq!(exchange(&stack, &jwt, "").await.status, 500);
        let log = log_text(&stack);
        let line = log
            .lines()
            .find(|line| line.contains("does not start"))
            .unwrap();
        assert!(causes.iter().all(|cause| line.contains(cause)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_given_up_before_an_sdk_does() {
    let aws = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &aws.url)]).await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(credentials(&stack, &jwt, "").await.status, 503);
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(line["outcome"], "failed");
    assert!(line["principal"].is_string(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_credentials_is_below_two_seconds_the_start_included() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    for most in [1500, 1800] {
        assert_eq!(credentials(&stack, &jwt, "").await.status, 200);
        let line = audit_lines(&stack).pop().unwrap();
        let left = line["remaining_ms"].as_u64().unwrap();
        assert!(left <= most, "{left}");
    }
}
