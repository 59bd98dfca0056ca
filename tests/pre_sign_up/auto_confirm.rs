//! Who is confirmed without a code, and that nobody takes an address from another user by it.

use aws_sdk_cognitoidentityprovider::{Client, types::AttributeType};
use emulator::stack::Stack;
use serde_json::{Value, json};
use shared::{
    invitation::address_digest,
    policy::{PolicyFile, PreSignUp},
    state::{DirectoryKey, key_item, number, text},
};

use super::{FUNCTION, put, sign_up, stack_asking_the_pool};
use crate::common::{
    answer, audit_lines, error_message,
    faulty::{Behaviour, Faulty},
    invoke, last_decision,
};

/// What may follow a check: who is confirmed by the office's word, and by an invitation.
const RULES: &str = "user_name = { min_length = 1 }\n\n\
    [pre-sign-up.clients.office]\nids = [\"office1\"]\nconfidential = true\n\n\
    [[pre-sign-up.auto_confirm]]\nname = \"office\"\nclients = [\"office\"]\n\
    verify_email = true\nverify_phone_number = true\n";
const INVITED: &str = "invitation = {}\n\n\
    [[pre-sign-up.auto_confirm]]\nname = \"invited\"\nbound_invitation = true\nverify_email = true\n";
const ADA: &str = "ada@example.com";

fn by_the_office(bend: impl FnOnce(&mut Value)) -> String {
    sign_up(|event| {
        event["callerContext"]["clientId"] = json!("office1");
        bend(event);
    })
}

/// `response` of an answer.
fn response(answered: &str) -> Value {
    let answered: Value = serde_json::from_str(answered).unwrap();
    answered["response"].clone()
}

fn confirmed(email: bool, phone: bool) -> Value {
    json!({"autoConfirmUser": true, "autoVerifyEmail": email, "autoVerifyPhone": phone})
}

async fn account(stack: &Stack, attributes: &[(&str, &str)]) {
    let mut create = Client::new(&stack.sdk_config(Stack::admin()))
        .admin_create_user()
        .user_pool_id("us-east-1_Poolkeepr")
        .username("owner@example.com");
    for (name, value) in attributes {
        let attribute = AttributeType::builder().name(*name).value(*value);
        create = create.user_attributes(attribute.build().unwrap());
    }
    create.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_s_word_confirms_and_verifies_what_is_there() {
    let stack = stack_asking_the_pool(RULES, &[]).await;
    let phone = |event: &mut Value| {
        event["request"]["userAttributes"]["phone_number"] = json!("+12025550100");
    };
    for (sent, expected) in [
        (by_the_office(|_| ()), confirmed(true, false)),
        (by_the_office(phone), confirmed(true, true)),
    ] {
        let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(response(&answered), expected);
        assert_eq!(last_decision(&stack), "allowed no-objection");
        assert_eq!(audit_lines(&stack).last().unwrap()["rule"], "office");
    }
    // Another client, none, and a way in that nobody here knows.
    for sent in [
        sign_up(|_| ()),
        sign_up(|event| event["callerContext"] = Value::Null),
        by_the_office(|event| event["triggerSource"] = json!("PreSignUp_FromTheFuture")),
    ] {
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_or_a_number_that_is_another_user_s_is_not_taken() {
    let stack = stack_asking_the_pool(RULES, &[]).await;
    let owned = [
        ("email", "owner@example.com"),
        ("email_verified", "true"),
        ("phone_number", "+12025550100"),
        ("phone_number_verified", "true"),
    ];
    account(&stack, &owned).await;
    for (name, value) in [
        ("email", "owner@example.com"),
        ("email", "Owner@Example.com"),
        ("phone_number", "+12025550100"),
    ] {
        let sent = by_the_office(|event| event["request"]["userAttributes"][name] = json!(value));
        let message = error_message(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(
            message,
            "this address or number belongs to another account [alias-taken]"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_does_not_answer_leaves_it_to_cognito_s_code() {
    for behaviour in [Behaviour::Hang, Behaviour::Close] {
        let cognito = Faulty::start(behaviour).await;
        let variables = [("AWS_ENDPOINT_URL", cognito.url.as_str())];
        let stack = stack_asking_the_pool(RULES, &variables).await;
        let sent = by_the_office(|_| ());
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), "allowed no-objection");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_for_the_address_alone_confirms_and_verifies_it() {
    let stack = stack_asking_the_pool(INVITED, &[]).await;
    let sent = sign_up(|event| event["request"]["validationData"] = json!({"invitation": "code"}));
    let mut invitation = key_item(&DirectoryKey::invitation("code"));
    invitation.extend([number("expires_at", i64::from(i32::MAX) * 2)]);
    put(&stack, "DirectoryTable", invitation.clone()).await;
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    invitation.extend([text("email", address_digest(ADA))]);
    put(&stack, "DirectoryTable", invitation).await;
    let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(response(&answered), confirmed(true, false));
}

#[test]
fn a_rule_that_nobody_vouches_for_does_not_load() {
    let policy = |rule: &str| {
        let text = format!(
            "version = 1\n[pre-sign-up.clients.web]\nids = [\"web1\"]\n\
             [pre-sign-up.clients.office]\nids = [\"office1\"]\nconfidential = true\n\
             [[pre-sign-up.auto_confirm]]\nname = \"rule\"\n{rule}\n"
        );
        let policy = PolicyFile::parse("policy.toml", text).section::<PreSignUp>();
        policy.map_err(|errors| errors.to_string())
    };
    assert!(policy("clients = [\"office\"]\nverify_email = true").is_ok());
    let invites = "[[pre-sign-up.checks]]\nname = \"invited\"\ninvitation = {}";
    assert!(policy(&format!("bound_invitation = true\n{invites}")).is_ok());
    let reports = format!("bound_invitation = true\n{invites}\nmode = \"report\"");
    for (rule, expected) in [
        ("", "expected clients or bound_invitation = true"),
        (
            "verify_email = true",
            "expected clients or bound_invitation = true",
        ),
        (
            "clients = [\"web\"]",
            "expected a client with confidential = true",
        ),
        (
            "clients = [\"unknown\"]",
            "expected a name under pre-sign-up.clients",
        ),
        (
            "bound_invitation = true",
            "expected a check with invitation",
        ),
        (&reports, "expected a check with invitation"),
        (
            &format!("bound_invitation = true\nverify_phone_number = true\n{invites}"),
            "expected clients: an invitation says nothing of a phone number",
        ),
    ] {
        let error = policy(rule).unwrap_err();
        assert!(error.contains(expected), "{rule}: {error}");
    }
}
