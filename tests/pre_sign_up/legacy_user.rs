//! The address of a legacy user who has not moved in yet belongs to them.

use aws_sdk_cognitoidentityprovider::{
    Client as Pool,
    types::{AttributeType, AuthFlowType},
};
use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::Stack;
use serde_json::json;
use shared::state::{DirectoryKey, Item, key_item, rfc3339, text};
use time::OffsetDateTime;

use super::{FUNCTION, put, sign_up, stack_checking};
use crate::common::{
    answer, audit_lines, error_message, event,
    faulty::{Behaviour, Faulty},
    invoke, last_decision, log_text,
};

const CHECK: &str = "legacy_user = {}";
/// From the tests of crypt_blowfish: the password is `U*U`.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const POOL: &str = "us-east-1_Poolkeepr";

/// A user of the old system.
async fn legacy(stack: &Stack, address: &str, enabled: bool) {
    let attributes = [("email".to_owned(), AttributeValue::S(address.to_owned()))];
    let mut row = Item::from([text("username", address), text("password_hash", BCRYPT)]);
    row.extend([
        ("enabled".to_owned(), AttributeValue::Bool(enabled)),
        ("email_verified".to_owned(), AttributeValue::Bool(true)),
        (
            "attributes".to_owned(),
            AttributeValue::M(attributes.into()),
        ),
    ]);
    put(stack, "LegacyUsersTable", row).await;
}

fn with_address(address: &str) -> String {
    sign_up(|event| event["request"]["userAttributes"]["email"] = json!(address))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_up_with_the_address_of_somebody_who_has_not_moved_in() {
    let stack = stack_checking(CHECK, &[]).await;
    legacy(&stack, "ana@example.com", true).await;
    legacy(&stack, "dora@example.com", false).await;
    for (address, decision) in [
        ("una@example.com", "allowed no-objection"),
        ("ana@example.com", "refused address-not-available"),
        ("ANA@example.com", "refused address-not-available"),
        ("dora@example.com", "refused address-not-available"),
    ] {
        let done = invoke(&stack, FUNCTION, &with_address(address)).await;
        assert_eq!(last_decision(&stack), decision, "{address}");
        if decision.starts_with("refused") {
            let message = error_message(&done);
            // One answer for all, and nothing of an old system in it.
            assert!(message.ends_with("[address-not-available]"), "{message}");
            assert!(!message.contains("legacy"), "{message}");
        }
    }
    let long_ago = OffsetDateTime::now_utc() - time::Duration::hours(1);
    for (state, offered_at, decision) in [
        // Cognito refused whom user-migration had offered: the address is still theirs.
        ("offered", long_ago, "refused address-not-available"),
        ("offered", OffsetDateTime::now_utc(), "allowed no-objection"),
        ("moved", long_ago, "allowed no-objection"),
    ] {
        let mut record = key_item(&DirectoryKey::moved(POOL, "old-users", "ana@example.com"));
        record.extend([
            text("state", state),
            text("offered_at", rfc3339(offered_at)),
        ]);
        put(&stack, "DirectoryTable", record).await;
        invoke(&stack, FUNCTION, &with_address("ana@example.com")).await;
        assert_eq!(last_decision(&stack), decision, "{state} {offered_at}");
    }
    assert!(!log_text(&stack).contains("example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_themselves_moves_in_although_that_fires_this_trigger_too() {
    let check = format!("applies_to = [\"sign_up\", \"admin_create_user\"]\n{CHECK}");
    let stack = stack_checking(&check, &[]).await;
    stack.user_pool.fire_pre_sign_up_on_migration();
    legacy(&stack, "ana@example.com", true).await;
    let pool = Pool::new(&stack.sdk_config(Stack::admin()));
    let client_id = stack.user_pool.settings().client_id.clone();
    let email = AttributeType::builder().name("email");
    let squatted = pool
        .sign_up()
        .client_id(&client_id)
        .username("ana@example.com")
        .password("Passw0rd-of-a-stranger")
        .user_attributes(email.value("ana@example.com").build().unwrap());
    assert!(squatted.send().await.is_err());
    let moved = pool
        .initiate_auth()
        .client_id(&client_id)
        .auth_flow(AuthFlowType::UserPasswordAuth)
        .auth_parameters("USERNAME", "ana@example.com")
        .auth_parameters("PASSWORD", "U*U");
    assert!(moved.send().await.unwrap().authentication_result.is_some());
    let of = |function: &str| {
        let lines = audit_lines(&stack).into_iter();
        let lines = lines.filter(|line| line["function"] == function);
        lines
            .map(|line| line["reason"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("user-migration"), ["password-verified"]);
    assert_eq!(of("pre-sign-up"), ["address-not-available", "no-objection"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_offered_passes_from_whatever_source_and_uses_up_nothing() {
    let check = "legacy_user = { attempts_per_minute = 3 }\n\
        applies_to = [\"sign_up\", \"admin_create_user\"]";
    let stack = stack_checking(check, &[]).await;
    let movers: Vec<String> = (0..4).map(|n| format!("m{n}@example.com")).collect();
    for address in &movers {
        legacy(&stack, address, true).await;
    }
    let moves_in = async |address: &String, source: &str| {
        let sent = event("user-migration.Authentication", |event| {
            event["userName"] = json!(address);
            event["request"]["password"] = json!("U*U");
        });
        answer(&invoke(&stack, "UserMigrationFunction", &sent).await);
        assert_eq!(last_decision(&stack), "migrated password-verified");
        let sent = sign_up(|event| {
            event["triggerSource"] = json!(source);
            event["request"]["userAttributes"]["email"] = json!(address);
        });
        invoke(&stack, FUNCTION, &sent).await;
        assert_eq!(last_decision(&stack), "allowed no-objection", "{source}");
    };
    for (address, source) in movers.iter().zip([
        "PreSignUp_AdminCreateUser",
        "PreSignUp_SignUp",
        "PreSignUp_FromTheFuture",
    ]) {
        moves_in(address, source).await;
    }
    // Three have moved in, and a stranger's three questions are left. Then there is nothing for strangers, whether the
    // address is somebody's or not; and who is offered still passes.
    for (address, decision) in [
        ("una@example.com", "allowed no-objection"),
        ("una@example.com", "allowed no-objection"),
        (&movers[3], "refused address-not-available"),
        (&movers[3], "refused legacy-limited"),
        ("una@example.com", "refused legacy-limited"),
    ] {
        invoke(&stack, FUNCTION, &with_address(address)).await;
        assert_eq!(last_decision(&stack), decision, "{address}");
    }
    moves_in(&movers[3], "PreSignUp_AdminCreateUser").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_app_client_has_a_budget_of_questions() {
    let stack = stack_checking("legacy_user = { attempts_per_minute = 3 }", &[]).await;
    let by = |client: &str| {
        sign_up(|event| {
            event["request"]["userAttributes"]["email"] = json!("una@example.com");
            event["callerContext"]["clientId"] = json!(client);
        })
    };
    for (client, decision) in [
        ("app", "allowed no-objection"),
        ("app", "allowed no-objection"),
        ("app", "allowed no-objection"),
        ("app", "refused legacy-limited"),
        ("other", "allowed no-objection"),
    ] {
        invoke(&stack, FUNCTION, &by(client)).await;
        assert_eq!(last_decision(&stack), decision, "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_leaves_the_check_undecided() {
    let hanging = Faulty::start(Behaviour::Hang).await;
    let stack = stack_checking(CHECK, &[("AWS_ENDPOINT_URL", &hanging.url)]).await;
    invoke(&stack, FUNCTION, &with_address("ana@example.com")).await;
    assert_eq!(last_decision(&stack), "refused legacy-unavailable");
}
