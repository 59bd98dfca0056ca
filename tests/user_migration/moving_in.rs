//! Users of the old system move in with their old passwords.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{ARGON2ID, FUNCTION, put, response, row, sign_in};
use crate::common::{answer, audit_lines, event, invoke, last_decision, stack, stack_under};

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
async fn who_typed_a_phone_number_keeps_the_user_name_of_the_old_system() {
    let attributes = "attributes = { email = \"email\", name = \"full_name\"";
    let more = "phone_number = { e164 = \"phone\", country_code = \"1\" }, username = \"login\"";
    let stack = stack_under(attributes, &format!("{attributes}, {more}")).await;
    for key in ["+14325551212", "rear.admiral@example.com", "admiral"] {
        let mut row = row(key);
        let (_, AttributeValue::M(known)) = row.last_mut().unwrap() else {
            unreachable!("the attributes come last");
        };
        for (name, value) in [
            ("phone", "432-555-1212"),
            ("login", "admiral"),
            ("email", "rear.admiral@example.com"),
        ] {
            known.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
        }
        put(&stack, row).await;
    }
    let typed = |name: &str| {
        event("user-migration.Authentication.phone", |event| {
            event["userName"] = json!(name);
            event["request"]["password"] = json!("U*U");
        })
    };
    // Cognito takes a user name beside an alias that was typed, in any case, and nowhere else.
    for (name, user_name) in [
        ("+14325551212", json!("admiral")),
        ("Rear.Admiral@Example.com", json!("admiral")),
        ("admiral", Value::Null),
    ] {
        let answered = response(&answer(&invoke(&stack, FUNCTION, &typed(name)).await));
        let attributes = &answered["userAttributes"];
        assert_eq!(attributes["phone_number"], "+14325551212", "{name}");
        assert_eq!(attributes["phone_number_verified"], "false", "{name}");
        assert_eq!(attributes["username"], user_name, "{name}");
    }
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
