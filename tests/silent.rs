//! Promise 4: no password, token, key, code or e-mail in any log, error or trace at any level, also on
//! parse failures. Canaries go through every path, with the log at TRACE, as far as it lets one.

use std::collections::BTreeMap;

use crate::common::{
    event, event_text,
    faulty::{Behaviour, Faulty, http},
    log_text, options,
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::{http_client::send, stack::Stack};
use local::Options;
use serde_json::{Value, json};

const CANARY: &str = "cAnArY";
/// `crypt(3)` of the canary, as Debian stores it.
const HASH_OF_CANARY: &str = "$6$rounds=1000$canarysalt$ZCsoSsH9sqkDQotgG4nDLLrRRKdAYUCIsiE9jz6w9nUUM1kYEI8o09t1qFJNpX27qF28qA5hlXArW3u8lSXed.";
const FUNCTIONS: [&str; 4] = [
    "PreSignUpFunction",
    "PostConfirmationFunction",
    "UserMigrationFunction",
    "IdentityVendorFunction",
];

/// Everything at the most talkative level that can be asked for.
fn at_trace(more: &[(&str, &str)]) -> Options {
    let mut options = options();
    let mut variables: BTreeMap<String, String> = [
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        // A key that would show too, if it were printed.
        ("LOG_KEY", "cAnArY-key-of-this-stack"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    variables.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    options.environment = FUNCTIONS
        .map(|function| (function.to_owned(), variables.clone()))
        .into();
    options
}

/// A user of the old system whose name, password and attributes are canaries.
async fn put_legacy_row(stack: &Stack) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let attributes = ["email", "full_name"].map(|name| (name.to_owned(), text(&legacy_name())));
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("LegacyUsersTable"))
        .item("username", text(&legacy_name().to_lowercase()))
        .item("password_hash", text(HASH_OF_CANARY))
        .item("email_verified", AttributeValue::Bool(true))
        .item("attributes", AttributeValue::M(attributes.into()))
        .send()
        .await
        .unwrap();
}

fn legacy_name() -> String {
    format!("legacy-{CANARY}@example.com")
}

/// Sends `payload` to a function and gives what it answered with, if that was an error.
async fn error_of(stack: &Stack, function: &str, payload: &str) -> String {
    let name = stack.physical_name(function);
    let done = stack
        .lambda
        .invoke(&name, payload.as_bytes().to_vec())
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&done.payload).into_owned();
    if done.function_error.is_some() {
        text
    } else {
        String::new()
    }
}

/// Events in which every text that a person could have typed is a canary.
fn events() -> Vec<(&'static str, String)> {
    let name = |event: &mut Value| event["userName"] = json!(format!("{CANARY}@example.com"));
    let attributes = |event: &mut Value| {
        name(event);
        let attributes = event["request"]["userAttributes"].as_object_mut().unwrap();
        attributes.insert("email".to_owned(), json!(format!("{CANARY}@evil.example")));
        attributes.insert("phone_number".to_owned(), json!(CANARY));
        event["request"]["validationData"] = json!({"code": CANARY});
    };
    let password = |event: &mut Value| {
        name(event);
        event["request"]["password"] = json!(CANARY);
    };
    let odd_password = |event: &mut Value| {
        name(event);
        event["request"]["password"] = json!({CANARY: CANARY});
    };
    let source = |event: &mut Value| {
        name(event);
        event["triggerSource"] = json!(CANARY);
        event["userPoolId"] = json!(format!("{CANARY}@example.com"));
        event["callerContext"] = json!({"clientId": format!("{CANARY}@example.com")});
    };
    let long_password = format!("{CANARY}{}", "x".repeat(2000));
    vec![
        ("PreSignUpFunction", event("pre-sign-up.SignUp", attributes)),
        (
            "PreSignUpFunction",
            event("pre-sign-up.ExternalProvider", attributes),
        ),
        ("PreSignUpFunction", event("pre-sign-up.SignUp", source)),
        (
            "PreSignUpFunction",
            event("pre-sign-up.SignUp", |event| {
                event["request"] = json!(CANARY)
            }),
        ),
        (
            "PostConfirmationFunction",
            event("post-confirmation.ConfirmSignUp", attributes),
        ),
        (
            "PostConfirmationFunction",
            event("post-confirmation.ConfirmForgotPassword", attributes),
        ),
        (
            "PostConfirmationFunction",
            event("post-confirmation.ConfirmSignUp", source),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.Authentication", password),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.Authentication", |event| {
                event["userName"] = json!(legacy_name());
                event["request"]["password"] = json!(CANARY);
            }),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.Authentication", |event| {
                event["userName"] = json!(legacy_name());
                event["request"]["password"] = json!(format!("not {CANARY}"));
            }),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.Authentication", odd_password),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.Authentication", |event| {
                event["request"]["password"] = json!(long_password);
            }),
        ),
        (
            "UserMigrationFunction",
            event("user-migration.ForgotPassword", name),
        ),
        (
            "IdentityVendorFunction",
            event("identity-vendor.token", |event| {
                event["isBase64Encoded"] = json!(false);
                event["body"] = json!(format!("grant_type={CANARY}&subject_token={CANARY}"));
            }),
        ),
        (
            "IdentityVendorFunction",
            event("identity-vendor.credentials", |event| {
                event["headers"]["authorization"] =
                    json!(format!("Bearer {CANARY}.{CANARY}.{CANARY}"));
            }),
        ),
        (
            "IdentityVendorFunction",
            event("identity-vendor.credentials-role", |event| {
                event["rawPath"] = json!(format!("/credentials/{CANARY}"));
                event["requestContext"]["http"]["path"] = json!(CANARY);
            }),
        ),
        (
            "IdentityVendorFunction",
            event("identity-vendor.token", |event| {
                event["requestContext"] = json!(CANARY);
            }),
        ),
        (
            "IdentityVendorFunction",
            event("identity-vendor.vouch", |event| {
                let claims = json!({ CANARY: CANARY });
                let body = json!({"source": CANARY, "subject": CANARY, "claims": claims});
                event["body"] = json!(body.to_string());
                event["requestContext"]["authorizer"]["iam"]["userArn"] = json!(CANARY);
            }),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_shows_whatever_is_sent_and_whatever_the_stores_do() {
    let broken = Faulty::start(http(
        "400 Bad Request",
        &format!("{{\"__type\":\"ValidationException\",\"message\":\"{CANARY}\"}}"),
    ))
    .await;
    let garbage = Faulty::start(Behaviour::Answer(format!("{CANARY}\r\n\r\n"))).await;
    for more in [
        vec![],
        vec![("AWS_ENDPOINT_URL", broken.url.as_str())],
        vec![("AWS_ENDPOINT_URL", garbage.url.as_str())],
        vec![("POLICY_FILE", "/nonexistent/policy.toml")],
    ] {
        let stack = local::start(&at_trace(&more)).await.unwrap();
        put_legacy_row(&stack).await;
        for (function, payload) in events() {
            let error = error_of(&stack, function, &payload).await;
            assert!(!error.contains(CANARY), "{function}: {error}");
        }
        let log = log_text(&stack);
        assert!(
            log.contains("\"type\":\"poolkeeper.audit\""),
            "something was logged: {more:?}"
        );
        if more.is_empty() {
            assert!(log.contains("\"reason\":\"password-verified\""), "{log}");
            assert!(log.contains("\"reason\":\"wrong-password\""), "{log}");
        }
        let shown: Vec<&str> = log.lines().filter(|line| line.contains(CANARY)).collect();
        assert!(shown.is_empty(), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_no_event_shows_nothing() {
    let stack = local::start(&at_trace(&[])).await.unwrap();
    for function in FUNCTIONS {
        for payload in [
            format!("\"{CANARY}\""),
            format!("[\"{CANARY}\"]"),
            format!("{{\"{CANARY}\":\"{CANARY}\"}}"),
            // Lambda lets nothing through that is no JSON. This is JSON that no string can hold.
            format!("{{\"triggerSource\":\"PreSignUp_SignUp\",\"userName\":\"{CANARY}\\ud800\"}}"),
            format!("{{\"triggerSource\":{{\"{CANARY}\":1e999999}},\"userName\":[\"{CANARY}\"]}}"),
        ] {
            let error = error_of(&stack, function, &payload).await;
            assert!(!error.contains(CANARY), "{function}: {error}");
        }
    }
    assert!(!log_text(&stack).contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_vended_is_in_no_log() {
    let stack = local::start(&at_trace(&[])).await.unwrap();
    let jwt = stack
        .issuer
        .mint(json!({"sub": "ana@example.com", "cognito:groups": ["publishers"]}))
        .unwrap();
    let bearer = format!("Bearer {jwt}");
    let url = format!("{}/credentials/publisher", stack.api_url);
    let vended = send("GET", &url, &[("authorization", &bearer)], "")
        .await
        .unwrap()
        .json();
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=member\
        &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&subject_token=";
    let header = [("content-type", "application/x-www-form-urlencoded")];
    let url = format!("{}/token", stack.api_url);
    let exchanged = send("POST", &url, &header, &format!("{form}{jwt}"))
        .await
        .unwrap()
        .json();
    let log = log_text(&stack);
    for secret in [
        jwt.as_str(),
        vended["SecretAccessKey"].as_str().unwrap(),
        vended["Token"].as_str().unwrap(),
        exchanged["access_token"].as_str().unwrap(),
    ] {
        // A token's signature is enough to complete it.
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "{secret}");
    }
    assert!(!log.contains("ana@example.com"));
    assert!(log.contains("\"token_sha256\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_with_nothing_wrong_logs_its_audit_line_only() {
    let mut options = options();
    options.environment =
        crate::common::environment("PreSignUpFunction", &[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")]);
    let stack = local::start(&options).await.unwrap();
    crate::common::answer(
        &crate::common::invoke(
            &stack,
            "PreSignUpFunction",
            &event_text("pre-sign-up.SignUp"),
        )
        .await,
    );
    assert_eq!(log_text(&stack).lines().count(), 1, "{}", log_text(&stack));
}
