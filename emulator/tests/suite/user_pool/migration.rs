//! Users whom the pool does not know, moved in by the trigger.

use emulator::user_pool::{Contact, Settings, TriggerOutcome};
use serde_json::{Value, json};

use crate::user_pool::pool::{
    CLIENT, PASSWORD, Pool, pair, refusal, refuse, respond, start, start_with, untouched,
};

/// The old system, which knows Jo.
fn legacy(event: Value) -> TriggerOutcome {
    let known = event["userName"] == "jo@example.com" && event["request"]["password"] == PASSWORD;
    if !known {
        return untouched(event);
    }
    respond(
        event,
        json!({
            "userAttributes": { "email": "jo@example.com", "email_verified": true, "name": "Jo" },
            "finalUserStatus": "CONFIRMED",
            "messageAction": "SUPPRESS",
        }),
    )
}

fn wrong() -> (String, String) {
    pair("NotAuthorizedException", "Incorrect username or password.")
}

async fn answering(response: Value) -> Pool {
    start(move |event| respond(event, response.clone())).await
}

#[tokio::test]
async fn an_old_user_moves_in_with_the_old_password_and_fires_no_second_trigger() {
    let pool = start(legacy).await;
    for _ in 0..2 {
        let answer = pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
        assert!(answer.authentication_result.unwrap().id_token.is_some());
    }
    assert_eq!(pool.sources(), ["UserMigration_Authentication"]);
    assert_eq!(
        pool.attribute("jo@example.com", "name").await.as_deref(),
        Some("Jo")
    );
    assert!(pool.pool.mailbox().deliveries().is_empty());
    assert_eq!(
        refusal(pool.sign_in("jo@example.com", "another one").await),
        wrong()
    );
}

#[tokio::test]
async fn migration_sees_the_password_and_the_metadata_as_validation_data() {
    let pool = start(legacy).await;
    let request = pool.client.initiate_auth().client_id(CLIENT);
    request
        .auth_flow("USER_PASSWORD_AUTH".into())
        .auth_parameters("USERNAME", "jo@example.com")
        .auth_parameters("PASSWORD", PASSWORD)
        .client_metadata("tenant", "blue")
        .send()
        .await
        .unwrap();
    let event = pool.event("UserMigration_Authentication");
    assert_eq!(event["userName"], "jo@example.com");
    assert_eq!(
        event["request"],
        json!({ "password": PASSWORD, "validationData": { "tenant": "blue" }, "userAttributes": null })
    );
}

#[tokio::test]
async fn unknown_and_wrong_are_answered_alike() {
    let pool = start(legacy).await;
    assert_eq!(
        refusal(pool.sign_in("jo@example.com", "wrong password").await),
        wrong()
    );
    assert_eq!(
        refusal(pool.sign_in("nobody@example.com", PASSWORD).await),
        wrong()
    );
    assert_eq!(pool.status("jo@example.com").await, None);
}

#[tokio::test]
async fn a_response_without_attributes_means_nobody() {
    for attributes in [
        json!({}),
        json!({ "userAttributes": null }),
        json!({ "userAttributes": {} }),
    ] {
        let pool = answering(attributes).await;
        assert_eq!(
            refusal(pool.sign_in("jo@example.com", PASSWORD).await),
            wrong()
        );
    }
}

#[tokio::test]
async fn a_legacy_client_learns_that_there_is_nobody() {
    let open = |settings: &mut Settings| settings.prevent_user_existence_errors = false;
    let pool = start_with(open, untouched).await;
    assert_eq!(
        refusal(pool.sign_in("nobody@example.com", PASSWORD).await),
        pair("UserNotFoundException", "User does not exist.")
    );
}

#[tokio::test]
async fn a_failing_migration_shows_its_error() {
    let pool = start(|_| refuse("directory is down")).await;
    assert_eq!(
        refusal(pool.sign_in("jo@example.com", PASSWORD).await),
        pair(
            "UserLambdaValidationException",
            "UserMigration failed with error directory is down."
        )
    );
}

#[tokio::test]
async fn a_migration_may_not_choose_the_sub() {
    let pool = answering(json!({ "userAttributes": { "email": "jo@example.com", "sub": "1" }, "finalUserStatus": "CONFIRMED" })).await;
    let (exception, message) = refusal(pool.sign_in("jo@example.com", PASSWORD).await);
    assert_eq!(exception, "InvalidParameterException");
    assert!(
        message.starts_with("Attributes did not conform to the schema: sub"),
        "{message}"
    );
    assert_eq!(pool.status("jo@example.com").await, None);
}

#[tokio::test]
async fn the_final_status_decides_what_follows() {
    let with = |status: Value| {
        json!({
            "userAttributes": { "email": "jo@example.com" },
            "finalUserStatus": status,
            "messageAction": "SUPPRESS",
        })
    };
    let pool = answering(with(json!("RESET_REQUIRED"))).await;
    assert_eq!(
        refusal(pool.sign_in("jo@example.com", PASSWORD).await),
        pair(
            "PasswordResetRequiredException",
            "Password reset required for the user"
        )
    );
    let pool = answering(with(Value::Null)).await;
    let answer = pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    assert_eq!(
        answer.challenge_name.unwrap().as_str(),
        "NEW_PASSWORD_REQUIRED"
    );
    let pool = answering(with(json!("ARCHIVED"))).await;
    let (exception, _) = refusal(pool.sign_in("jo@example.com", PASSWORD).await);
    assert_eq!(exception, "InvalidLambdaResponseException");
}

#[tokio::test]
async fn without_suppress_the_migrated_user_gets_a_message_by_the_desired_mediums() {
    let pool = answering(json!({
        "userAttributes": { "email": "jo@example.com", "phone_number": "+12065550100" },
        "finalUserStatus": "CONFIRMED",
    }))
    .await;
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    let mediums: Vec<Contact> = pool
        .pool
        .mailbox()
        .deliveries()
        .iter()
        .map(|delivery| delivery.medium)
        .collect();
    assert_eq!(mediums, [Contact::PhoneNumber], "unset means SMS");
}

#[tokio::test]
async fn an_alias_is_taken_from_its_owner_only_by_force() {
    for force in [false, true] {
        let by_alias = |settings: &mut Settings| {
            settings.username_attributes.clear();
            settings.alias_attributes.push(Contact::Email);
        };
        let pool = start_with(by_alias, move |event| {
            match event["triggerSource"].as_str() {
                Some("UserMigration_Authentication") => respond(
                    event,
                    json!({
                        "userAttributes": { "email": "jo@example.com", "email_verified": "true" },
                        "finalUserStatus": "CONFIRMED",
                        "messageAction": "SUPPRESS",
                        "forceAliasCreation": force,
                    }),
                ),
                _ => respond(
                    event,
                    json!({ "autoConfirmUser": true, "autoVerifyEmail": true }),
                ),
            }
        })
        .await;
        let email = crate::user_pool::pool::attribute("email", "jo@example.com");
        pool.sign_up("joan")
            .user_attributes(email)
            .send()
            .await
            .unwrap();
        let result = pool.sign_in("jo", PASSWORD).await;
        let owner = pool.attribute("joan", "email_verified").await;
        if force {
            result.unwrap();
            assert_eq!(owner.as_deref(), Some("false"));
        } else {
            assert_eq!(refusal(result).0, "AliasExistsException");
            assert_eq!(owner.as_deref(), Some("true"));
            assert_eq!(pool.status("jo").await, None);
        }
    }
}

#[tokio::test]
async fn a_migration_fires_pre_sign_up_where_the_pool_is_set_so() {
    let pool = start_with(
        |settings| settings.migration_fires_pre_sign_up = true,
        legacy,
    )
    .await;
    pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    assert_eq!(
        pool.sources(),
        ["UserMigration_Authentication", "PreSignUp_AdminCreateUser"]
    );
}
