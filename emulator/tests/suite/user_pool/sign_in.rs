//! Sign-ins with a password, and the tokens that they get.

use serde_json::json;

use crate::user_pool::pool::{
    CLIENT, PASSWORD, POOL, Pool, attribute, claims, pair, refusal, start, untouched,
};

async fn group(pool: &Pool, name: &str, precedence: Option<i32>, role: Option<&str>) {
    let request = pool
        .client
        .create_group()
        .user_pool_id(POOL)
        .group_name(name);
    let request = request
        .set_precedence(precedence)
        .set_role_arn(role.map(str::to_owned));
    request.send().await.unwrap();
    let request = pool
        .client
        .admin_add_user_to_group()
        .user_pool_id(POOL)
        .group_name(name);
    request.username("jo@example.com").send().await.unwrap();
}

#[tokio::test]
async fn the_tokens_carry_cognitos_claims_and_are_signed_by_the_published_key() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let answer = pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    let result = answer.authentication_result.unwrap();
    assert_eq!(result.expires_in, 3600);
    let id_token = result.id_token.unwrap();
    pool.verify(&id_token).await;
    let id = claims(&id_token);
    assert_eq!(id["iss"], json!(format!("{}/{POOL}", pool.base_url)));
    assert_eq!(id["aud"], CLIENT);
    assert_eq!(id["token_use"], "id");
    assert_eq!(id["email_verified"], true);
    assert_eq!(id["cognito:username"], id["sub"]);
    assert_eq!(
        id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(),
        3600
    );
    assert!(id.get("cognito:groups").is_none());
    let access = claims(&result.access_token.unwrap());
    assert_eq!(access["token_use"], "access");
    assert_eq!(access["client_id"], CLIENT);
    assert_eq!(access["username"], id["sub"]);
    assert!(access.get("aud").is_none());
    assert_eq!(access["auth_time"], id["auth_time"]);
    assert_eq!(access["event_id"], id["event_id"]);
    assert_ne!(access["jti"], id["jti"]);
}

#[tokio::test]
async fn groups_and_their_roles_are_in_the_tokens_the_weightiest_first() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    group(&pool, "readers", None, None).await;
    group(
        &pool,
        "editors",
        Some(5),
        Some("arn:aws:iam::123456789012:role/editor"),
    )
    .await;
    group(
        &pool,
        "owners",
        Some(1),
        Some("arn:aws:iam::123456789012:role/owner"),
    )
    .await;
    let answer = pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    let result = answer.authentication_result.unwrap();
    let id = claims(&result.id_token.unwrap());
    assert_eq!(
        id["cognito:groups"],
        json!(["owners", "editors", "readers"])
    );
    assert_eq!(
        id["cognito:roles"],
        json!([
            "arn:aws:iam::123456789012:role/owner",
            "arn:aws:iam::123456789012:role/editor"
        ])
    );
    assert_eq!(
        id["cognito:preferred_role"],
        "arn:aws:iam::123456789012:role/owner"
    );
    let access = claims(&result.access_token.unwrap());
    assert_eq!(access["cognito:groups"], id["cognito:groups"]);
    assert!(access.get("cognito:roles").is_none());
}

#[tokio::test]
async fn two_roles_of_one_precedence_make_none_preferred() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    group(
        &pool,
        "editors",
        Some(1),
        Some("arn:aws:iam::123456789012:role/editor"),
    )
    .await;
    group(
        &pool,
        "owners",
        Some(1),
        Some("arn:aws:iam::123456789012:role/owner"),
    )
    .await;
    let answer = pool.sign_in("jo@example.com", PASSWORD).await.unwrap();
    let id = claims(&answer.authentication_result.unwrap().id_token.unwrap());
    assert_eq!(id["cognito:roles"].as_array().unwrap().len(), 2);
    assert!(id.get("cognito:preferred_role").is_none());
}

#[tokio::test]
async fn a_removed_member_leaves_the_group() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    group(&pool, "readers", None, None).await;
    let groups = || {
        pool.client
            .admin_list_groups_for_user()
            .user_pool_id(POOL)
            .username("jo@example.com")
    };
    assert_eq!(
        groups().send().await.unwrap().groups()[0].group_name(),
        Some("readers")
    );
    let remove = pool
        .client
        .admin_remove_user_from_group()
        .user_pool_id(POOL)
        .group_name("readers");
    remove.username("jo@example.com").send().await.unwrap();
    assert!(groups().send().await.unwrap().groups().is_empty());
}

#[tokio::test]
async fn a_refresh_token_gives_new_tokens_of_the_same_sign_in() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let first = pool
        .sign_in("jo@example.com", PASSWORD)
        .await
        .unwrap()
        .authentication_result
        .unwrap();
    let refresh = |token: &str| {
        let request = pool.client.initiate_auth().client_id(CLIENT);
        request
            .auth_flow("REFRESH_TOKEN_AUTH".into())
            .auth_parameters("REFRESH_TOKEN", token)
            .send()
    };
    let answer = refresh(first.refresh_token.as_deref().unwrap())
        .await
        .unwrap();
    let second = answer.authentication_result.unwrap();
    assert!(second.refresh_token.is_none());
    let (first, second) = (
        claims(&first.id_token.unwrap()),
        claims(&second.id_token.unwrap()),
    );
    assert_eq!(first["origin_jti"], second["origin_jti"]);
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(
        refusal(refresh("forged").await),
        pair("NotAuthorizedException", "Invalid Refresh Token")
    );
}

#[tokio::test]
async fn an_access_token_shows_its_holder_and_an_id_token_does_not() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let result = pool
        .sign_in("jo@example.com", PASSWORD)
        .await
        .unwrap()
        .authentication_result
        .unwrap();
    let user = pool
        .client
        .get_user()
        .access_token(result.access_token.unwrap())
        .send()
        .await
        .unwrap();
    assert!(
        user.user_attributes
            .contains(&attribute("email", "jo@example.com"))
    );
    assert_eq!(
        refusal(
            pool.client
                .get_user()
                .access_token(result.id_token.unwrap())
                .send()
                .await
        ),
        pair("NotAuthorizedException", "Invalid Access Token")
    );
}

#[tokio::test]
async fn an_unconfirmed_user_does_not_sign_in() {
    let pool = start(untouched).await;
    pool.sign_up("jo@example.com").send().await.unwrap();
    assert_eq!(
        refusal(pool.sign_in("jo@example.com", PASSWORD).await),
        pair("UserNotConfirmedException", "User is not confirmed.")
    );
}

#[tokio::test]
async fn an_administrators_flow_is_not_the_clients() {
    let pool = start(untouched).await;
    pool.member("jo@example.com").await;
    let admin = pool
        .client
        .admin_initiate_auth()
        .user_pool_id(POOL)
        .client_id(CLIENT);
    let answer = admin
        .auth_flow("ADMIN_USER_PASSWORD_AUTH".into())
        .auth_parameters("USERNAME", "jo@example.com")
        .auth_parameters("PASSWORD", PASSWORD)
        .send()
        .await
        .unwrap();
    assert!(answer.authentication_result.is_some());
    let client = pool.client.initiate_auth().client_id(CLIENT);
    assert_eq!(
        refusal(
            client
                .auth_flow("ADMIN_USER_PASSWORD_AUTH".into())
                .send()
                .await
        ),
        pair(
            "InvalidParameterException",
            "Initiate Auth method not supported."
        )
    );
}

#[tokio::test]
async fn another_client_or_pool_is_not_found() {
    let pool = start(untouched).await;
    let client = pool
        .client
        .sign_up()
        .client_id("other")
        .username("jo@example.com")
        .password(PASSWORD);
    assert_eq!(
        refusal(client.send().await),
        pair(
            "ResourceNotFoundException",
            "User pool client other does not exist."
        )
    );
    let users = pool.client.list_users().user_pool_id("us-east-1_Other");
    assert_eq!(
        refusal(users.send().await),
        pair(
            "ResourceNotFoundException",
            "User pool us-east-1_Other does not exist."
        )
    );
}
