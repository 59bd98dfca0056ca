//! Confirmation of a sign-up, by code and by an administrator.

use emulator::user_pool::Contact;
use serde_json::json;

use crate::user_pool::pool::{
    CLIENT, POOL, attribute, pair, refusal, refuse, start, start_with, untouched,
};

#[tokio::test]
async fn a_confirmation_verifies_the_address_and_tells_post_confirmation() {
    let pool = start(untouched).await;
    let sub = pool
        .sign_up("jo@example.com")
        .send()
        .await
        .unwrap()
        .user_sub;
    let confirm = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("jo@example.com");
    confirm
        .confirmation_code(pool.last_code())
        .client_metadata("campaign", "spring")
        .send()
        .await
        .unwrap();
    let event = pool.event("PostConfirmation_ConfirmSignUp");
    assert_eq!(event["userName"], json!(sub));
    assert_eq!(event["callerContext"]["clientId"], json!(CLIENT));
    assert_eq!(
        event["request"],
        json!({
            "userAttributes": {
                "sub": sub,
                "email": "jo@example.com",
                "email_verified": "true",
                "cognito:user_status": "CONFIRMED",
                "cognito:email_alias": "jo@example.com",
            },
            "clientMetadata": { "campaign": "spring" },
        })
    );
    assert_eq!(event["response"], json!({}));
}

#[tokio::test]
async fn a_confirmed_user_is_not_confirmed_again() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let again = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("jo@example.com");
    assert_eq!(
        refusal(again.confirmation_code("000000").send().await),
        pair(
            "NotAuthorizedException",
            "User cannot be confirmed. Current status is CONFIRMED"
        )
    );
}

#[tokio::test]
async fn a_wrong_code_confirms_nobody() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    let wrong = if pool.last_code() == "123456" {
        "654321"
    } else {
        "123456"
    };
    let confirm = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("jo@example.com");
    assert_eq!(
        refusal(confirm.confirmation_code(wrong).send().await),
        pair(
            "CodeMismatchException",
            "Invalid verification code provided, please try again."
        )
    );
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("UNCONFIRMED")
    );
}

#[tokio::test]
async fn a_code_sent_again_replaces_the_first() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    let mut news = pool.pool.mailbox().subscribe();
    let resend = pool.client.resend_confirmation_code().client_id(CLIENT);
    resend.username("jo@example.com").send().await.unwrap();
    let delivery = news.try_recv().unwrap();
    assert_eq!(delivery.destination, "jo@example.com");
    let confirm = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("jo@example.com");
    confirm
        .confirmation_code(delivery.code)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_failing_post_confirmation_shows_its_error_and_leaves_the_user_confirmed() {
    let pool = start(|event| match event["triggerSource"].as_str() {
        Some("PostConfirmation_ConfirmSignUp") => refuse("no table"),
        _ => untouched(event),
    })
    .await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    let confirm = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("jo@example.com");
    assert_eq!(
        refusal(confirm.confirmation_code(pool.last_code()).send().await),
        pair(
            "UserLambdaValidationException",
            "PostConfirmation failed with error no table."
        )
    );
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("CONFIRMED")
    );
}

#[tokio::test]
async fn an_alias_belongs_to_who_verified_it_until_someone_forces() {
    let by_alias = |settings: &mut emulator::user_pool::Settings| {
        settings.username_attributes.clear();
        settings.alias_attributes.push(Contact::Email);
    };
    let pool = start_with(by_alias, untouched).await;
    for name in ["jo", "joan"] {
        let email = attribute("email", "jo@example.com");
        pool.sign_up(name)
            .user_attributes(email)
            .send()
            .await
            .unwrap();
        let code = pool.last_code();
        let confirm = || {
            pool.client
                .confirm_sign_up()
                .client_id(CLIENT)
                .username(name)
                .confirmation_code(&code)
        };
        let result = confirm().send().await;
        if name == "jo" {
            result.unwrap();
        } else {
            assert_eq!(
                refusal(result),
                pair(
                    "AliasExistsException",
                    "An account with the email already exists."
                )
            );
            confirm().force_alias_creation(true).send().await.unwrap();
        }
    }
    assert_eq!(
        pool.attribute("jo", "email_verified").await.as_deref(),
        Some("false")
    );
    let found = pool
        .client
        .admin_get_user()
        .user_pool_id(POOL)
        .username("jo@example.com");
    assert_eq!(found.send().await.unwrap().username, "joan");
}

#[tokio::test]
async fn a_confirmation_of_nobody_looks_like_an_expired_code() {
    let pool = start(untouched).await;
    let confirm = pool
        .client
        .confirm_sign_up()
        .client_id(CLIENT)
        .username("nobody@example.com");
    assert_eq!(
        refusal(confirm.confirmation_code("123456").send().await),
        pair(
            "ExpiredCodeException",
            "Invalid code provided, please request a code again."
        )
    );
}
