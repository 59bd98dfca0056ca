//! What is vended and what is refused, in the formats of OAuth and of SDKs.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_exchanged_for_a_cognito_token_of_one_role() {
    let stack = stack().await;
    let answer = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "N_A");
    assert_eq!(
        body["issued_token_type"],
        "urn:ietf:params:oauth:token-type:jwt"
    );
    assert_eq!(body["expires_in"], 900);
    for (one, other) in [
        ("identity_id", "IdentityId"),
        ("identityId", "IdentityId"),
        ("token", "access_token"),
        ("Token", "access_token"),
    ] {
        assert_eq!(body[one], body[other]);
    }
    let claims = claims_of(body["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], body["identity_id"]);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
    assert_eq!(
        claims["https://aws.amazon.com/tags"]["principal_tags"]["vend_role"],
        json!(["member"])
    );
    // The developer user id is readable in `amr`: it must say nothing of the person.
    assert!(
        !claims["amr"].to_string().contains("ana"),
        "{}",
        claims["amr"]
    );
    assert_eq!(last_decision(&stack), "issued token");
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(
        [&line["source"], &line["role"], &line["rule"]],
        ["app", "member", "members"]
    );
    assert_eq!(line["principal"].as_str().unwrap().len(), 32);
    let token = body["access_token"].as_str().unwrap();
    let digest: String = Sha256::digest(token)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    assert_eq!(line["token_sha256"], digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_gets_credentials_in_the_container_format() {
    let stack = stack().await;
    let answer = credentials(&stack, &mint(&stack, json!({"sub": "ana"})), "").await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let members: BTreeSet<&str> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "AccessKeyId",
        "AccountId",
        "Expiration",
        "SecretAccessKey",
        "Token",
    ];
    assert_eq!(members, BTreeSet::from(expected));
    assert_eq!(body["AccountId"], "123456789012");
    assert!(body["Expiration"].as_str().unwrap().ends_with('Z'));
    assert_eq!(last_decision(&stack), "issued credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_can_be_had_by_token_exchange_too() {
    let stack = stack().await;
    let jwt = mint(
        &stack,
        json!({"sub": "ana", "cognito:groups": ["publishers"]}),
    );
    let asked = format!("&requested_token_type={AWS}&audience=publisher");
    let body = exchange(&stack, &jwt, &asked).await.json();
    assert_eq!(
        body["issued_token_type"],
        "urn:poolkeeper:params:oauth:token-type:aws-credentials"
    );
    assert_eq!(body["access_token"], body["credentials"]["SessionToken"]);
    assert!(body["expires_in"].as_i64().unwrap() > 3500);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_that_stays_inside_lives_a_minute() {
    let sts = Witness::start().await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_STS", &sts.url)]).await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_ne!(credentials(&stack, &jwt, "").await.status, 200);
    let heard = sts.heard();
    let mut fields = heard[0]
        .split('&')
        .filter_map(|field| field.split_once('='));
    let (_, token) = fields
        .find(|(name, _)| *name == "WebIdentityToken")
        .unwrap();
    let claims = claims_of(token);
    let number = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(number("exp") - number("iat"), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rule_no_role() {
    let stack = stack().await;
    let suspended = mint(&stack, json!({"sub": "eva", "suspended": true}));
    let refused = exchange(&stack, &suspended, "").await;
    assert_eq!(
        (refused.status, refused.json()["error"].clone()),
        (400, json!("invalid_target"))
    );
    assert_eq!(credentials(&stack, &suspended, "").await.status, 403);
    assert_eq!(last_decision(&stack), "denied denied-by-rule");
    let ana = mint(&stack, json!({"sub": "ana"}));
    for role in ["/publisher", "/owner", "/MEMBER", "/a.b"] {
        let refused = credentials(&stack, &ana, role).await;
        assert_eq!(refused.status, 403, "{role}");
        let body = refused.json();
        assert_eq!(
            (&body["Code"], &body["code"]),
            (&json!("AccessDenied"), &json!("AccessDenied"))
        );
    }
    assert_eq!(last_decision(&stack), "denied no-role");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_for_credentials_only_gives_no_token() {
    let stack = stack().await;
    let jwt = mint(
        &stack,
        json!({"sub": "ana", "cognito:groups": ["publishers"]}),
    );
    let asked = format!("&requested_token_type={JWT}&audience=publisher");
    let refused = exchange(&stack, &jwt, &asked).await;
    assert_eq!(
        (refused.status, refused.json()["error"].clone()),
        (400, json!("invalid_target"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_answered_in_the_words_of_oauth_and_of_sdks() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    for (body, error) in [
        (String::new(), "invalid_request"),
        ("grant_type=password".to_owned(), "unsupported_grant_type"),
        (format!("{GRANT}&subject_token={jwt}"), "invalid_request"),
        (
            format!("{GRANT}&subject_token={jwt}&subject_token_type=saml2"),
            "invalid_request",
        ),
        (
            format!("{GRANT}&subject_token={jwt}&subject_token_type={JWT}&scope=all"),
            "invalid_scope",
        ),
        (
            format!("{GRANT}&subject_token={jwt}&subject_token_type={JWT}&resource=x"),
            "invalid_target",
        ),
        (
            format!("{GRANT}&subject_token={jwt}&subject_token={jwt}&subject_token_type={JWT}"),
            "invalid_request",
        ),
        (
            format!(
                "{GRANT}&subject_token={jwt}&subject_token_type={JWT}&audience=member&audience=publisher"
            ),
            "invalid_target",
        ),
    ] {
        let refused = post(&stack, &body).await;
        assert_eq!(
            (refused.status, refused.json()["error"].clone()),
            (400, json!(error)),
            "{body}"
        );
    }
    let no_proof = send("GET", &format!("{}/credentials", stack.api_url), &[], "")
        .await
        .unwrap();
    assert_eq!(no_proof.status, 401);
    assert_eq!(no_proof.headers["www-authenticate"], "Bearer");
}

/// The session's own client of DynamoDB.
pub(super) fn dynamodb(stack: &Stack, credentials: &Value) -> Client {
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    let vended = aws_credential_types::Credentials::new(
        text("AccessKeyId"),
        text("SecretAccessKey"),
        Some(text("Token")),
        None,
        "vended",
    );
    Client::new(&stack.sdk_config(vended))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_policy_narrows_what_is_vended() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/{{table}}"}]}"#;
    let line =
        format!("flow = \"credentials\"\nsession_policy = '{policy}'\nduration_seconds = 900");
    let stack = stack_under("flow = \"credentials\"", &line).await;
    let table = stack.physical_name("DataTable");
    let publisher = |table: &str| {
        let claims = json!({"sub": "ana", "cognito:groups": ["publishers"], "table": table});
        mint(&stack, claims)
    };
    let body = credentials(&stack, &publisher(&table), "/publisher")
        .await
        .json();
    let format = &time::format_description::well_known::Rfc3339;
    let expiration = body["Expiration"].as_str().unwrap();
    let expiration = time::OffsetDateTime::parse(expiration, format).unwrap();
    let most = time::OffsetDateTime::now_utc() + time::Duration::seconds(900);
    assert!(expiration <= most, "{expiration}");
    let value = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let read = |client: &Client| {
        let read = client.get_item().table_name(&table);
        read.key("owner", value("PUBLISHED"))
            .key("item", value("a"))
            .send()
    };
    let client = dynamodb(&stack, &body);
    read(&client).await.unwrap();
    let write = client
        .put_item()
        .table_name(&table)
        .item("owner", value("PUBLISHED"))
        .item("item", value("a"));
    let refused = write.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("AccessDeniedException"));

    // A wildcard in a claim means a table of that name, and there is none.
    let body = credentials(&stack, &publisher("*"), "/publisher").await;
    let client = dynamodb(&stack, &body.json());
    let refused = read(&client).await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("AccessDeniedException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_event_is_answered_and_not_logged() {
    let stack = stack().await;
    for payload in [
        "{}",
        "[]",
        "7",
        r#"{"requestContext":{"http":{"method":"canary method"}}}"#,
    ] {
        let name = stack.physical_name(FUNCTION);
        let answered = stack
            .lambda
            .invoke(&name, payload.as_bytes().to_vec())
            .await
            .unwrap();
        assert_eq!(answered.function_error, None, "{payload}");
        let body: Value = serde_json::from_slice(&answered.payload).unwrap();
        assert!(
            [400, 404].contains(&body["statusCode"].as_i64().unwrap()),
            "{body}"
        );
    }
    assert!(!log_text(&stack).contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_carries_the_tags_of_its_role_or_is_not_issued() {
    let tags = "flow = \"token\"\ntags = { tenant = { claim = \"/org/tenant\" }, app = { value = \"reports\" } }";
    let stack = stack_under("flow = \"token\"", tags).await;
    let jwt = mint(&stack, json!({"sub": "ana", "org": {"tenant": "acme"}}));
    let body = exchange(&stack, &jwt, "").await.json();
    let claims = claims_of(body["access_token"].as_str().unwrap());
    let expected = json!({"tenant": ["acme"], "app": ["reports"], "vend_role": ["member"]});
    assert_eq!(
        claims["https://aws.amazon.com/tags"]["principal_tags"],
        expected
    );
    for org in [
        json!({}),
        json!({"tenant": "*"}),
        json!({"tenant": ["acme"]}),
    ] {
        let jwt = mint(&stack, json!({"sub": "ana", "org": org}));
        let refused = exchange(&stack, &jwt, "").await;
        assert_eq!(
            (refused.status, refused.json()["error"].clone()),
            (400, json!("invalid_target"))
        );
        assert_eq!(last_decision(&stack), "denied claim-not-usable");
    }
}
