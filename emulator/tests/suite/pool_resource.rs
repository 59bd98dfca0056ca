//! The user pool obeys its resource, says what it does not obey, and forgets on an update what it is not
//! given.

use emulator::dynamodb::Storage;
use serde_json::{Value, json};

use crate::support::{Aws, admin};

const POOL: &str = "  UserPool: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: !Ref 'AWS::StackName' } }\n";
const CLIENT: &str = "  UserPoolClient: { Type: AWS::Cognito::UserPoolClient, Properties: { UserPoolId: !Ref UserPool } }\n";
const TRIGGER: &str = "        SignUp: { Type: Cognito, Properties: { UserPool: !Ref UserPool, Trigger: PreSignUp } }\n";
const NAME: &str = "jo@example.com";
const PASSWORD: &str = "Correct-horse-1";

/// The fixture with another pool and client, and without triggers.
pub(crate) async fn start(pool: &str, client: &str, more: &str) -> Aws {
    Aws::start_with(bent(pool, client, more), Storage::Memory).await
}

/// What makes the fixture such a template.
pub(crate) fn bent(pool: &str, client: &str, more: &str) -> impl FnOnce(&mut String) {
    move |text: &mut String| {
        assert!(text.contains(POOL) && text.contains(CLIENT) && text.contains(TRIGGER));
        let pool = format!(
            "  UserPool:\n    Type: AWS::Cognito::UserPool\n    Properties: {{ {pool} }}\n"
        );
        let client = format!(
            "  UserPoolClient:\n    Type: AWS::Cognito::UserPoolClient\n    Properties: {{ UserPoolId: !Ref UserPool, {client} }}\n{more}"
        );
        *text = text
            .replace(POOL, &pool)
            .replace(CLIENT, &client)
            .replace(TRIGGER, "");
    }
}

/// What an administrator gets for one operation of the pool.
pub(crate) async fn ask(aws: &Aws, operation: &str, body: Value) -> Value {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let owner = admin();
    let answer = aws.call(&owner, "cognito-idp", ("POST", "/"), &target, &body);
    answer.await.json()
}

pub(crate) fn pool_id(aws: &Aws) -> String {
    aws.stack.user_pool.settings().pool_id.clone()
}

pub(crate) fn client_id(aws: &Aws) -> String {
    aws.stack.user_pool.settings().client_id.clone()
}

pub(crate) async fn sign_up(aws: &Aws, password: &str) -> Value {
    let attributes = json!([{ "Name": "email", "Value": NAME }]);
    let body = json!({
        "ClientId": client_id(aws),
        "Username": NAME,
        "Password": password,
        "UserAttributes": attributes,
    });
    ask(aws, "SignUp", body).await
}

/// The tokens of somebody who has just signed up.
pub(crate) async fn signed_in(aws: &Aws) -> Value {
    let signed_up = sign_up(aws, PASSWORD).await;
    assert!(signed_up["UserSub"].is_string(), "{signed_up}");
    let who = json!({ "UserPoolId": pool_id(aws), "Username": NAME });
    ask(aws, "AdminConfirmSignUp", who).await;
    sign_in(aws).await["AuthenticationResult"].clone()
}

pub(crate) async fn sign_in(aws: &Aws) -> Value {
    let body = json!({
        "ClientId": client_id(aws),
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": NAME, "PASSWORD": PASSWORD },
    });
    ask(aws, "InitiateAuth", body).await
}

pub(crate) const EMAIL: &str = "UsernameAttributes: [email], AutoVerifiedAttributes: [email]";
pub(crate) const PASSWORDS: &str =
    "ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]";

#[tokio::test]
async fn a_password_must_be_what_the_policy_wants() {
    let policy = "Policies: { PasswordPolicy: { MinimumLength: 12, RequireUppercase: true, RequireNumbers: true } }";
    let aws = start(&format!("{EMAIL}, {policy}"), PASSWORDS, "").await;
    for (password, reason) in [
        ("aaaaaaaa", "Password not long enough"),
        ("aaaaaaaaaaaa", "Password must have uppercase characters"),
        ("Aaaaaaaaaaaa", "Password must have numeric characters"),
    ] {
        let refused = sign_up(&aws, password).await;
        assert_eq!(refused["__type"], "InvalidPasswordException");
        assert!(
            refused["message"].as_str().unwrap().ends_with(reason),
            "{refused}"
        );
    }
    assert!(sign_up(&aws, "Aaaaaaaaaaa1").await["UserSub"].is_string());
}

#[tokio::test]
async fn a_pool_without_a_policy_has_that_of_the_service() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let refused = sign_up(&aws, "Aaaaaaa1").await;
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .ends_with("symbol characters"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_flow_that_the_client_is_not_set_to_is_refused() {
    let aws = start(EMAIL, "ExplicitAuthFlows: [ALLOW_USER_SRP_AUTH]", "").await;
    let refused = sign_in(&aws).await;
    assert_eq!(
        refused["message"],
        "USER_PASSWORD_AUTH flow not enabled for this client"
    );
}

#[tokio::test]
async fn tokens_live_as_long_as_the_client_says() {
    let validity = "AccessTokenValidity: 10, IdTokenValidity: 20, TokenValidityUnits: { AccessToken: minutes, IdToken: minutes }";
    let aws = start(EMAIL, &format!("{PASSWORDS}, {validity}"), "").await;
    let tokens = signed_in(&aws).await;
    assert_eq!(tokens["ExpiresIn"], 600);
    let id = crate::user_pool::pool::claims(tokens["IdToken"].as_str().unwrap());
    assert_eq!(
        id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(),
        1200
    );
}

#[tokio::test]
async fn only_what_is_verified_automatically_gets_a_code() {
    let aws = start("UsernameAttributes: [email]", PASSWORDS, "").await;
    let signed_up = sign_up(&aws, PASSWORD).await;
    assert!(
        signed_up.get("CodeDeliveryDetails").is_none(),
        "{signed_up}"
    );
    assert!(aws.stack.user_pool.mailbox().deliveries().is_empty());
}

#[tokio::test]
async fn a_pool_of_administrators_takes_no_sign_up() {
    let only = "AdminCreateUserConfig: { AllowAdminCreateUserOnly: true }";
    let aws = start(&format!("{EMAIL}, {only}"), PASSWORDS, "").await;
    assert_eq!(
        sign_up(&aws, PASSWORD).await["__type"],
        "NotAuthorizedException"
    );
}

#[tokio::test]
async fn an_update_resets_what_it_is_not_given_and_keeps_what_it_does_not_know() {
    let given = "MfaConfiguration: OPTIONAL, Policies: { PasswordPolicy: { MinimumLength: 20 } }";
    let aws = start(&format!("{EMAIL}, {given}"), PASSWORDS, "").await;
    let pool = json!({ "UserPoolId": pool_id(&aws) });
    let before = ask(&aws, "DescribeUserPool", pool.clone()).await["UserPool"].clone();
    assert_eq!(before["Policies"]["PasswordPolicy"]["MinimumLength"], 20);
    assert_eq!(before["MfaConfiguration"], "OPTIONAL");
    let update = json!({ "UserPoolId": pool_id(&aws), "AutoVerifiedAttributes": ["email"], "Unheard": { "Of": 1 } });
    assert_eq!(ask(&aws, "UpdateUserPool", update).await, json!({}));
    let after = ask(&aws, "DescribeUserPool", pool).await["UserPool"].clone();
    assert_eq!(after["Policies"]["PasswordPolicy"]["MinimumLength"], 8);
    assert_eq!(after["MfaConfiguration"], "OFF");
    assert_eq!(after["UsernameAttributes"], json!(["email"]));
    assert_eq!(after["Unheard"]["Of"], 1);
    let short = sign_up(&aws, "Short-1a").await;
    assert!(short["UserSub"].is_string(), "{short}");
}

#[tokio::test]
async fn the_client_is_described_and_updated_in_the_same_way() {
    let aws = start(
        EMAIL,
        &format!("{PASSWORDS}, PreventUserExistenceErrors: ENABLED"),
        "",
    )
    .await;
    let who = json!({ "UserPoolId": pool_id(&aws), "ClientId": client_id(&aws) });
    let before = ask(&aws, "DescribeUserPoolClient", who.clone()).await["UserPoolClient"].clone();
    assert_eq!(before["ExplicitAuthFlows"][0], "ALLOW_USER_PASSWORD_AUTH");
    ask(&aws, "UpdateUserPoolClient", who.clone()).await;
    let after = ask(&aws, "DescribeUserPoolClient", who).await["UserPoolClient"].clone();
    assert!(after.get("PreventUserExistenceErrors").is_none(), "{after}");
    assert!(sign_in(&aws).await["__type"].is_string());
}

#[tokio::test]
async fn what_is_not_obeyed_is_named() {
    let aws = start(
        &format!("{EMAIL}, MfaConfiguration: OPTIONAL"),
        "WriteAttributes: [email]",
        "",
    )
    .await;
    assert_eq!(
        aws.stack.not_obeyed(),
        ["user pool: MfaConfiguration", "app client: WriteAttributes"]
    );
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_reported_as_unknown_to_anybody() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let headers = [(
        "x-amz-target",
        "AWSCognitoIdentityProviderService.AssociateSoftwareToken",
    )];
    let url = format!("{}/", aws.stack.aws_url);
    let answer = emulator::http_client::send("POST", &url, &headers, "{}")
        .await
        .unwrap();
    assert_eq!(answer.json()["__type"], "UnknownOperationException");
}

#[tokio::test]
async fn a_page_of_any_origin_may_ask_and_read() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let url = format!("{}/", aws.stack.aws_url);
    let origin = ("origin", "https://app.example.com");
    let preflight = [
        origin,
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-type,x-amz-target",
        ),
    ];
    let answer = emulator::http_client::send("OPTIONS", &url, &preflight, "")
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["access-control-allow-headers"],
        "content-type,x-amz-target"
    );
    let jwks = format!(
        "{}/{}/.well-known/jwks.json",
        aws.stack.aws_url,
        pool_id(&aws)
    );
    let keys = emulator::http_client::send("GET", &jwks, &[origin], "")
        .await
        .unwrap();
    assert_eq!(keys.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_signed_out_access_token_opens_nothing() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let tokens = signed_in(&aws).await;
    let holder = json!({ "AccessToken": tokens["AccessToken"] });
    assert!(ask(&aws, "GetUser", holder.clone()).await["Username"].is_string());
    assert_eq!(ask(&aws, "GlobalSignOut", holder.clone()).await, json!({}));
    assert_eq!(
        ask(&aws, "GetUser", holder).await["message"],
        "Access Token has been revoked"
    );
    let refresh = json!({ "ClientId": client_id(&aws), "RefreshToken": tokens["RefreshToken"] });
    let refused = ask(&aws, "GetTokensFromRefreshToken", refresh).await;
    assert_eq!(refused["__type"], "NotAuthorizedException");
}

#[tokio::test]
async fn a_revoked_refresh_token_ends_only_its_own_sign_in() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let first = signed_in(&aws).await;
    let second = sign_in(&aws).await["AuthenticationResult"].clone();
    let revoke = json!({ "ClientId": client_id(&aws), "Token": first["RefreshToken"] });
    ask(&aws, "RevokeToken", revoke).await;
    let refreshed = |token: &Value| json!({ "ClientId": client_id(&aws), "RefreshToken": token });
    let old = ask(
        &aws,
        "GetTokensFromRefreshToken",
        refreshed(&first["RefreshToken"]),
    )
    .await;
    assert_eq!(old["__type"], "NotAuthorizedException");
    let new = ask(
        &aws,
        "GetTokensFromRefreshToken",
        refreshed(&second["RefreshToken"]),
    )
    .await;
    assert!(new["AuthenticationResult"]["IdToken"].is_string(), "{new}");
}

#[tokio::test]
async fn a_changed_password_counts_from_then_on() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let tokens = signed_in(&aws).await;
    let change = |previous: &str| {
        json!({
            "AccessToken": tokens["AccessToken"],
            "PreviousPassword": previous,
            "ProposedPassword": "Another-horse-2",
        })
    };
    let wrong = ask(&aws, "ChangePassword", change("wrong")).await;
    assert_eq!(wrong["__type"], "NotAuthorizedException");
    assert_eq!(
        ask(&aws, "ChangePassword", change(PASSWORD)).await,
        json!({})
    );
    assert_eq!(sign_in(&aws).await["__type"], "NotAuthorizedException");
}

#[tokio::test]
async fn an_address_that_changes_is_to_be_proven_again() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let tokens = signed_in(&aws).await;
    let update = json!({
        "AccessToken": tokens["AccessToken"],
        "UserAttributes": [{ "Name": "email", "Value": "new@example.com" }],
    });
    let sent = ask(&aws, "UpdateUserAttributes", update).await;
    assert_eq!(sent["CodeDeliveryDetailsList"][0]["AttributeName"], "email");
    let verified = |user: &Value| {
        let attributes = user["UserAttributes"].as_array().unwrap().clone();
        let found = attributes
            .iter()
            .find(|it| it["Name"] == "email_verified")
            .cloned();
        found.unwrap()["Value"].clone()
    };
    let holder = json!({ "AccessToken": tokens["AccessToken"] });
    assert_eq!(
        verified(&ask(&aws, "GetUser", holder.clone()).await),
        "false"
    );
    let code = aws
        .stack
        .user_pool
        .mailbox()
        .deliveries()
        .last()
        .unwrap()
        .code
        .clone();
    let verify =
        json!({ "AccessToken": tokens["AccessToken"], "AttributeName": "email", "Code": code });
    assert_eq!(ask(&aws, "VerifyUserAttribute", verify).await, json!({}));
    assert_eq!(verified(&ask(&aws, "GetUser", holder).await), "true");
}

#[tokio::test]
async fn who_leaves_is_gone() {
    let aws = start(EMAIL, PASSWORDS, "").await;
    let tokens = signed_in(&aws).await;
    ask(
        &aws,
        "DeleteUser",
        json!({ "AccessToken": tokens["AccessToken"] }),
    )
    .await;
    let who = json!({ "UserPoolId": pool_id(&aws), "Username": NAME });
    assert_eq!(
        ask(&aws, "AdminGetUser", who).await["__type"],
        "UserNotFoundException"
    );
}
