//! What the audit line keeps of a decision: enough to find it again in CloudTrail, and nobody's name.

use super::*;
use crate::common::signed::{post_signed, session_of};

fn sha256(text: &str) -> String {
    let octets = Sha256::digest(text);
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn last_line(stack: &Stack) -> Value {
    audit_lines(stack).pop().unwrap()
}

/// The role session that vended credentials are of, by STS's word.
async fn session_by_sts(stack: &Stack, vended: &Value) -> String {
    let text = |name: &str| vended[name].as_str().unwrap().to_owned();
    let credentials = aws_credential_types::Credentials::new(
        text("AccessKeyId"),
        text("SecretAccessKey"),
        Some(text("Token")),
        None,
        "vended",
    );
    let sts = aws_sdk_sts::Client::new(&stack.sdk_config(credentials));
    let caller = sts.get_caller_identity().send().await.unwrap();
    let arn = caller.arn.unwrap();
    arn.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_noted_with_its_proof_and_whose_it_is() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let body = exchange(&stack, &jwt, "").await.json();
    let line = last_line(&stack);
    assert_eq!(line["proof_sha256"], sha256(&jwt));
    assert_eq!(line["vouched_by"], claims_of(&jwt)["iss"]);
    let expected = json!({
        "flow": "token",
        "duration_seconds": 900,
        "tags": [],
        "identity_id": body["identity_id"],
    });
    assert_eq!(line["session"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_noted_by_the_session_name_that_cloudtrail_shows() {
    let stack = stack().await;
    let claims = json!({"sub": "ana", "cognito:groups": ["publishers"], "tenant": "acme"});
    let jwt = mint(&stack, claims);
    for (role, flow) in [("publisher", "credentials"), ("tenant", "direct")] {
        let answer = credentials(&stack, &jwt, &format!("/{role}")).await;
        assert_eq!(answer.status, 200, "{}", log_text(&stack));
        let session = last_line(&stack)["session"].clone();
        assert_eq!(session["flow"], flow);
        let name = session_by_sts(&stack, &answer.json()).await;
        assert_eq!(session["session_name"], name, "{role}");
        let has_identity = session["identity_id"].is_string();
        assert_eq!(has_identity, flow == "credentials");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_noted_by_key_and_a_source_identity_by_its_hash() {
    let role = "flow = \"direct\"\ntags = { tenant = { claim = \"tenant\" } }";
    let more = role.replace("direct\"", "direct\"\nsource_identity = \"login\"");
    let stack = stack_under(role, &more).await;
    let claims = json!({"sub": "ana", "tenant": "acme", "login": "ana@example.com"});
    let answer = credentials(&stack, &mint(&stack, claims), "/tenant").await;
    assert_eq!(answer.status, 200, "{}", log_text(&stack));
    let session = last_line(&stack)["session"].clone();
    assert_eq!(session["tags"], json!(["tenant"]));
    assert_eq!(session["source_identity"].as_str().unwrap().len(), 32);
    let log = log_text(&stack);
    assert!(!log.contains("acme") && !log.contains("ana@"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_sts_may_have_begun_is_noted_though_nobody_has_heard_of_it() {
    let sts = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_STS", &sts.url)]).await;
    let jwt = mint(&stack, json!({"sub": "ana", "tenant": "acme"}));
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 503);
    let line = last_line(&stack);
    assert_eq!(line["outcome"], "failed");
    assert!(line["session"]["session_name"].is_string(), "{line}");
    assert!(line.get("token_sha256").is_none(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_does_not_hold_is_noted_and_nobody_vouched_for_it() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana", "aud": "another"}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 400);
    let line = last_line(&stack);
    assert_eq!(line["proof_sha256"], sha256(&jwt));
    assert!(line.get("vouched_by").is_none(), "{line}");
    assert!(line.get("session").is_none(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_jwt_is_not_noted_by_a_digest_either() {
    let stack = stack().await;
    for password in ["correct-horse", "e30.e30.e30"] {
        assert_eq!(exchange(&stack, password, "").await.status, 400);
        let line = last_line(&stack);
        assert!(line.get("proof_sha256").is_none(), "{line}");
        assert!(!log_text(&stack).contains(&sha256(password)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_that_vouches_is_noted_by_its_role() {
    let stack = vouching::stack_with_back_ends().await;
    let session = session_of(&stack, "CrmBackend");
    let url = format!("{}/vouch", stack.api_url);
    for (subject, vouched_by) in [("ana", json!("poolkeeper-CrmBackend")), ("", Value::Null)] {
        let body = json!({"source": "crm", "subject": subject});
        post_signed(&session, &url, &body.to_string()).await;
        let line = last_line(&stack);
        assert_eq!(line["vouched_by"], vouched_by, "{line}");
        assert!(line.get("proof_sha256").is_none(), "{line}");
    }
}
