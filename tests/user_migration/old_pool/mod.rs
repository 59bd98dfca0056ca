//! A store that is another Cognito user pool.

mod scripted;

use std::path::PathBuf;

use aws_sdk_cognitoidentityprovider::{
    Client as Pool,
    types::{AttributeType, MessageActionType},
};
use aws_sdk_dynamodb::types::AttributeValue;
use emulator::stack::Stack;
use shared::state::Item;

use super::{FUNCTION, moves_in_by_a_code, sign_in, signs_in};
use crate::common::{
    answer, audit_lines, invoke, last_decision, log_text, options, policy_file, tree,
};

const OLD_POOL: &str = "us-east-1_OldPool1";
const OLD_CLIENT: &str = "1oldclient";
const PASSWORD: &str = "Old-password-1";

/// A second pool, and a role for it that whoever knows the external id may assume.
const RESOURCES: &str = r#"
  OldUserPool:
    Type: AWS::Cognito::UserPool
    Properties:
      UsernameAttributes: [email]
  OldUserPoolClient:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      UserPoolId: !Ref OldUserPool
      ExplicitAuthFlows: [ALLOW_ADMIN_USER_PASSWORD_AUTH]
      PreventUserExistenceErrors: ENABLED
  OldPoolRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: old-pool
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: { AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }
            Action: sts:AssumeRole
            Condition: { StringEquals: { sts:ExternalId: between-us } }
      Policies:
        - PolicyName: old-pool
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [cognito-idp:AdminGetUser, cognito-idp:AdminInitiateAuth, cognito-idp:AdminListGroupsForUser]
                Resource: !GetAtt OldUserPool.Arn

Outputs:"#;

fn policy() -> PathBuf {
    policy_file(
        "version = 1\n[user-migration]\nforgot_password = true\nanswer_floor_ms = 1\nmax_offers = 100\n\
         attempts_per_name = { burst = 1000, period_seconds = 1 }\n\
         [[user-migration.stores]]\nname = \"old-pool\"\ncognito = {}\n\
         groups = { editors = \"writers\" }\n\
         attributes = { email = \"email\", name = \"name\", preferred_username = \"sub\" }\n",
    )
}

/// The suite whose users come from a pool of the same account, by a role that wants `external_id`.
async fn stack(external_id: &str) -> Stack {
    let shipped = std::fs::read_to_string(tree("template.yaml")).unwrap();
    let template = policy_file(&shipped.replacen("\nOutputs:", RESOURCES, 1));
    let mut options = options();
    options.template = template;
    options.policy = policy();
    let ids = [("OldUserPool", OLD_POOL), ("OldUserPoolClient", OLD_CLIENT)];
    options.physical_ids = ids
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .into();
    let arn = format!("arn:aws:cognito-idp:us-east-1:123456789012:userpool/{OLD_POOL}");
    let parameters = [
        ("LegacyUserPoolArn", arn.as_str()),
        ("LegacyUserPoolClientId", OLD_CLIENT),
        (
            "LegacyUserPoolRoleArn",
            "arn:aws:iam::123456789012:role/old-pool",
        ),
        ("LegacyUserPoolExternalId", external_id),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options.parameters = parameters.into();
    local::start(&options).await.unwrap()
}

fn attribute(name: &str, value: &str) -> AttributeType {
    let attribute = AttributeType::builder().name(name).value(value);
    attribute.build().unwrap()
}

/// A confirmed user of the old pool, in the group of writers; returns the `sub`.
async fn old_user(pool: &Pool, email: &str) -> String {
    let made = pool
        .admin_create_user()
        .user_pool_id(OLD_POOL)
        .username(email)
        .user_attributes(attribute("email", email))
        .user_attributes(attribute("email_verified", "true"))
        .user_attributes(attribute("name", "Ana Ruiz"))
        .message_action(MessageActionType::Suppress);
    let made = made.send().await.unwrap().user.unwrap();
    let password = pool
        .admin_set_user_password()
        .user_pool_id(OLD_POOL)
        .username(email)
        .password(PASSWORD)
        .permanent(true);
    password.send().await.unwrap();
    let group = pool
        .create_group()
        .user_pool_id(OLD_POOL)
        .group_name("writers");
    // The second user finds it there.
    let _ = group.send().await;
    let member = pool
        .admin_add_user_to_group()
        .user_pool_id(OLD_POOL)
        .username(email)
        .group_name("writers");
    member.send().await.unwrap();
    let attributes = made.attributes.unwrap();
    let sub = attributes.iter().find(|attribute| attribute.name == "sub");
    sub.unwrap().value.clone().unwrap()
}

async fn moved(stack: &Stack, record_id: &str) -> Item {
    super::moved_record(stack, "old-pool", record_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_another_pool_signs_in_with_the_old_password_and_then_without_the_trigger() {
    let stack = stack("between-us").await;
    let pool = Pool::new(&stack.sdk_config(Stack::admin()));
    let sub = old_user(&pool, "ana@example.com").await;

    assert!(!signs_in(&stack, "una@example.com", PASSWORD).await);
    assert_eq!(last_decision(&stack), "untouched unknown-user");
    assert!(!signs_in(&stack, "ana@example.com", "Wrong-password-1").await);
    assert_eq!(last_decision(&stack), "untouched wrong-password");
    assert!(signs_in(&stack, "Ana@example.com", PASSWORD).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let decisions = audit_lines(&stack).len();
    assert!(signs_in(&stack, "ana@example.com", PASSWORD).await);
    assert_eq!(audit_lines(&stack).len(), decisions);

    let user = pool
        .admin_get_user()
        .user_pool_id(&stack.user_pool.settings().pool_id)
        .username("ana@example.com");
    let attributes = user.send().await.unwrap().user_attributes.unwrap();
    let value = |name: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.name == name);
        attribute.and_then(|attribute| attribute.value.clone())
    };
    // What the old pool called them is known, and is not what this one calls them.
    assert_eq!(value("preferred_username").as_ref(), Some(&sub));
    assert_ne!(value("sub").as_ref(), Some(&sub));
    assert_eq!(value("email_verified").as_deref(), Some("true"));
    assert_eq!(value("name").as_deref(), Some("Ana Ruiz"));

    let record = moved(&stack, &sub).await;
    assert_eq!(record["state"], AttributeValue::S("offered".to_owned()));
    assert_eq!(
        record["groups"],
        AttributeValue::Ss(vec!["editors".to_owned()])
    );
    assert_eq!(record["mfa"], AttributeValue::Bool(false));
    assert_eq!(record["first_offered_at"], record["offered_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_another_pool_sets_a_new_password_by_the_code_that_this_pool_sends() {
    let stack = stack("between-us").await;
    let pool = Pool::new(&stack.sdk_config(Stack::admin()));
    old_user(&pool, "ana@example.com").await;
    moves_in_by_a_code(&stack, "ana@example.com", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_external_id_is_not_let_near_the_old_pool() {
    let stack = stack("guessed").await;
    let pool = Pool::new(&stack.sdk_config(Stack::admin()));
    old_user(&pool, "ana@example.com").await;
    let sent = sign_in("ana@example.com", PASSWORD);
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed dependency-failed");
    let log = log_text(&stack);
    assert!(log.contains("sts:AssumeRole: AccessDenied"), "{log}");
    assert!(!log.contains("guessed"), "{log}");
}
