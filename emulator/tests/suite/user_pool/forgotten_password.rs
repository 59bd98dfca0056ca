//! Forgotten passwords: codes, resets, and what they do not tell.

use emulator::user_pool::Purpose;
use serde_json::json;

use crate::user_pool::pool::{CLIENT, PASSWORD, Pool, pair, refusal, respond, start, untouched};

async fn forget(pool: &Pool, name: &str) -> String {
    let request = pool
        .client
        .forgot_password()
        .client_id(CLIENT)
        .username(name);
    let answer = request.send().await.unwrap();
    answer.code_delivery_details.unwrap().destination.unwrap()
}

#[tokio::test]
async fn a_member_sets_a_new_password_by_code_and_post_confirmation_hears_of_it() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    assert_eq!(forget(&pool, "jo@example.com").await, "j***@e***");
    let confirm = pool
        .client
        .confirm_forgot_password()
        .client_id(CLIENT)
        .username("jo@example.com");
    confirm
        .confirmation_code(pool.last_code())
        .password("a brand new one")
        .client_metadata("why", "forgot")
        .send()
        .await
        .unwrap();
    pool.sign_in("jo@example.com", "a brand new one")
        .await
        .unwrap();
    assert!(pool.sign_in("jo@example.com", PASSWORD).await.is_err());
    let event = pool.event("PostConfirmation_ConfirmForgotPassword");
    assert_eq!(
        event["request"]["clientMetadata"],
        json!({ "why": "forgot" })
    );
    assert_eq!(
        event["request"]["userAttributes"]["cognito:user_status"],
        "CONFIRMED"
    );
}

#[tokio::test]
async fn an_old_user_who_forgot_moves_in_without_a_password_and_chooses_one() {
    let pool = start(|event| match event["triggerSource"].as_str() {
        Some("UserMigration_ForgotPassword") => respond(
            event,
            json!({
                "userAttributes": { "email": "jo@example.com", "email_verified": "true" },
                "messageAction": "SUPPRESS",
            }),
        ),
        _ => untouched(event),
    })
    .await;
    let request = pool
        .client
        .forgot_password()
        .client_id(CLIENT)
        .username("jo@example.com");
    request
        .client_metadata("tenant", "blue")
        .send()
        .await
        .unwrap();
    let event = pool.event("UserMigration_ForgotPassword");
    assert_eq!(
        event["request"],
        json!({ "validationData": null, "userAttributes": null, "clientMetadata": { "tenant": "blue" } })
    );
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("RESET_REQUIRED")
    );
    assert_eq!(
        pool.pool.mailbox().deliveries()[0].purpose,
        Purpose::ForgotPassword
    );

    let confirm = pool
        .client
        .confirm_forgot_password()
        .client_id(CLIENT)
        .username("jo@example.com");
    confirm
        .confirmation_code(pool.last_code())
        .password(PASSWORD)
        .send()
        .await
        .unwrap();
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn nobody_gets_a_delivery_that_looks_real() {
    let pool = start(untouched).await;
    assert_eq!(forget(&pool, "nobody@example.com").await, "n***@e***");
    assert!(pool.pool.mailbox().deliveries().is_empty());
    let confirm = pool
        .client
        .confirm_forgot_password()
        .client_id(CLIENT)
        .username("nobody@example.com");
    assert_eq!(
        refusal(
            confirm
                .confirmation_code("123456")
                .password(PASSWORD)
                .send()
                .await
        ),
        pair(
            "CodeMismatchException",
            "Invalid verification code provided, please try again."
        )
    );
}

#[tokio::test]
async fn an_unverified_address_gets_no_code() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    forget(&pool, "jo@example.com").await;
    let purposes: Vec<Purpose> = pool
        .pool
        .mailbox()
        .deliveries()
        .iter()
        .map(|delivery| delivery.purpose)
        .collect();
    assert_eq!(purposes, [Purpose::ConfirmSignUp]);
}
