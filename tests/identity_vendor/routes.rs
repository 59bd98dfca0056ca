//! The routes, as an HTTP API, a custom domain and a function URL bring them, and what each error carries.

use super::*;
use crate::common::{event, event_text, invoke};

/// What the function itself answers to a sample of events/ with this proof.
async fn answered(stack: &Stack, sample: &str, jwt: &str) -> (i64, Value) {
    let event = event(sample, |event| {
        event["headers"]["authorization"] = json!(format!("Bearer {jwt}"));
    });
    let answer = invoke(stack, FUNCTION, &event).await;
    assert_eq!(answer.function_error, None);
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    let body = answer["body"].as_str().unwrap();
    assert_eq!(answer["headers"]["cache-control"], "no-store");
    (
        answer["statusCode"].as_i64().unwrap(),
        serde_json::from_str(body).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_domain_and_a_function_url_lead_to_the_same_routes() {
    let stack = stack().await;
    let claims = json!({"sub": "ana", "cognito:groups": ["publishers"]});
    let jwt = mint(&stack, claims);
    for sample in [
        "identity-vendor.credentials-role",
        "identity-vendor.credentials-role.custom-domain",
        "identity-vendor.credentials-role.function-url",
    ] {
        let (status, body) = answered(&stack, sample, &jwt).await;
        assert_eq!(status, 200, "{sample}: {body}");
        assert!(body["AccessKeyId"].is_string(), "{sample}");
        assert_eq!(audit_lines(&stack).pop().unwrap()["role"], "publisher");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_hook_gets_the_identity_and_its_token_in_both_casings() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let url = format!("{}/identity", stack.api_url);
    let bearer = format!("Bearer {jwt}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let own = send("POST", &url, &headers, "").await.unwrap();
    assert_eq!(own.status, 200);
    let own = own.json();
    for (one, other) in [("identityId", "IdentityId"), ("token", "Token")] {
        assert!(own[one].is_string(), "{own}");
        assert_eq!(own[one], own[other]);
    }
    let claims = claims_of(own["Token"].as_str().unwrap());
    assert_eq!(claims["sub"], own["IdentityId"]);

    // Somebody else's IdentityId is not heard.
    let jwt = mint(&stack, json!({"sub": "eva"}));
    let bearer = format!("Bearer {jwt}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"IdentityId": own["IdentityId"], "identityId": own["IdentityId"]});
    let hers = send("POST", &url, &headers, &body.to_string())
        .await
        .unwrap();
    assert_eq!(hers.status, 200);
    assert_ne!(hers.json()["IdentityId"], own["IdentityId"]);

    let nobody = send("POST", &url, &[], "").await.unwrap();
    assert_eq!(
        (nobody.status, &nobody.json()["Code"]),
        (401, &json!("Unauthorized"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_that_the_function_starts_and_nothing_of_the_deployment() {
    let stack = stack().await;
    let url = format!("{}/health", stack.api_url);
    let healthy = send("GET", &url, &[], "").await.unwrap();
    assert_eq!(
        (healthy.status, healthy.json()),
        (200, json!({"status": "ok"}))
    );
    assert_eq!(healthy.headers["cache-control"], "no-store");
    assert_eq!(last_decision(&stack), "answered healthy");
    let broken = stack_with(FUNCTION, &[("ROLE_ARNS", "member=nonsense")]).await;
    let url = format!("{}/health", broken.api_url);
    assert_eq!(send("GET", &url, &[], "").await.unwrap().status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_has_the_request_id_under_which_the_log_has_its_cause() {
    let stack = stack().await;
    let expired = mint(&stack, json!({"sub": "ana", "exp": 1}));
    let posted = exchange(&stack, &expired, "").await.json();
    let got = credentials(&stack, &expired, "").await.json();
    let ids = [&posted["request_id"], &got["RequestId"]].map(|id| id.as_str().unwrap());
    assert_ne!(ids[0], ids[1]);
    let log = log_text(&stack);
    for id in ids {
        let causes = log.lines().filter(|line| line.contains("has expired"));
        assert_eq!(causes.filter(|line| line.contains(id)).count(), 1, "{id}");
        let lines = audit_lines(&stack).into_iter();
        assert_eq!(lines.filter(|line| line["request_id"] == id).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_in_the_format_of_its_route() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let bearer = format!("Bearer {jwt}");
    let one = ("authorization", bearer.as_str());
    let url = format!("{}/credentials", stack.api_url);
    let twice = send("GET", &url, &[one, one], "").await.unwrap();
    assert_eq!(
        (twice.status, &twice.json()["Code"]),
        (400, &json!("InvalidRequest"))
    );
    let with_body = send("GET", &url, &[one], r#"{"role":"publisher"}"#)
        .await
        .unwrap();
    assert_eq!(with_body.status, 200);
    assert_eq!(audit_lines(&stack).pop().unwrap()["role"], "member");

    let many = format!("{GRANT}&subject_token={jwt}{}", "&a=b".repeat(10_000));
    let many = post(&stack, &many).await;
    let text = "the form has more than 100 parameters";
    assert_eq!(
        (many.status, &many.json()["error_description"]),
        (400, &json!(text))
    );
    let url = format!("{}/token", stack.api_url);
    for content_type in ["application/json", "text/plain", "multipart/form-data"] {
        let headers = [("content-type", content_type)];
        let wrong = send("POST", &url, &headers, "{}").await.unwrap();
        assert_eq!(
            (wrong.status, &wrong.json()["error"]),
            (400, &json!("invalid_request"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_may_read_the_headers_that_an_error_is_about() {
    let mut options = options();
    let origin = "https://app.example.com";
    let parameter = ("CorsAllowOrigins".to_owned(), origin.to_owned());
    options.parameters.extend([parameter]);
    let stack = local::start(&options).await.unwrap();
    let url = format!("{}/identity", stack.api_url);
    let asks = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let preflight = send("OPTIONS", &url, &asks, "").await.unwrap();
    assert_eq!(preflight.headers["access-control-allow-origin"], origin);
    assert_eq!(
        preflight.headers["access-control-allow-headers"],
        "authorization,content-type"
    );
    let refused = send("POST", &url, &[("origin", origin)], "").await.unwrap();
    assert_eq!(refused.status, 401);
    let exposed = &refused.headers["access-control-expose-headers"];
    assert!(exposed.contains("www-authenticate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_of_a_request_is_served_by_its_route() {
    let stack = stack().await;
    let entries = std::fs::read_dir(crate::common::tree("events")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut seen = 0;
    for name in names.filter(|name| name.starts_with("identity-vendor.")) {
        let sample = event_text(name.trim_end_matches(".json"));
        let answer = invoke(&stack, FUNCTION, &sample).await;
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        let status = answer["statusCode"].as_i64().unwrap();
        assert!([200, 400, 401].contains(&status), "{name}: {answer}");
        seen += 1;
    }
    assert!(seen >= 7, "{seen}");
}
