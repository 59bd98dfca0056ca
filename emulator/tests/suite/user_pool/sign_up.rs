//! Sign-ups, and what the trigger before them decides.

use std::sync::Arc;

use axum::body::to_bytes;
use emulator::user_pool::{Invoke, TriggerOutcome, UserPool};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::user_pool::pool::{
    CLIENT, PASSWORD, POOL, attribute, pair, refusal, refuse, respond, settings, start, start_with,
    untouched,
};

#[tokio::test]
async fn a_sign_up_that_pre_sign_up_allows_waits_for_its_code() {
    let pool = start(untouched).await;
    let answer = pool.sign_up("jo@example.com").send().await.unwrap();
    assert!(!answer.user_confirmed);
    let details = answer.code_delivery_details.unwrap();
    assert_eq!(details.destination.as_deref(), Some("j***@e***"));
    assert_eq!(details.attribute_name.as_deref(), Some("email"));
    assert_eq!(details.delivery_medium.unwrap().as_str(), "EMAIL");
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("UNCONFIRMED")
    );
    let code = pool.last_code();
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
}

#[tokio::test]
async fn pre_sign_up_sees_what_the_client_sent_and_a_generated_user_name() {
    let pool = start(untouched).await;
    let answer = pool
        .sign_up("jo@example.com")
        .user_attributes(attribute("name", "Jo"))
        .validation_data(attribute("invitation", "42"))
        .client_metadata("campaign", "spring")
        .send()
        .await
        .unwrap();
    let expected = json!({
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": "us-east-1",
        "userPoolId": POOL,
        "userName": answer.user_sub,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": CLIENT },
        "request": {
            "userAttributes": { "email": "jo@example.com", "name": "Jo" },
            "validationData": { "invitation": "42" },
            "clientMetadata": { "campaign": "spring" },
        },
        "response": { "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false },
    });
    assert_eq!(pool.event("PreSignUp_SignUp"), expected);
}

#[tokio::test]
async fn a_sign_up_that_pre_sign_up_refuses_makes_no_user_and_shows_the_reason() {
    let pool = start(|_| refuse("This address cannot be used")).await;
    assert_eq!(
        refusal(pool.sign_up("jo@example.com").send().await),
        pair(
            "UserLambdaValidationException",
            "PreSignUp failed with error This address cannot be used."
        )
    );
    assert_eq!(pool.status("jo@example.com").await, None);
    assert_eq!(pool.events().len(), 1, "an answer is not asked for again");
}

#[tokio::test]
async fn an_auto_confirmed_user_may_sign_in_at_once() {
    let pool = start(|event| {
        respond(
            event,
            json!({ "autoConfirmUser": true, "autoVerifyEmail": true }),
        )
    })
    .await;
    let answer = pool.sign_up("jo@example.com").send().await.unwrap();
    assert!(answer.user_confirmed);
    assert!(answer.code_delivery_details.is_none());
    assert_eq!(
        pool.sources(),
        ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    );
    assert_eq!(
        pool.attribute("jo@example.com", "email_verified")
            .await
            .as_deref(),
        Some("true")
    );
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn verifying_an_attribute_that_is_missing_fails_the_sign_up() {
    let pool = start(|event| respond(event, json!({ "autoVerifyPhone": true }))).await;
    let (exception, _) = refusal(pool.sign_up("jo@example.com").send().await);
    assert_eq!(exception, "InvalidParameterException");
    assert_eq!(pool.status("jo@example.com").await, None);
}

#[tokio::test]
async fn an_address_signs_up_once_in_whatever_case() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    assert_eq!(
        refusal(pool.sign_up("Jo@Example.com").send().await),
        pair(
            "UsernameExistsException",
            "An account with the given email already exists."
        )
    );
}

#[tokio::test]
async fn a_user_name_signs_up_once() {
    let pool = start_with(|settings| settings.username_attributes.clear(), untouched).await;
    pool.sign_up("jo").send().await.unwrap();
    assert_eq!(
        refusal(pool.sign_up("jo").send().await),
        pair("UsernameExistsException", "User already exists")
    );
}

#[tokio::test]
async fn a_short_password_and_an_unknown_attribute_are_refused_before_any_trigger() {
    let pool = start(untouched).await;
    assert_eq!(
        refusal(
            pool.sign_up("jo@example.com")
                .password("short")
                .send()
                .await
        ),
        pair(
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough"
        )
    );
    let shoe = attribute("custom:shoe", "44");
    let (exception, message) = refusal(
        pool.sign_up("jo@example.com")
            .user_attributes(shoe)
            .send()
            .await,
    );
    assert_eq!(exception, "InvalidParameterException");
    assert!(
        message.starts_with("Attributes did not conform to the schema: custom:shoe"),
        "{message}"
    );
    assert!(pool.events().is_empty());
}

#[tokio::test]
async fn a_name_that_is_no_address_is_refused_where_addresses_are_names() {
    let pool = start(untouched).await;
    assert_eq!(
        refusal(pool.sign_up("jo").send().await),
        pair("InvalidParameterException", "Username should be an email.")
    );
}

#[tokio::test]
async fn of_two_sign_ups_that_race_for_an_address_one_wins() {
    let both_asked = Arc::new(Barrier::new(2));
    let invoke: Invoke = Arc::new(move |_, event| {
        let both_asked = both_asked.clone();
        Box::pin(async move {
            both_asked.wait().await;
            TriggerOutcome::Answered(event)
        })
    });
    let pool = UserPool::new(settings("http://pool"), invoke).unwrap();
    let body = json!({ "ClientId": CLIENT, "Username": "jo@example.com", "Password": PASSWORD });
    let body = body.to_string();
    let sign_up = || pool.handle("SignUp", body.as_bytes());
    let (one, other) = tokio::join!(sign_up(), sign_up());
    let loser = if one.status().is_success() {
        other
    } else {
        one
    };
    let error = to_bytes(loser.into_body(), 1 << 20).await.unwrap();
    let error: Value = serde_json::from_slice(&error).unwrap();
    assert_eq!(error["__type"], "UsernameExistsException");
    assert_eq!(pool.mailbox().deliveries().len(), 1);
}
