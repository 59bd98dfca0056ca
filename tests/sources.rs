//! Every source that Cognito has for the triggers, as clients bring it about: the embedded pool calls the functions.

use std::collections::BTreeSet;

use aws_sdk_cognitoidentityprovider::{
    Client,
    types::{AttributeType, AuthFlowType, MessageActionType},
};
use emulator::{stack::Stack, user_pool::FederatedUser};

use crate::common::{audit_lines, stack};

const ADA: &str = "ada@example.com";

fn email(address: &str) -> AttributeType {
    let email = AttributeType::builder().name("email").value(address);
    email.build().unwrap()
}

fn code(stack: &Stack) -> String {
    let sent = stack.user_pool.mailbox().deliveries();
    let sent = sent.iter().rfind(|sent| sent.destination == ADA);
    sent.unwrap().code.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_of_cognito_reaches_its_function_which_decides() {
    let stack = stack().await;
    let pool = Client::new(&stack.sdk_config(Stack::admin()));
    let settings = stack.user_pool.settings();
    let (pool_id, client_id) = (&settings.pool_id, &settings.client_id);

    let signed_up = pool.sign_up().client_id(client_id).username(ADA);
    let signed_up = signed_up
        .password("Correct-Horse-1")
        .user_attributes(email(ADA));
    signed_up.send().await.unwrap();
    let confirmed = pool.confirm_sign_up().client_id(client_id).username(ADA);
    let confirmed = confirmed.confirmation_code(code(&stack));
    confirmed.send().await.unwrap();

    let forgot = pool.forgot_password().client_id(client_id).username(ADA);
    forgot.send().await.unwrap();
    let reset = pool.confirm_forgot_password().client_id(client_id);
    let reset = reset.username(ADA).password("Correct-Horse-2");
    reset.confirmation_code(code(&stack)).send().await.unwrap();

    let made = pool.admin_create_user().user_pool_id(pool_id);
    let made = made
        .username("bob@example.com")
        .user_attributes(email("bob@example.com"));
    let made = made.message_action(MessageActionType::Suppress);
    made.send().await.unwrap();

    let federated = FederatedUser {
        provider: "Google",
        subject: "1234",
        attributes: &[("email", "eve@example.com")],
    };
    stack.user_pool.federated_sign_in(federated).await.unwrap();

    // Nobody has them: both are refused, after the old stores were asked.
    let sign_in = pool.initiate_auth().client_id(client_id);
    let sign_in = sign_in.auth_flow(AuthFlowType::UserPasswordAuth);
    let sign_in = sign_in.auth_parameters("USERNAME", "nobody@example.com");
    let sign_in = sign_in
        .auth_parameters("PASSWORD", "Correct-Horse-1")
        .send()
        .await;
    assert!(sign_in.is_err());
    let forgot = pool.forgot_password().client_id(client_id);
    drop(forgot.username("nobody@example.com").send().await);

    let lines = audit_lines(&stack);
    let told: BTreeSet<String> = lines
        .iter()
        .map(|line| {
            let word = |member: &str| line[member].as_str().unwrap_or_default();
            format!(
                "{} {} {}",
                word("function"),
                word("trigger_source"),
                word("outcome")
            )
        })
        .collect();
    let expected = [
        "post-confirmation PostConfirmation_ConfirmForgotPassword recorded",
        "post-confirmation PostConfirmation_ConfirmSignUp recorded",
        "pre-sign-up PreSignUp_AdminCreateUser allowed",
        "pre-sign-up PreSignUp_ExternalProvider allowed",
        "pre-sign-up PreSignUp_SignUp allowed",
        "user-migration UserMigration_Authentication untouched",
        "user-migration UserMigration_ForgotPassword untouched",
    ];
    assert_eq!(told, expected.map(str::to_owned).into());
    stack.shutdown().await;
}
