//! What a token must be like, beside its signature: algorithm, client, claims, kind.

use super::*;

#[tokio::test]
async fn a_token_is_accepted_of_the_clients_that_the_policy_names() {
    let rejected = |why| Err(VerifyError::Rejected(why));
    for (claims, expected) in [
        (json!({"azp": "web"}), Ok(())),
        (
            json!({"azp": "another"}),
            rejected(Rejected::AuthorizedParty),
        ),
        (json!({}), rejected(Rejected::ClaimMissing("azp".into()))),
        (
            json!({"azp": ["web"]}),
            rejected(Rejected::ClaimMalformed("azp".into())),
        ),
    ] {
        let world = World::under("authorized_parties = [\"web\"]").await;
        let jwt = world.issuer.mint(claims.clone()).unwrap();
        let jwt = UnverifiedJwt::decode(&jwt).unwrap();
        assert_eq!(world.verify(&jwt).await, expected, "{claims}");
    }
    let world = World::new().await;
    let jwt = world.issuer.mint(json!({"azp": "another"})).unwrap();
    let jwt = UnverifiedJwt::decode(&jwt).unwrap();
    assert_eq!(world.verify(&jwt).await, Ok(()), "no list, no check");
}

#[tokio::test]
async fn a_claim_that_the_policy_requires_must_be_there() {
    for (claims, expected) in [
        (json!({"tenant": "a"}), Ok(())),
        (
            json!({}),
            Err(VerifyError::Rejected(Rejected::ClaimMissing(
                "tenant".into(),
            ))),
        ),
    ] {
        let world = World::under("required_claims = [\"tenant\"]").await;
        let jwt = world.issuer.mint(claims).unwrap();
        let jwt = UnverifiedJwt::decode(&jwt).unwrap();
        assert_eq!(world.verify(&jwt).await, expected);
    }
}

#[tokio::test]
async fn an_algorithm_that_the_policy_does_not_name_is_refused_before_any_key_is_asked_for() {
    let world = World::under("algorithms = [\"ES256\"]").await;
    let refused = world.verify(&world.token()).await;
    assert_eq!(refused, Err(VerifyError::Rejected(Rejected::Algorithm)));
    assert_eq!(world.issuer.jwks_requests(), 0);
    let jwt = world.issuer.mint_with("ES256", json!({})).unwrap();
    let jwt = UnverifiedJwt::decode(&jwt).unwrap();
    assert_eq!(world.verify(&jwt).await, Ok(()));
}

#[tokio::test]
async fn of_a_user_pool_the_one_kind_of_token_is_accepted_that_the_policy_names() {
    let id = json!({"token_use": "id"});
    let access = json!({"token_use": "access", "client_id": "poolkeeper", "aud": null});
    let stranger = json!({"token_use": "access", "client_id": "another", "aud": null});
    let nobody = json!({"token_use": "access", "aud": "poolkeeper"});
    let rejected = |why| Err(VerifyError::Rejected(why));
    for (kind, claims, expected) in [
        ("id", &id, Ok(())),
        (
            "id",
            &json!({}),
            rejected(Rejected::ClaimMissing("token_use".into())),
        ),
        (
            "id",
            &json!({"token_use": "access"}),
            rejected(Rejected::TokenUse),
        ),
        ("access", &access, Ok(())),
        ("access", &stranger, rejected(another_client())),
        (
            "access",
            &nobody,
            rejected(Rejected::ClaimMissing("client_id".into())),
        ),
        (
            "access",
            &json!({"token_use": "id", "client_id": "poolkeeper"}),
            rejected(Rejected::TokenUse),
        ),
    ] {
        let world = World::under(&format!("token_use = \"{kind}\"")).await;
        let jwt = world.issuer.mint(claims.clone()).unwrap();
        let jwt = UnverifiedJwt::decode(&jwt).unwrap();
        assert_eq!(world.verify(&jwt).await, expected, "{kind} {claims}");
    }
}
