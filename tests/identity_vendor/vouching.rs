//! A back end vouches for its users, authenticated by IAM.

use super::*;
use crate::common::signed::{bent_template, post_signed, session_of};

/// Two back ends that may call the route; the policy lets one vouch.
const BACK_ENDS: &str = include_str!("../common/back-ends.yaml");

const SOURCE: &str = r#"
[identity-vendor.sources.crm]
vouched_by = ["ROLE"]
vouched_claims = ["tenant"]
default_role = "member"

[identity-vendor.roles.member]"#;

pub(super) async fn stack_with_back_ends() -> Stack {
    let mut options = options();
    options.template = bent_template("\nResources:\n", &format!("\n{BACK_ENDS}"));
    let role = "poolkeeper-CrmBackend";
    let source = SOURCE.replace("ROLE", role);
    options.policy = bent_policy("[identity-vendor.roles.member]", &source);
    let stack = local::start(&options).await.unwrap();
    assert_eq!(stack.physical_name("CrmBackend"), role);
    stack
}

async fn vouch(stack: &Stack, role: &str, body: Value) -> Answer {
    let url = format!("{}/vouch", stack.api_url);
    post_signed(&session_of(stack, role), &url, &body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_vouches_for_its_users_without_a_key_of_its_own() {
    let stack = stack_with_back_ends().await;
    let body = json!({"source": "crm", "subject": "ana", "claims": {"tenant": "acme"}});
    let answer = vouch(&stack, "CrmBackend", body.clone()).await;
    assert_eq!(answer.status, 200, "{}", log_text(&stack));
    let vouched = answer.json();
    let claims = claims_of(vouched["access_token"].as_str().unwrap());
    let tags = &claims["https://aws.amazon.com/tags"]["principal_tags"];
    assert_eq!(tags["vend_role"], json!(["member"]));
    assert_eq!(last_decision(&stack), "issued token");
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(line["source"], "crm");
    assert!(line["principal"].is_string(), "{line}");
    // The same subject of another source is somebody else.
    let app = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), "")
        .await
        .json();
    assert_ne!(app["identity_id"], vouched["identity_id"]);
    let again = vouch(&stack, "CrmBackend", body).await.json();
    assert_eq!(again["identity_id"], vouched["identity_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_vouches_and_nobody_for_more_than_the_policy_says() {
    let stack = stack_with_back_ends().await;
    let good = json!({"source": "crm", "subject": "ana"});
    for (role, body) in [
        ("OtherBackend", good.clone()),
        ("CrmBackend", json!({"source": "app", "subject": "ana"})),
        ("CrmBackend", json!({"source": "none", "subject": "ana"})),
        ("CrmBackend", json!({"source": "crm", "subject": ""})),
        (
            "CrmBackend",
            json!({"source": "crm", "subject": "a", "claims": {"admin": true}}),
        ),
        (
            "CrmBackend",
            json!({"source": "crm", "subject": "a", "claims": {"sub": "eva"}}),
        ),
    ] {
        let refused = vouch(&stack, role, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.json()["error"], "unauthorized_client", "{body}");
        assert_eq!(last_decision(&stack), "denied may-not-vouch");
    }
    let decided = audit_lines(&stack).len();
    // IAM's authorizer refuses these before the function sees them.
    let url = format!("{}/vouch", stack.api_url);
    let json_type = [("content-type", "application/json")];
    let unsigned = send("POST", &url, &json_type, &good.to_string())
        .await
        .unwrap();
    assert_eq!(unsigned.status, 403);
    assert_eq!(
        vouch(&stack, "IdentityVendorRole", good.clone())
            .await
            .status,
        403
    );
    let session = session_of(&stack, "CrmBackend");
    let wrong = aws_credential_types::Credentials::new(
        session.access_key_id(),
        "another",
        session.session_token().map(str::to_owned),
        None,
        "test",
    );
    assert_eq!(
        post_signed(&wrong, &url, &good.to_string()).await.status,
        403
    );
    assert_eq!(audit_lines(&stack).len(), decided);
    // The account's owner may call everything, and is no back end.
    let owner = post_signed(&Stack::admin(), &url, &good.to_string()).await;
    assert_eq!(owner.json()["error"], "unauthorized_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_back_end_says_is_refused_or_means_itself_and_is_in_no_log() {
    let stack = stack_with_back_ends().await;
    let url = format!("{}/vouch", stack.api_url);
    let session = session_of(&stack, "CrmBackend");
    let deep = "[".repeat(30_000);
    let long = "x".repeat(60_000);
    let mut identities = BTreeSet::new();
    for (members, error) in [
        // Two readers would see two tenants.
        (
            r#""subject":"a","claims":{"tenant":"canary","tenant":"b"}"#,
            Some("invalid_request"),
        ),
        (
            &*format!(r#""subject":"a","claims":{{"tenant":{deep}"#),
            Some("invalid_request"),
        ),
        (
            r#""subject":"a","claims":{"tenant":1e999}"#,
            Some("invalid_request"),
        ),
        (r#""subject":"\ud800canary""#, Some("invalid_request")),
        (
            r#""subject":"a","claims":{"__proto__":{"canary":1}}"#,
            Some("unauthorized_client"),
        ),
        (
            &*format!(r#""subject":"{long}canary""#),
            Some("unauthorized_client"),
        ),
        (
            r#""subject":"a","role":"member\ncanary""#,
            Some("invalid_target"),
        ),
        // Each is somebody else, whatever a log, a key or a path would make of them.
        (r#""subject":"canary\u0000""#, None),
        (r#""subject":"canary""#, None),
        (r#""subject":"canary\n{\"outcome\":\"issued\"}""#, None),
        (r#""subject":"canary#crm#../\u202e%00${*}""#, None),
        (r#""subject":"canar\u0443""#, None),
    ] {
        let body = format!(r#"{{"source":"crm",{members}}}"#);
        let answer = post_signed(&session, &url, &body).await;
        let about = &members[..members.len().min(80)];
        match error {
            Some(error) => assert_eq!(answer.json()["error"], error, "{about}"),
            None => {
                let identity = answer.json()["identity_id"].as_str().unwrap().to_owned();
                assert!(identities.insert(identity), "{about} is somebody else");
            }
        }
    }
    let log = log_text(&stack);
    assert!(!log.contains("canar"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_function_url_nobody_vouches_whatever_its_event_says() {
    let stack = stack_with_back_ends().await;
    let event = |route_key: &str, authorizer: Value| {
        json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": "/vouch",
            "headers": {"content-type": "application/json"},
            "requestContext": {
                "accountId": "123456789012",
                "routeKey": route_key,
                "http": {"method": "POST", "path": "/vouch"},
                "stage": "$default",
                "authorizer": authorizer,
            },
            "body": json!({"source": "crm", "subject": "ana"}).to_string(),
            "isBase64Encoded": false,
        })
    };
    let iam = json!({"iam": {
        "accountId": "123456789012",
        "userArn": "arn:aws:sts::123456789012:assumed-role/poolkeeper-CrmBackend/x",
    }});
    for event in [
        event("$default", iam),
        event("POST /vouch", json!({"jwt": {"claims": {}}})),
    ] {
        let name = stack.physical_name(FUNCTION);
        let payload = event.to_string().into_bytes();
        let answered = stack.lambda.invoke(&name, payload).await.unwrap();
        let body: Value = serde_json::from_slice(&answered.payload).unwrap();
        assert_eq!(body["statusCode"], 404, "{body}");
    }
}
