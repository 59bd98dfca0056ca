//! Proofs that hold and proofs that do not, and what the log says of them.

use super::*;

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
    let header = |header: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let (_, rest) = good.split_once('.').unwrap();
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
    };
    let bent = |claims: Value| mint(&stack, claims);
    let of = |claims: Value, reason, cause| (bent(claims), reason, cause);
    for (jwt, reason, cause) in [
        of(
            json!({"sub": "a", "exp": now - 120}),
            "jwt-expired",
            "the token has expired",
        ),
        of(
            json!({"sub": "a", "iat": now - 100_000, "exp": now + 100}),
            "jwt-too-old",
            "the token is older than this source accepts",
        ),
        of(
            json!({"sub": "a", "iat": now + 3600, "exp": now + 7200}),
            "jwt-issued-in-future",
            "the token was issued in the future",
        ),
        of(
            json!({"sub": "a", "nbf": now + 3600}),
            "jwt-not-yet-valid",
            "the token is not valid yet",
        ),
        of(
            json!({"sub": "a", "aud": "another"}),
            "jwt-audience",
            "the token's audience is not one that this source accepts (expected poolkeeper)",
        ),
        of(
            json!({"sub": "a", "aud": null}),
            "jwt-claim-missing",
            "the claim aud is missing",
        ),
        of(
            json!({"sub": "a", "exp": null}),
            "jwt-claim-missing",
            "the claim exp is missing",
        ),
        of(
            json!({"sub": "a", "iat": "now"}),
            "jwt-claim-malformed",
            "the claim iat is malformed",
        ),
        of(
            json!({"sub": null}),
            "jwt-claim-missing",
            "the claim sub is missing",
        ),
        of(
            json!({"sub": ""}),
            "jwt-claim-malformed",
            "the claim sub is malformed",
        ),
        of(
            json!({"sub": "a", "iss": "https://evil.example"}),
            "jwt-unknown-issuer",
            "the token's iss is not an issuer of the policy",
        ),
        (tampered, "jwt-signature", "the signature does not verify"),
        (
            symmetric,
            "jwt-symmetric",
            "expected an asymmetric signature algorithm",
        ),
        (unsigned, "jwt-unsigned", "expected a signature"),
        (
            header(r#"{"alg":"RS384","kid":"a"}"#),
            "jwt-algorithm-not-accepted",
            "the signature algorithm is not one that this source accepts",
        ),
        (
            header(r#"{"alg":"RS256","kid":"a","crit":["exp"]}"#),
            "jwt-critical-extension",
            "expected a header without crit",
        ),
        (
            header(r#"{"alg":"RS256","alg":"RS256"}"#),
            "jwt-header-duplicate",
            "expected each member of the header once",
        ),
        (
            header(r#"{"alg":"RS256","typ":"logout+jwt"}"#),
            "jwt-type",
            "expected the typ JWT or at+jwt",
        ),
        (
            "e30.e30.e30".to_owned(),
            "jwt-algorithm-missing",
            "expected an alg in the header",
        ),
        (
            "garbage".to_owned(),
            "jwt-parts",
            "expected three parts with dots between them",
        ),
    ] {
        let posted = exchange(&stack, &jwt, "").await;
        let body = posted.json();
        let told = [&body["error"], &body["error_description"]];
        let expected = ["invalid_request", "the token is not accepted"];
        assert_eq!(
            (posted.status, told),
            (400, expected.map(Value::from).each_ref()),
            "{cause}"
        );
        let got = credentials(&stack, &jwt, "").await;
        assert_eq!(got.status, 401, "{cause}");
        assert_eq!(got.json()["Message"], "the token is not accepted");
        // RFC 6750, section 3.1.
        let challenge = "Bearer error=\"invalid_token\"";
        assert_eq!(got.headers["www-authenticate"], challenge);
        assert_eq!(last_decision(&stack), format!("denied {reason}"));
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
