use local::user_pool::Contact;
use serde_json::json;

use crate::pool::{
    CLIENT, PASSWORD, POOL, attribute, pair, refusal, refuse, respond, start, start_with, untouched,
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
    let delivery = news.recv().await.unwrap();
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
async fn an_alias_belongs_to_who_verified_it_until_someone_forces() {
    let by_alias = |settings: &mut local::user_pool::Settings| {
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
