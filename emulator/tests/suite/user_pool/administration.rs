//! What an administrator does: creates, confirms, lists, groups and links users.

use aws_sdk_cognitoidentityprovider::types::{DeliveryMediumType, MessageActionType};
use serde_json::json;

use crate::user_pool::pool::{
    CLIENT, PASSWORD, POOL, attribute, pair, refusal, refuse, respond, start, untouched,
};

#[tokio::test]
async fn an_invited_user_chooses_a_password_at_the_first_sign_in() {
    let pool = start(untouched).await;
    let create = pool
        .client
        .admin_create_user()
        .user_pool_id(POOL)
        .username("jo@example.com");
    create
        .desired_delivery_mediums(DeliveryMediumType::Email)
        .send()
        .await
        .unwrap();
    let challenge = pool
        .sign_in("jo@example.com", &pool.last_code())
        .await
        .unwrap();
    assert_eq!(
        challenge.challenge_name.unwrap().as_str(),
        "NEW_PASSWORD_REQUIRED"
    );
    let respond = pool.client.respond_to_auth_challenge().client_id(CLIENT);
    let answer = respond
        .challenge_name("NEW_PASSWORD_REQUIRED".into())
        .session(challenge.session.unwrap())
        .challenge_responses("USERNAME", "jo@example.com")
        .challenge_responses("NEW_PASSWORD", PASSWORD)
        .send()
        .await
        .unwrap();
    assert!(answer.authentication_result.is_some());
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    assert_eq!(
        pool.sources(),
        ["PreSignUp_AdminCreateUser"],
        "no post confirmation"
    );
}

#[tokio::test]
async fn pre_sign_up_may_refuse_an_administrator_but_its_flags_are_ignored() {
    let pool = start(
        |event| match event["request"]["userAttributes"]["email"].as_str() {
            Some("mo@example.com") => refuse("no"),
            _ => respond(
                event,
                json!({ "autoConfirmUser": true, "autoVerifyPhone": true }),
            ),
        },
    )
    .await;
    let create = |name: &str| {
        let request = pool
            .client
            .admin_create_user()
            .user_pool_id(POOL)
            .username(name);
        request
            .message_action(MessageActionType::Suppress)
            .validation_data(attribute("by", "tests"))
            .send()
    };
    create("jo@example.com").await.unwrap();
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("FORCE_CHANGE_PASSWORD")
    );
    assert!(pool.pool.mailbox().deliveries().is_empty());
    let event = pool.event("PreSignUp_AdminCreateUser");
    assert_eq!(
        event["callerContext"]["clientId"],
        "CLIENT_ID_NOT_APPLICABLE"
    );
    assert_eq!(event["request"]["validationData"], json!({ "by": "tests" }));
    assert_eq!(
        refusal(create("mo@example.com").await),
        pair(
            "UserLambdaValidationException",
            "PreSignUp failed with error no."
        )
    );
}

#[tokio::test]
async fn an_administrator_confirms_without_verifying_the_address() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    let confirm = pool
        .client
        .admin_confirm_sign_up()
        .user_pool_id(POOL)
        .username("jo@example.com");
    confirm.send().await.unwrap();
    assert_eq!(
        pool.attribute("jo@example.com", "email_verified").await,
        None
    );
    assert_eq!(
        pool.sources(),
        ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    );
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_password_that_an_administrator_sets_for_good_needs_no_change() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let set = |permanent| {
        let request = pool.client.admin_set_user_password().user_pool_id(POOL);
        request
            .username("jo@example.com")
            .password("set by the desk")
            .permanent(permanent)
            .send()
    };
    set(false).await.unwrap();
    assert_eq!(
        pool.status("jo@example.com").await.as_deref(),
        Some("FORCE_CHANGE_PASSWORD")
    );
    set(true).await.unwrap();
    let answer = pool
        .sign_in("jo@example.com", "set by the desk")
        .await
        .unwrap();
    assert!(answer.authentication_result.is_some());
}

#[tokio::test]
async fn users_are_listed_by_filter_and_in_pages() {
    let pool = start(untouched).await;
    for email in ["jo@example.com", "joan@example.com", "max@example.com"] {
        pool.sign_up(email).send().await.unwrap();
    }
    let list = || pool.client.list_users().user_pool_id(POOL);
    let exact = list()
        .filter("email = \"jo@example.com\"")
        .send()
        .await
        .unwrap();
    assert_eq!(exact.users().len(), 1);
    assert!(
        exact.users()[0]
            .attributes()
            .contains(&attribute("email", "jo@example.com"))
    );
    let prefix = list().filter("email ^= \"jo\"").send().await.unwrap();
    assert_eq!(prefix.users().len(), 2);
    let first = list().limit(2).send().await.unwrap();
    assert_eq!(first.users().len(), 2);
    let rest = list()
        .limit(2)
        .set_pagination_token(first.pagination_token)
        .send()
        .await
        .unwrap();
    assert_eq!((rest.users().len(), rest.pagination_token), (1, None));
    let (exception, _) = refusal(list().filter("email jo").send().await);
    assert_eq!(exception, "InvalidParameterException");
}

#[tokio::test]
async fn a_pool_describes_itself() {
    let pool = start(untouched).await;
    let answer = pool
        .client
        .describe_user_pool()
        .user_pool_id(POOL)
        .send()
        .await
        .unwrap();
    let described = answer.user_pool.unwrap();
    assert_eq!(described.id.as_deref(), Some(POOL));
    assert_eq!(described.mfa_configuration.unwrap().as_str(), "OFF");
    assert_eq!(described.estimated_number_of_users, 0);
}

#[tokio::test]
async fn an_invited_user_cannot_reset_a_password_that_was_never_chosen() {
    let pool = start(untouched).await;
    let create = pool
        .client
        .admin_create_user()
        .user_pool_id(POOL)
        .username("jo@example.com");
    create
        .user_attributes(attribute("email_verified", "true"))
        .send()
        .await
        .unwrap();
    let forgot = pool
        .client
        .forgot_password()
        .client_id(CLIENT)
        .username("jo@example.com");
    assert_eq!(
        refusal(forgot.send().await),
        pair(
            "NotAuthorizedException",
            "User password cannot be reset in the current state."
        )
    );
}
