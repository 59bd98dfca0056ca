//! What a source asks of its proofs beside the signature, and rules that read the token.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_good_for_once_is_exchanged_once_and_refused_to_sdks_afterwards() {
    let stack = stack_under("# single_use = false", "single_use = true").await;
    let jwt = mint(&stack, json!({"sub": "ana", "jti": "one"}));
    // SDKs repeat themselves.
    for _ in 0..2 {
        assert_eq!(
            credentials(&stack, &jwt, "").await.status,
            200,
            "{}",
            log_text(&stack)
        );
    }
    let exchanges = (0..5).map(|_| exchange(&stack, &jwt, ""));
    let answers = futures_util::future::join_all(exchanges).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1, "one exchange, at the same time too");
    assert_eq!(credentials(&stack, &jwt, "").await.status, 401);
    assert_eq!(last_decision(&stack), "denied token-used");
    let other = mint(&stack, json!({"sub": "ana", "jti": "two"}));
    assert_eq!(exchange(&stack, &other, "").await.status, 200);
    for jti in [json!(null), json!(""), json!(7), json!("x".repeat(513))] {
        let jwt = mint(&stack, json!({"sub": "ana", "jti": jti}));
        assert_eq!(exchange(&stack, &jwt, "").await.status, 400);
        assert_eq!(last_decision(&stack), "denied token-without-jti", "{jti}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_bound_to_its_proof_ends_with_it() {
    let shipped = std::fs::read_to_string(crate::common::tree("policy/policy.toml")).unwrap();
    let mut options = options();
    // A token's holder would choose how long a session lives: the policy is not accepted with such a role.
    let policy = shipped.replace("# bound_to_proof = false", "bound_to_proof = true");
    options.policy = crate::common::policy_file(&policy);
    let stack = local::start(&options).await.unwrap();
    assert_eq!(credentials(&stack, "e30.e30.c2ln", "").await.status, 500);
    let message = "bound_to_proof cannot hold for the role member";
    assert!(log_text(&stack).contains(message), "{}", log_text(&stack));

    let policy = policy.replace("flow = \"token\"", "flow = \"credentials\"");
    options.policy = crate::common::policy_file(&policy);
    let stack = local::start(&options).await.unwrap();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let format = &time::format_description::well_known::Rfc3339;
    for role in ["", "/tenant"] {
        let jwt = mint(
            &stack,
            json!({"sub": "ana", "exp": now + 1200, "tenant": "acme"}),
        );
        let body = credentials(&stack, &jwt, role).await.json();
        let expiration = body["Expiration"].as_str().expect(role);
        let expiration = time::OffsetDateTime::parse(expiration, format).unwrap();
        assert!(
            (now + 900..=now + 1201).contains(&expiration.unix_timestamp()),
            "{expiration}"
        );
        let short = mint(
            &stack,
            json!({"sub": "ana", "exp": now + 300, "tenant": "acme"}),
        );
        assert_eq!(credentials(&stack, &short, role).await.status, 401);
        assert_eq!(last_decision(&stack), "denied proof-ends-too-soon");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_may_be_in_a_file_beside_the_policy() {
    let first = stack().await;
    let jwks = send("GET", &format!("{}/oidc/jwks.json", first.aws_url), &[], "")
        .await
        .unwrap();
    let line = "#   jwks_file = \"backend.jwks.json\"";
    let mut options = options();
    options.policy = bent_policy(line, "jwks_file = \"app.jwks.json\"");
    let folder = options.policy.parent().unwrap();
    std::fs::write(folder.join("app.jwks.json"), &jwks.body).unwrap();
    let stack = local::start(&options).await.unwrap();
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let answer = exchange(&stack, &jwt, "").await;
    // The development issuer's RSA key is the same in every stack; its EC key is not.
    assert_eq!(answer.status, 200, "{}", log_text(&stack));
    assert_eq!(stack.issuer.jwks_requests(), 0);

    options.policy = bent_policy(line, "jwks_file = \"none.json\"");
    let stack = local::start(&options).await.unwrap();
    assert_eq!(exchange(&stack, &jwt, "").await.status, 500);
    assert!(log_text(&stack).contains("the source app: jwks_file: the file cannot be read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_reports_is_in_the_audit_line_and_decides_nothing() {
    let stack = stack_under("deny = true", "deny = true\nmode = \"report\"").await;
    let jwt = mint(&stack, json!({"sub": "ana", "suspended": true}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 200);
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(
        line["reports"],
        json!([{"rule": "suspended", "reason": "would-deny"}])
    );
    assert_eq!(line["rule"], "members");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_user_pool_may_name_the_role_by_its_arn() {
    let stack = stack_under(
        "when = [{ claim = \"cognito:groups\", has_element = \"publishers\" }]\nrole = \"publisher\"",
        "role_from_token = true",
    )
    .await;
    let arn = |alias: &str| format!("arn:aws:iam::123456789012:role/poolkeeper-us-east-1-{alias}");
    let roles = json!([arn("publisher"), arn("tenant")]);
    let claims = json!({
        "sub": "ana", "tenant": "acme", "cognito:roles": roles, "cognito:preferred_role": arn("publisher"),
    });
    let jwt = mint(&stack, claims);
    for (path, role, rule) in [
        ("", "publisher", "publishers"),
        ("/tenant", "tenant", "publishers"),
    ] {
        assert_eq!(
            credentials(&stack, &jwt, path).await.status,
            200,
            "{}",
            log_text(&stack)
        );
        let line = audit_lines(&stack).pop().unwrap();
        assert_eq!([&line["role"], &line["rule"]], [role, rule]);
    }
    let foreign = json!({"sub": "eva", "cognito:roles": ["arn:aws:iam::1:role/admin"], "cognito:preferred_role": "arn:aws:iam::1:role/admin"});
    assert_eq!(
        credentials(&stack, &mint(&stack, foreign), "").await.status,
        200
    );
    assert_eq!(audit_lines(&stack).pop().unwrap()["role"], "member");
}

/// A step-up by `acr` (OpenID Connect Core 1.0, section 2) is a rule like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_may_ask_for_how_the_caller_signed_in() {
    let stack = stack_under(
        "when = [{ claim = \"cognito:groups\", has_element = \"publishers\" }]",
        "when = [{ claim = \"acr\", one_of = [\"phr\", \"phrh\"] }]",
    )
    .await;
    for (acr, status) in [
        (json!("phr"), 200),
        (json!("pwd"), 403),
        (json!(null), 403),
        (json!(["phr"]), 403),
    ] {
        let jwt = mint(&stack, json!({"sub": "ana", "acr": acr}));
        assert_eq!(
            credentials(&stack, &jwt, "/publisher").await.status,
            status,
            "{acr}"
        );
    }
}
