//! A user pool's users at the identity pool: Cognito chooses the role, by group and mapping.

use serde_json::{Value, json};

use crate::{
    pool_resource::{EMAIL, PASSWORDS, ask, pool_id, signed_in, start},
    support::{Aws, admin},
};

const ROLE: &str = "
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: { Federated: cognito-identity.amazonaws.com }
            Action: [sts:AssumeRoleWithWebIdentity, sts:TagSession]
            Condition:
              StringEquals: { 'cognito-identity.amazonaws.com:aud': !Ref Users }
";

const PROVIDER: &str = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Examplepl";

async fn with_identity_pool(bend: &str) -> Aws {
    let more = format!(
        "  Nothing:{ROLE}  Something:{ROLE}  Readers:
    Type: AWS::Cognito::UserPoolGroup
    Properties: {{ UserPoolId: !Ref UserPool, GroupName: readers, RoleArn: !GetAtt Something.Arn }}
  Users:
    Type: AWS::Cognito::IdentityPool
    Properties:
      AllowUnauthenticatedIdentities: false
      AllowClassicFlow: false
      CognitoIdentityProviders: [{{ ProviderName: !GetAtt UserPool.ProviderName, ClientId: !Ref UserPoolClient, ServerSideTokenCheck: true }}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Users
      Roles: {{ authenticated: !GetAtt Nothing.Arn }}
      RoleMappings:
        pool:
          IdentityProvider: !Sub '${{UserPool.ProviderName}}:${{UserPoolClient}}'
          Type: Token
          AmbiguousRoleResolution: {bend}
  Tags:
    Type: AWS::Cognito::IdentityPoolPrincipalTag
    Properties: {{ IdentityPoolId: !Ref Users, IdentityProviderName: !GetAtt UserPool.ProviderName, PrincipalTags: {{ user_sub: sub }} }}
"
    );
    start(EMAIL, PASSWORDS, &more).await
}

async fn identity(aws: &Aws, operation: &str, body: Value) -> Value {
    let target = format!("AWSCognitoIdentityService.{operation}");
    let owner = admin();
    let answer = aws.call(&owner, "cognito-identity", ("POST", "/"), &target, &body);
    answer.await.json()
}

fn users(aws: &Aws) -> String {
    let mut pools = aws.template.identity_pools().iter();
    pools
        .find(|pool| pool.logical_id == "Users")
        .unwrap()
        .id
        .clone()
}

async fn join(aws: &Aws) {
    let member =
        json!({ "UserPoolId": pool_id(aws), "Username": "jo@example.com", "GroupName": "readers" });
    assert_eq!(ask(aws, "AdminAddUserToGroup", member).await, json!({}));
}

/// The role in which somebody with this ID token finds themselves.
async fn role(aws: &Aws, id_token: &Value) -> Result<String, Value> {
    let logins = json!({ PROVIDER: id_token });
    let made = identity(
        aws,
        "GetId",
        json!({ "IdentityPoolId": users(aws), "Logins": logins }),
    )
    .await;
    let request = json!({ "IdentityId": made["IdentityId"], "Logins": logins });
    let answer = identity(aws, "GetCredentialsForIdentity", request).await;
    let issued = &answer["Credentials"];
    let Some(key) = issued["AccessKeyId"].as_str() else {
        return Err(answer);
    };
    let credentials = crate::support::credentials(
        key,
        issued["SecretKey"].as_str().unwrap(),
        issued["SessionToken"].as_str().map(str::to_owned),
    );
    let caller = aws
        .sts(Some(credentials))
        .get_caller_identity()
        .send()
        .await;
    Ok(caller.unwrap().arn.unwrap())
}

async fn refreshed(aws: &Aws, tokens: &Value) -> Value {
    let body = json!({ "ClientId": aws.stack.user_pool.settings().client_id, "RefreshToken": tokens["RefreshToken"] });
    ask(aws, "GetTokensFromRefreshToken", body).await["AuthenticationResult"]["IdToken"].clone()
}

#[tokio::test]
async fn a_member_of_a_group_gets_its_role_and_anybody_else_the_default() {
    let aws = with_identity_pool("AuthenticatedRole").await;
    let tokens = signed_in(&aws).await;
    let outside = role(&aws, &tokens["IdToken"]).await.unwrap();
    assert!(
        outside.contains("assumed-role/example-Nothing/"),
        "{outside}"
    );
    join(&aws).await;
    let inside = role(&aws, &refreshed(&aws, &tokens).await).await.unwrap();
    assert!(
        inside.contains("assumed-role/example-Something/"),
        "{inside}"
    );
}

#[tokio::test]
async fn where_no_role_is_chosen_the_mapping_may_deny() {
    let aws = with_identity_pool("Deny").await;
    let tokens = signed_in(&aws).await;
    let refused = role(&aws, &tokens["IdToken"]).await.unwrap_err();
    assert_eq!(refused["__type"], "NotAuthorizedException");
}

#[tokio::test]
async fn the_classic_flow_is_refused_where_the_pool_says_so() {
    let aws = with_identity_pool("AuthenticatedRole").await;
    let tokens = signed_in(&aws).await;
    let logins = json!({ PROVIDER: tokens["IdToken"] });
    let made = identity(
        &aws,
        "GetId",
        json!({ "IdentityPoolId": users(&aws), "Logins": logins }),
    )
    .await;
    let request = json!({ "IdentityId": made["IdentityId"], "Logins": logins });
    let refused = identity(&aws, "GetOpenIdToken", request).await;
    assert!(
        refused["message"].as_str().unwrap().contains("classic"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_same_user_keeps_the_identity_and_a_signed_out_one_gets_nothing() {
    let aws = with_identity_pool("AuthenticatedRole").await;
    let tokens = signed_in(&aws).await;
    let request =
        json!({ "IdentityPoolId": users(&aws), "Logins": { PROVIDER: tokens["IdToken"] } });
    let first = identity(&aws, "GetId", request.clone()).await;
    let again = identity(&aws, "GetId", request.clone()).await;
    assert_eq!(first["IdentityId"], again["IdentityId"]);
    ask(
        &aws,
        "GlobalSignOut",
        json!({ "AccessToken": tokens["AccessToken"] }),
    )
    .await;
    assert_eq!(
        identity(&aws, "GetId", request).await["__type"],
        "NotAuthorizedException"
    );
}

#[tokio::test]
async fn an_access_token_and_a_token_of_nobody_are_no_logins() {
    let aws = with_identity_pool("AuthenticatedRole").await;
    let tokens = signed_in(&aws).await;
    for token in [tokens["AccessToken"].clone(), json!("a.b.c")] {
        let request = json!({ "IdentityPoolId": users(&aws), "Logins": { PROVIDER: token } });
        assert_eq!(
            identity(&aws, "GetId", request).await["__type"],
            "NotAuthorizedException"
        );
    }
}
