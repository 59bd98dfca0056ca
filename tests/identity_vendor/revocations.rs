//! Proofs that were made before a revocation.

use super::*;

fn text(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())
}

/// Says, as the operator does, that what was made until `before` is no longer good.
async fn revoke(stack: &Stack, key: &shared::state::DirectoryKey, before: i64) {
    let before = aws_sdk_dynamodb::types::AttributeValue::N(before.to_string());
    Client::new(&stack.sdk_config(Stack::admin()))
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .key("pk", text(&key.pk))
        .key("sk", text(&key.sk))
        .update_expression("SET revoked_before = :before")
        .expression_attribute_values(":before", before)
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_before_a_revocation_is_refused_and_a_later_one_is_not() {
    use shared::state::DirectoryKey;

    let stack = stack().await;
    let pool = stack.physical_name("IdentityPool");
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let of = |sub: &str, iat: i64| mint(&stack, json!({"sub": sub, "iat": iat, "tenant": "acme"}));
    for (key, revoked) in [
        (DirectoryKey::identity(&pool, "app", "ana"), "ana"),
        // Nobody has seen this subject yet.
        (DirectoryKey::identity(&pool, "app", "eva"), "eva"),
    ] {
        revoke(&stack, &key, now).await;
        let refused = exchange(&stack, &of(revoked, now), "").await;
        assert_eq!(
            (refused.status, &refused.json()["error"]),
            (400, &json!("invalid_request"))
        );
        assert_eq!(last_decision(&stack), "denied revoked");
        assert_eq!(
            credentials(&stack, &of(revoked, now - 5), "").await.status,
            401
        );
        assert_eq!(
            exchange(&stack, &of(revoked, now + 5), "").await.status,
            200
        );
        assert_eq!(exchange(&stack, &of("bob", now - 5), "").await.status, 200);
    }
    revoke(&stack, &DirectoryKey::revoked("role", "tenant"), now).await;
    assert_eq!(
        credentials(&stack, &of("bob", now), "/tenant").await.status,
        401
    );
    assert_eq!(credentials(&stack, &of("bob", now), "").await.status, 200);
    revoke(&stack, &DirectoryKey::revoked("source", "app"), now).await;
    assert_eq!(credentials(&stack, &of("bob", now), "").await.status, 401);
    assert_eq!(
        credentials(&stack, &of("bob", now + 5), "/tenant")
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_revocations_the_latest_counts() {
    use shared::state::DirectoryKey;

    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    for (subject, source) in [(now - 100, now), (now, now - 100)] {
        let stack = stack().await;
        let pool = stack.physical_name("IdentityPool");
        let ana = DirectoryKey::identity(&pool, "app", "ana");
        revoke(&stack, &ana, subject).await;
        revoke(&stack, &DirectoryKey::revoked("source", "app"), source).await;
        let jwt = mint(&stack, json!({"sub": "ana", "iat": now - 50}));
        assert_eq!(credentials(&stack, &jwt, "").await.status, 401);
        assert_eq!(last_decision(&stack), "denied revoked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_may_be_a_revocation() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    let name = stack.physical_name("DirectoryTable");
    let left = json!({"Responses": {}, "UnprocessedKeys": {name: {"Keys": [{"pk": {"S": "x"}}]}}});
    table.behave(http("200 OK", &left.to_string()));
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 429);
    table.behave(http("200 OK", "{}"));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 503);
}
