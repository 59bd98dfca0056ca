//! user-migration, the real binary over the Lambda Runtime API.

mod alike;
mod endpoint;
mod forgotten;
mod limits;
mod moved;
mod moving_in;
mod old_pool;
mod refusals;
mod secrets;
mod silent;
mod stores;
mod verified_at;
mod weak_password;

use aws_sdk_cognitoidentityprovider::{Client as Pool, types::AuthFlowType};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use serde_json::{Value, json};
use shared::state::{DirectoryKey, Item};

use crate::common::{audit_lines, event, last_decision};

const FUNCTION: &str = "UserMigrationFunction";
const SIGN_IN: &str = "user-migration.Authentication";
const FORGOT: &str = "user-migration.ForgotPassword";

/// From the tests of crypt_blowfish: the password is `U*U`.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// From the tests of the Argon2 reference implementation: the password is `password`.
const ARGON2ID: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

/// A row of the legacy table; each test bends it.
pub(crate) fn row(user: &str) -> Vec<(&'static str, AttributeValue)> {
    let attributes = [
        ("email", user),
        ("full_name", "Rear Admiral"),
        ("role", "admin"),
    ];
    let attributes =
        attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    vec![
        ("username", AttributeValue::S(user.to_owned())),
        ("password_hash", AttributeValue::S(BCRYPT.to_owned())),
        ("email_verified", AttributeValue::Bool(true)),
        ("attributes", AttributeValue::M(attributes.into())),
    ]
}

pub(crate) async fn put(stack: &Stack, row: Vec<(&'static str, AttributeValue)>) {
    let item = row
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("LegacyUsersTable"))
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

fn sign_in(user: &str, password: &str) -> String {
    event(SIGN_IN, |event| {
        event["userName"] = json!(user);
        event["request"]["password"] = json!(password);
    })
}

fn response(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["response"].clone()
}

/// Whether the user pool lets somebody in.
pub(crate) async fn signs_in(stack: &Stack, user: &str, password: &str) -> bool {
    let sent = Pool::new(&stack.sdk_config(Stack::admin()))
        .initiate_auth()
        .client_id(&stack.user_pool.settings().client_id)
        .auth_flow(AuthFlowType::UserPasswordAuth)
        .auth_parameters("USERNAME", user)
        .auth_parameters("PASSWORD", password)
        .send();
    let sent = sent.await;
    sent.is_ok_and(|output| output.authentication_result.is_some())
}

/// Lets a user of an old system move in by a forgotten password: the code comes, the new password is set, and from then
/// on the pool alone knows them.
async fn moves_in_by_a_code(stack: &Stack, user: &str, old_password: &str) {
    let new_password = "Another-password-2";
    let pool = Pool::new(&stack.sdk_config(Stack::admin()));
    let client_id = &stack.user_pool.settings().client_id;
    let forgotten = pool.forgot_password().client_id(client_id).username(user);
    forgotten.send().await.unwrap();
    assert_eq!(last_decision(stack), "migrated password-forgotten");
    let sent = stack.user_pool.mailbox().deliveries();
    let sent = sent.iter().rfind(|sent| sent.destination == user).unwrap();
    let confirmed = pool
        .confirm_forgot_password()
        .client_id(client_id)
        .username(user)
        .confirmation_code(&sent.code)
        .password(new_password);
    confirmed.send().await.unwrap();
    let asked = |lines: Vec<Value>| {
        let lines = lines.into_iter();
        lines
            .filter(|line| line["function"] == "user-migration")
            .count()
    };
    let before = asked(audit_lines(stack));
    assert!(signs_in(stack, user, new_password).await);
    assert!(!signs_in(stack, user, old_password).await);
    assert_eq!(asked(audit_lines(stack)), before);
}

/// What is recorded of somebody who was offered.
pub(crate) async fn moved_record(stack: &Stack, store: &str, record_id: &str) -> Item {
    let pool = stack.user_pool.settings().pool_id.clone();
    let key = DirectoryKey::moved(&pool, store, record_id);
    let got = Client::new(&stack.sdk_config(Stack::admin()))
        .get_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .send();
    got.await.unwrap().item.unwrap()
}
