//! Users of the old system move in with their old passwords.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{ARGON2ID, FUNCTION, put, response, row, sign_in};
use crate::common::{answer, audit_lines, invoke, last_decision, stack};

#[tokio::test(flavor = "multi_thread")]
async fn the_old_password_moves_the_user_in_with_what_the_policy_maps() {
    let stack = stack().await;
    put(&stack, row("rear.admiral@example.com")).await;
    let sent = sign_in("Rear.Admiral@Example.com", "U*U");
    let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
    let expected = json!({
        "userAttributes": {
            "email": "rear.admiral@example.com",
            "email_verified": "true",
            "name": "Rear Admiral",
        },
        "forceAliasCreation": null,
        "enableSMSMFA": null,
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
        "desiredDeliveryMediums": null,
    });
    assert_eq!(response(&answered), expected);
    let mut untouched: Value = serde_json::from_str(&answered).unwrap();
    untouched["response"] = serde_json::from_str::<Value>(&sent).unwrap()["response"].clone();
    assert_eq!(untouched, serde_json::from_str::<Value>(&sent).unwrap());
    assert_eq!(last_decision(&stack), "migrated password-verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argon2_hash_moves_the_user_in_too() {
    let stack = stack().await;
    let mut row = row("ana@example.com");
    row[1].1 = AttributeValue::S(ARGON2ID.to_owned());
    row.push(("hash_scheme", AttributeValue::S("argon2id".to_owned())));
    put(&stack, row).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "password")).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(line["store"], "old-users");
    assert_eq!(line["scheme"], "argon2id");
}
