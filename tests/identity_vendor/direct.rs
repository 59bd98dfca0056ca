//! Sessions by AssumeRole: tags in place of an identity, and nothing asked of Cognito.

use super::*;

fn form_of(request: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(request.as_bytes())
        .into_owned()
        .collect()
}

fn value(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_session_reaches_the_tenants_rows_and_cognito_is_not_asked() {
    let cognito = Witness::start().await;
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", cognito.url.as_str())];
    let stack = stack_with(FUNCTION, &endpoint).await;
    let jwt = mint(&stack, json!({"sub": "ana", "tenant": "acme"}));
    let answer = credentials(&stack, &jwt, "/tenant").await;
    assert_eq!(answer.status, 200, "{}", log_text(&stack));
    assert_eq!(last_decision(&stack), "issued credentials");
    let client = answers::dynamodb(&stack, &answer.json());
    let put = |owner: &str| {
        let table = stack.physical_name("DataTable");
        let put = client.put_item().table_name(table);
        put.item("owner", value(owner))
            .item("item", value("a"))
            .send()
    };
    put("TENANT#acme").await.unwrap();
    for owner in ["TENANT#other", "TENANT#", "TENANT#*", "PUBLISHED", "acme"] {
        let refused = put(owner).await.unwrap_err().into_service_error();
        assert_eq!(
            refused.meta().code(),
            Some("AccessDeniedException"),
            "{owner}"
        );
    }
    let asked = format!("&requested_token_type={AWS}&audience=tenant");
    let body = exchange(&stack, &jwt, &asked).await.json();
    assert_eq!(body["access_token"], body["credentials"]["SessionToken"]);
    assert!(body.get("identity_id").is_none(), "{body}");
    let asked = format!("&requested_token_type={JWT}&audience=tenant");
    let refused = exchange(&stack, &jwt, &asked).await;
    assert_eq!(refused.json()["error"], "invalid_target");
    assert_eq!(cognito.heard(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_tenant_gets_no_tenants_session() {
    let stack = stack().await;
    for tenant in [
        json!(null),
        json!(""),
        json!("*"),
        json!("a/b"),
        json!(["acme"]),
        json!(7),
    ] {
        let jwt = mint(&stack, json!({"sub": "ana", "tenant": tenant}));
        assert_eq!(
            credentials(&stack, &jwt, "/tenant").await.status,
            403,
            "{tenant}"
        );
        assert_eq!(last_decision(&stack), "denied no-role");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sts_is_asked_for_tags_and_source_identity_by_an_opaque_session_name() {
    let sts = Witness::start().await;
    let mut options = options();
    options.environment = environment(FUNCTION, &[("AWS_ENDPOINT_URL_STS", &sts.url)]);
    options.policy = bent_policy(
        "flow = \"direct\"\ntags = { tenant = { claim = \"tenant\" } }",
        "flow = \"direct\"\nduration_seconds = 900\nsource_identity = \"/org/login\"\n\
         tags = { tenant = { claim = \"tenant\", transitive = true }, app = { value = \"reports\" } }",
    );
    let stack = local::start(&options).await.unwrap();
    let jwt = mint(
        &stack,
        json!({"sub": "ana@example.com", "tenant": "acme", "org": {"login": "ana@example.com"}}),
    );
    assert_ne!(credentials(&stack, &jwt, "/tenant").await.status, 200);
    let form = form_of(&sts.heard()[0]);
    assert_eq!(form["Action"], "AssumeRole");
    assert_eq!(form["DurationSeconds"], "900");
    assert_eq!(form["SourceIdentity"], "ana@example.com");
    assert_eq!(form["TransitiveTagKeys.member.1"], "tenant");
    assert!(!form.contains_key("TransitiveTagKeys.member.2"));
    let tags: BTreeMap<&str, &str> = (1..=3)
        .map(|number| {
            let member = |name| form[&format!("Tags.member.{number}.{name}")].as_str();
            (member("Key"), member("Value"))
        })
        .collect();
    let expected = [
        ("app", "reports"),
        ("tenant", "acme"),
        ("vend_role", "tenant"),
    ];
    assert_eq!(tags, BTreeMap::from(expected));
    assert!(!form["RoleSessionName"].contains("ana"), "{form:?}");
    // A source identity that STS would not take is refused, not cut.
    let jwt = mint(
        &stack,
        json!({"sub": "a", "tenant": "acme", "org": {"login": "a b"}}),
    );
    assert_eq!(credentials(&stack, &jwt, "/tenant").await.status, 403);
    assert_eq!(last_decision(&stack), "denied claim-not-usable");
}

/// Eight tags of 256 characters, which with their keys are more than STS packs.
fn large_tags(more: &str) -> String {
    let tags = (1..=8).map(|number| {
        let value = "x".repeat(256);
        format!(", large{number} = {{ value = \"{value}\"{more} }}")
    });
    tags.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_droppable_tags_are_dropped_from_a_session_that_is_too_large() {
    let shipped = "flow = \"direct\"\ntags = { tenant = { claim = \"tenant\" } }";
    let tenant = "tenant = { claim = \"tenant\" }";
    for (from, flow, role) in [
        (shipped, "direct", "/tenant"),
        ("flow = \"credentials\"", "credentials", "/publisher"),
    ] {
        let bent = |more: &str| {
            format!(
                "flow = \"{flow}\"\ntags = {{ {tenant}{} }}",
                large_tags(more)
            )
        };
        let claims = json!({"sub": "ana", "tenant": "acme", "cognito:groups": ["publishers"]});
        let stack = stack_under(from, &bent(", droppable = true")).await;
        let answer = credentials(&stack, &mint(&stack, claims.clone()), role).await;
        assert_eq!(answer.status, 200, "{role}: {}", log_text(&stack));
        assert!(log_text(&stack).contains("session without its droppable tags"));

        let stack = stack_under(from, &bent("")).await;
        assert_eq!(
            credentials(&stack, &mint(&stack, claims), role)
                .await
                .status,
            403
        );
        assert_eq!(last_decision(&stack), "denied claim-not-usable", "{role}");
    }
}
