//! The enhanced flow, guests, and what may be looked up of an identity.

use aws_sdk_cognitoidentity::types::Credentials as CognitoCredentials;
use emulator::dynamodb::Storage;

use crate::support::{Aws, PROVIDER, START, admin, code, credentials, text};

const WITH_GUESTS: &str = "AllowUnauthenticatedIdentities: true";

async fn aws_with_guests() -> Aws {
    let bend = |text: &mut String| {
        *text = text.replace("AllowUnauthenticatedIdentities: false", WITH_GUESTS);
    };
    Aws::start_with(bend, Storage::Memory).await
}

fn of_cognito(issued: &CognitoCredentials) -> aws_credential_types::Credentials {
    credentials(
        issued.access_key_id().unwrap(),
        issued.secret_key().unwrap(),
        issued.session_token().map(str::to_owned),
    )
}

#[tokio::test]
async fn the_enhanced_flow_gives_the_default_role_whatever_the_tag_says() {
    let aws = Aws::start().await;
    let (identity_id, token) = aws.token("ada", Some("member")).await;
    let public = aws.cognito(None);
    let answer = public
        .get_credentials_for_identity()
        .identity_id(&identity_id)
        .logins("cognito-identity.amazonaws.com", &token)
        .send()
        .await
        .unwrap();
    let held = of_cognito(&answer.credentials.unwrap());
    let who = aws
        .sts(Some(held.clone()))
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert!(
        who.arn()
            .unwrap()
            .contains("assumed-role/example-DefaultAuthenticatedRole/")
    );
    let own = aws
        .dynamodb(held)
        .get_item()
        .table_name("example-DataTable")
        .key("owner", text(&identity_id))
        .key("item", text("note"))
        .send()
        .await;
    assert_eq!(code(own), "AccessDeniedException");
}

#[tokio::test]
async fn an_identity_id_alone_or_with_another_s_token_opens_nothing() {
    let aws = Aws::start().await;
    let (ada, _) = aws.token("ada", None).await;
    let (_, bobs) = aws.token("bob", None).await;
    let public = aws.cognito(None);
    let ask = || public.get_credentials_for_identity().identity_id(&ada);
    assert_eq!(code(ask().send().await), "NotAuthorizedException");
    let with_bobs = ask()
        .logins("cognito-identity.amazonaws.com", bobs)
        .send()
        .await;
    assert_eq!(code(with_bobs), "NotAuthorizedException");
}

#[tokio::test]
async fn guests_get_an_identity_only_where_the_pool_lets_them() {
    let closed = Aws::start().await;
    let refused = closed
        .cognito(None)
        .get_id()
        .identity_pool_id(closed.pool_id())
        .send()
        .await;
    assert_eq!(code(refused), "NotAuthorizedException");

    let open = aws_with_guests().await;
    let public = open.cognito(None);
    let guest = public
        .get_id()
        .identity_pool_id(open.pool_id())
        .send()
        .await
        .unwrap();
    let guest = guest.identity_id.unwrap();
    let answer = public
        .get_open_id_token()
        .identity_id(&guest)
        .send()
        .await
        .unwrap();
    let claims = open.key.verify(answer.token().unwrap(), START).unwrap();
    assert_eq!(
        (claims.sub, claims.amr),
        (guest.clone(), vec!["unauthenticated".to_owned()])
    );
    let no_role = public
        .get_credentials_for_identity()
        .identity_id(&guest)
        .send()
        .await;
    assert_eq!(code(no_role), "InvalidIdentityPoolConfigurationException");
}

#[tokio::test]
async fn look_ups_tell_users_of_an_identity_and_providers_but_no_owner() {
    let aws = Aws::start().await;
    let (ada, _) = aws.token("ada", None).await;
    let client = aws.cognito(Some(admin()));
    let lookup = || {
        client
            .lookup_developer_identity()
            .identity_pool_id(aws.pool_id())
    };
    let by_user = lookup()
        .developer_user_identifier("ada")
        .send()
        .await
        .unwrap();
    assert_eq!(by_user.identity_id(), Some(ada.as_str()));
    let by_id = lookup().identity_id(&ada).send().await.unwrap();
    assert_eq!(by_id.developer_user_identifier_list(), ["ada"]);
    let both = lookup()
        .identity_id(&ada)
        .developer_user_identifier("bob")
        .send()
        .await;
    assert_eq!(code(both), "ResourceConflictException");
    let described = client
        .describe_identity()
        .identity_id(&ada)
        .send()
        .await
        .unwrap();
    assert_eq!(described.logins(), [PROVIDER]);
}
