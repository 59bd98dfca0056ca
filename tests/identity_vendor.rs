//! identity-vendor, the real binary behind the HTTP front of the suite.

use std::collections::BTreeSet;

use crate::common::{
    audit_lines, bent_policy, environment,
    faulty::{Behaviour, Faulty, Witness, http},
    last_decision, log_text, options, stack, stack_under, stack_with,
};
use aws_sdk_dynamodb::Client;
use emulator::{
    http_client::{Answer, send},
    stack::Stack,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FUNCTION: &str = "IdentityVendorFunction";
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const JWT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
const AWS: &str = "urn%3Apoolkeeper%3Aparams%3Aoauth%3Atoken-type%3Aaws-credentials";

async fn post(stack: &Stack, body: &str) -> Answer {
    let url = format!("{}/token", stack.api_url);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    send("POST", &url, &form, body).await.unwrap()
}

/// A token exchange with this proof; `more` is added to the form.
async fn exchange(stack: &Stack, jwt: &str, more: &str) -> Answer {
    post(
        stack,
        &format!("{GRANT}&subject_token={jwt}&subject_token_type={JWT}{more}"),
    )
    .await
}

async fn credentials(stack: &Stack, jwt: &str, role: &str) -> Answer {
    let url = format!("{}/credentials{role}", stack.api_url);
    send(
        "GET",
        &url,
        &[("authorization", &format!("Bearer {jwt}"))],
        "",
    )
    .await
    .unwrap()
}

fn mint(stack: &Stack, claims: Value) -> String {
    stack.issuer.mint(claims).unwrap()
}

fn claims_of(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

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
async fn one_subject_is_one_identity_for_ever_and_two_are_two() {
    let stack = stack().await;
    let first_calls = (0..6).map(|_| async {
        let answer = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), "").await;
        answer.json()["identity_id"].as_str().unwrap().to_owned()
    });
    let ids: BTreeSet<String> = futures_util::future::join_all(first_calls)
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let other = exchange(&stack, &mint(&stack, json!({"sub": "ana2"})), "")
        .await
        .json();
    assert!(!ids.contains(other["identity_id"].as_str().unwrap()));

    let pool = stack.physical_name("IdentityPool");
    let table = stack.physical_name("DirectoryTable");
    let records = Client::new(&stack.sdk_config(Stack::admin()))
        .scan()
        .table_name(table)
        .send()
        .await
        .unwrap();
    let keys: Vec<String> = records
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap().clone())
        .collect();
    assert_eq!(keys.len(), 2);
    let kept: Vec<&String> = records
        .items()
        .iter()
        .map(|item| item["identity_id"].as_s().unwrap())
        .collect();
    assert!(ids.iter().all(|id| kept.contains(&id)), "{kept:?}");
    assert!(
        keys.iter()
            .all(|key| key.starts_with(&format!("IDENTITY#{pool}#app#")) && !key.contains("ana")),
        "{keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_late_to_make_a_record_takes_the_one_that_is_there() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let first = exchange(&stack, &jwt, "").await.json();
    // To the next vendor there is no record when it looks, and there is when it writes.
    stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    table.once([http("200 OK", "{}")]);
    let second = exchange(&stack, &jwt, "").await.json();
    assert_eq!(second["identity_id"], first["identity_id"], "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_is_asked_for_the_identity_on_record_and_no_other() {
    let cognito = Witness::start().await;
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", cognito.url.as_str())];
    let stack = stack_with(FUNCTION, &endpoint).await;
    let on_record = "us-east-1:22222222-2222-4333-8444-555555555555";
    let key =
        shared::state::DirectoryKey::identity(&stack.physical_name("IdentityPool"), "app", "ana");
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .item("pk", text(&key.pk))
        .item("sk", text(&key.sk))
        .item("developer_user_id", text("somebody"))
        .item("identity_id", text(on_record))
        .send()
        .await
        .unwrap();
    let jwt = mint(&stack, json!({"sub": "ana"}));
    // What a client says of its identity is not heard.
    let said = "&identity_id=us-east-1:x&IdentityId=us-east-1:x";
    assert_ne!(exchange(&stack, &jwt, said).await.status, 200);
    let asked: Value = serde_json::from_str(&cognito.heard()[0]).unwrap();
    assert_eq!(asked["IdentityId"], on_record);
    let logins: Vec<&Value> = asked["Logins"].as_object().unwrap().values().collect();
    assert_eq!(logins, ["somebody"]);
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
async fn a_proof_that_does_not_hold_is_refused_alike_and_the_log_says_why() {
    let stack = stack().await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let good = mint(&stack, json!({"sub": "ana"}));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (start, end) = signature.split_at(100);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{head}.{start}{other}{}", &end[1..]);
    let unsigned = {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        format!("{header}.{}.", good.split('.').nth(1).unwrap())
    };
    let symmetric = {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        format!("{header}.{}.{signature}", good.split('.').nth(1).unwrap())
    };
    let bent = |claims: Value| mint(&stack, claims);
    for (jwt, cause) in [
        (
            bent(json!({"sub": "a", "exp": now - 120})),
            "the token has expired",
        ),
        (
            bent(json!({"sub": "a", "iat": now - 100_000, "exp": now + 100})),
            "the token has expired",
        ),
        (
            bent(json!({"sub": "a", "iat": now + 3600, "exp": now + 7200})),
            "the token is not valid yet",
        ),
        (
            bent(json!({"sub": "a", "nbf": now + 3600})),
            "the token is not valid yet",
        ),
        (
            bent(json!({"sub": "a", "aud": "another"})),
            "the token's audience is not one that this source accepts (expected poolkeeper)",
        ),
        (
            bent(json!({"sub": "a", "aud": null})),
            "the claim aud is missing",
        ),
        (
            bent(json!({"sub": "a", "exp": null})),
            "the claim exp is missing",
        ),
        (
            bent(json!({"sub": "a", "iat": null})),
            "the claim iat is missing",
        ),
        (bent(json!({"sub": null})), "the claim sub is missing"),
        (bent(json!({"sub": ""})), "the claim sub is missing"),
        (
            bent(json!({"sub": "a", "iss": "https://evil.example"})),
            "the token's iss is not an issuer of the policy",
        ),
        (tampered, "the signature does not verify"),
        (symmetric, "the signature algorithm is not accepted"),
        (unsigned, "expected a signed JWT"),
        ("e30.e30.e30".to_owned(), "expected a signed JWT"),
        ("garbage".to_owned(), "expected a signed JWT"),
    ] {
        let posted = exchange(&stack, &jwt, "").await;
        let expected =
            json!({"error": "invalid_request", "error_description": "the token is not accepted"});
        assert_eq!((posted.status, posted.json()), (400, expected), "{cause}");
        let got = credentials(&stack, &jwt, "").await;
        assert_eq!(got.status, 401, "{cause}");
        assert_eq!(got.json()["Message"], "the token is not accepted");
        // RFC 6750, section 3.1.
        let challenge = "Bearer error=\"invalid_token\"";
        assert_eq!(got.headers["www-authenticate"], challenge);
        assert_eq!(last_decision(&stack), "denied proof-rejected");
        assert!(log_text(&stack).contains(cause), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_issuer_is_found_and_an_unknown_one_asks_once() {
    let stack = stack().await;
    let old = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(exchange(&stack, &old, "").await.status, 200);
    stack.issuer.rotate().unwrap();
    let new = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(exchange(&stack, &new, "").await.status, 200);
    assert_eq!(stack.issuer.jwks_requests(), 2);

    let kid = stack.issuer.rotate().unwrap();
    let unknown = mint(&stack, json!({"sub": "ana"}));
    stack.issuer.withdraw(&kid);
    assert_eq!(exchange(&stack, &unknown, "").await.status, 400);
    for _ in 0..4 {
        let put_off = exchange(&stack, &unknown, "").await;
        assert_eq!(put_off.status, 503);
        assert_eq!(put_off.headers["retry-after"], "1");
        assert_eq!(last_decision(&stack), "denied key-not-yet-known");
    }
    assert_eq!(stack.issuer.jwks_requests(), 3, "the penalty box holds");
    assert_eq!(
        exchange(&stack, &new, "").await.status,
        200,
        "known keys go on"
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_503_with_a_time_to_come_back_and_no_cause() {
    for (behaviour, status) in [
        (Behaviour::Close, 503),
        (http("500 Internal Server Error", "canary"), 503),
        (
            http(
                "400 Bad Request",
                r#"{"__type":"ThrottlingException","message":"canary"}"#,
            ),
            429,
        ),
        (
            http(
                "400 Bad Request",
                r#"{"__type":"ValidationException","message":"canary"}"#,
            ),
            500,
        ),
    ] {
        let aws = Faulty::start(behaviour.clone()).await;
        let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &aws.url)]).await;
        let jwt = mint(&stack, json!({"sub": "ana"}));
        for answer in [
            exchange(&stack, &jwt, "").await,
            credentials(&stack, &jwt, "").await,
        ] {
            assert_eq!(answer.status, status, "{behaviour:?}");
            assert_eq!(answer.headers.contains_key("retry-after"), status != 500);
            assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
        }
        assert!(last_decision(&stack).starts_with("failed "));
        assert!(!log_text(&stack).contains("canary"), "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_hangs_does_not_take_the_function_with_it() {
    let issuer = Faulty::start(Behaviour::Hang).await;
    let urls = format!("app={}", issuer.url);
    let stack = stack_with(FUNCTION, &[("ISSUER_URLS", &urls)]).await;
    let jwt = mint(&stack, json!({"sub": "ana", "iss": issuer.url}));
    assert_eq!(exchange(&stack, &jwt, "").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_policy_narrows_what_is_vended() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}]}"#;
    let line =
        format!("flow = \"credentials\"\nsession_policy = '{policy}'\nduration_seconds = 900");
    let stack = stack_under("flow = \"credentials\"", &line).await;
    let jwt = mint(
        &stack,
        json!({"sub": "ana", "cognito:groups": ["publishers"]}),
    );
    let body = credentials(&stack, &jwt, "/publisher").await.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let format = &time::format_description::well_known::Rfc3339;
    let expiration = time::OffsetDateTime::parse(&text("Expiration"), format).unwrap();
    let most = time::OffsetDateTime::now_utc() + time::Duration::seconds(900);
    assert!(expiration <= most, "{expiration}");
    let vended = aws_credential_types::Credentials::new(
        text("AccessKeyId"),
        text("SecretAccessKey"),
        Some(text("Token")),
        None,
        "vended",
    );
    let client = Client::new(&stack.sdk_config(vended));
    let table = stack.physical_name("DataTable");
    let value = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let read = client
        .get_item()
        .table_name(&table)
        .key("owner", value("PUBLISHED"))
        .key("item", value("a"));
    read.send().await.unwrap();
    let write = client
        .put_item()
        .table_name(&table)
        .item("owner", value("PUBLISHED"))
        .item("item", value("a"));
    let refused = write.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.meta().code(), Some("AccessDeniedException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_and_wiring_that_disagree_stop_the_start_with_one_line() {
    let mut unbound = options();
    unbound.environment = environment(
        FUNCTION,
        &[("ROLE_ARNS", "member=nonsense"), ("ISSUER_URLS", "")],
    );
    let mut rules = options();
    rules.policy = bent_policy("role = \"member\"", "role = \"owner\"");
    for (options, causes) in [
        (
            unbound,
            vec![
                "member is bound to no role ARN",
                "publisher has no ARN",
                "the source app has no issuer URL",
            ],
        ),
        (rules, vec!["the role owner is not defined"]),
    ] {
        let stack = local::start(&options).await.unwrap();
        let jwt = mint(&stack, json!({"sub": "ana"}));
        assert_eq!(exchange(&stack, &jwt, "").await.status, 500);
        let log = log_text(&stack);
        let line = log
            .lines()
            .find(|line| line.contains("does not start"))
            .unwrap();
        assert!(causes.iter().all(|cause| line.contains(cause)), "{line}");
    }
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
async fn a_denied_line_names_the_source_and_the_role_that_was_asked_for() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(credentials(&stack, &jwt, "/publisher").await.status, 403);
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!([&line["source"], &line["role"]], ["app", "publisher"]);
    assert!(line["principal"].is_string(), "{line}");

    let expired = mint(&stack, json!({"sub": "ana", "exp": 1}));
    assert_eq!(
        credentials(&stack, &expired, "/publisher").await.status,
        401
    );
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!([&line["source"], &line["role"]], ["app", "publisher"]);
    assert!(line["principal"].is_null(), "nobody vouches for it: {line}");

    // A name that no policy has may be anything.
    assert_eq!(credentials(&stack, &jwt, "/canary").await.status, 403);
    assert!(!log_text(&stack).contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_found_by_the_request_id_of_its_decision() {
    let stack = stack().await;
    let expired = mint(&stack, json!({"sub": "ana", "exp": 1}));
    assert_eq!(exchange(&stack, &expired, "").await.status, 400);
    let line = audit_lines(&stack).pop().unwrap();
    let log = log_text(&stack);
    let cause = log.lines().find(|line| line.contains("has expired"));
    let id = line["request_id"].as_str().unwrap();
    assert!(cause.unwrap().contains(id), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_given_up_before_an_sdk_does() {
    let aws = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &aws.url)]).await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    assert_eq!(credentials(&stack, &jwt, "").await.status, 503);
    let line = audit_lines(&stack).pop().unwrap();
    assert_eq!(line["outcome"], "failed");
    assert!(line["principal"].is_string(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_credentials_is_below_two_seconds_the_start_included() {
    let stack = stack().await;
    let jwt = mint(&stack, json!({"sub": "ana"}));
    for most in [1500, 1800] {
        assert_eq!(credentials(&stack, &jwt, "").await.status, 200);
        let line = audit_lines(&stack).pop().unwrap();
        let left = line["remaining_ms"].as_u64().unwrap();
        assert!(left <= most, "{left}");
    }
}
