//! Federated users: the first sign-in, and linking to an account that exists.

use aws_sdk_cognitoidentityprovider::types::ProviderUserIdentifierType;
use emulator::user_pool::FederatedUser;
use serde_json::Value;

use crate::user_pool::pool::{POOL, Pool, claims, refusal, refuse, start, untouched};

const GOOGLE: FederatedUser<'static> = FederatedUser {
    provider: "Google",
    subject: "1234",
    attributes: &[("email", "jo@example.com")],
};

fn user(provider: &str, name: &str, value: &str) -> ProviderUserIdentifierType {
    ProviderUserIdentifierType::builder()
        .provider_name(provider)
        .provider_attribute_name(name)
        .provider_attribute_value(value)
        .build()
}

async fn link(pool: &Pool, username: &str) -> Result<(), (String, String)> {
    let request = pool
        .client
        .admin_link_provider_for_user()
        .user_pool_id(POOL)
        .destination_user(user("Cognito", "", username))
        .source_user(user("Google", "Cognito_Subject", "1234"));
    let answer = request.send().await;
    match answer {
        Ok(_) => Ok(()),
        refused => Err(refusal(refused)),
    }
}

async fn username(pool: &Pool, email: &str) -> String {
    let request = pool
        .client
        .admin_get_user()
        .user_pool_id(POOL)
        .username(email);
    request.send().await.unwrap().username
}

fn signed_in(answer: &Value) -> Value {
    let token = answer["AuthenticationResult"]["IdToken"].as_str().unwrap();
    claims(token)["cognito:username"].clone()
}

#[tokio::test]
async fn the_first_federated_sign_in_asks_pre_sign_up_and_tells_post_confirmation() {
    let pool = start(untouched).await;
    let answer = pool.pool.federated_sign_in(GOOGLE).await.unwrap();
    assert_eq!(signed_in(&answer), "Google_1234");
    let sources = [
        "PreSignUp_ExternalProvider",
        "PostConfirmation_ConfirmSignUp",
    ];
    assert_eq!(pool.sources(), sources);
    assert_eq!(
        pool.status("Google_1234").await.as_deref(),
        Some("EXTERNAL_PROVIDER")
    );
    pool.pool.federated_sign_in(GOOGLE).await.unwrap();
    assert_eq!(pool.sources(), sources, "the second asks nobody");
}

#[tokio::test]
async fn a_federated_user_whom_pre_sign_up_refuses_gets_no_account() {
    let pool = start(|_| refuse("no")).await;
    assert!(pool.pool.federated_sign_in(GOOGLE).await.is_err());
    assert_eq!(pool.status("Google_1234").await, None);
}

#[tokio::test]
async fn a_linked_user_signs_in_to_the_account() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let username = username(&pool, "jo@example.com").await;
    link(&pool, &username).await.unwrap();
    let answer = pool.pool.federated_sign_in(GOOGLE).await.unwrap();
    assert_eq!(signed_in(&answer), username);
    let identities = pool
        .attribute("jo@example.com", "identities")
        .await
        .unwrap();
    let identities: Value = serde_json::from_str(&identities).unwrap();
    assert_eq!(identities[0]["userId"], "1234");
    assert_eq!(identities[0]["providerName"], "Google");
}

#[tokio::test]
async fn who_has_an_account_already_cannot_be_linked_to_another() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    pool.pool.federated_sign_in(GOOGLE).await.unwrap();
    let username = username(&pool, "jo@example.com").await;
    let (exception, message) = link(&pool, &username).await.unwrap_err();
    assert_eq!(exception, "InvalidParameterException");
    assert!(
        message.starts_with("Merging is not currently supported"),
        "{message}"
    );
}

#[tokio::test]
async fn an_account_that_is_not_there_cannot_be_linked_to() {
    let pool = start(untouched).await;
    let (exception, _) = link(&pool, "nobody").await.unwrap_err();
    assert_eq!(exception, "UserNotFoundException");
}
