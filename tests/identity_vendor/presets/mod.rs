//! Tokens in the shape that each well-known issuer documents vend by its preset, signed by keys of our own.
//!
//! The keys are in the policy, so that the issuers' own URLs stand in the tokens and nobody is asked; for GitHub
//! Actions they are fetched from an issuer on this machine as well.

mod known;

use super::*;
use crate::common::{policy_file, signer::Signer, tree};
use known::{Known, github, known};

/// The keys of all these issuers.
struct Keys {
    rsa: Signer,
    p384: Signer,
}

impl Keys {
    fn sign(&self, known: &Known, bend: &Value) -> String {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        // As GitHub's: five minutes.
        let mut claims =
            json!({"aud": known.audience, "iat": now, "nbf": now - 600, "exp": now + 300});
        let signer = match known.header["alg"].as_str() {
            Some("ES384") => &self.p384,
            _ => &self.rsa,
        };
        let mut header = json!({"alg": "RS256", "kid": signer.kid, "typ": "JWT"});
        extend(&mut header, &known.header);
        extend(&mut claims, &known.claims);
        extend(&mut claims, bend);
        signer.sign(&header.to_string(), &claims.to_string())
    }
}

/// Puts members in; a null takes one out.
fn extend(object: &mut Value, members: &Value) {
    let object = object.as_object_mut().unwrap();
    object.extend(members.as_object().unwrap().clone());
    object.retain(|_, value| !value.is_null());
}

/// The policy that ships, with a source and a rule for each of them.
fn policy(keys: &Keys, known: &[Known]) -> String {
    let jwks = json!({"keys": [keys.rsa.jwk(), keys.p384.jwk()]});
    let mut text = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    for Known {
        preset,
        issuer,
        audience,
        when,
        ..
    } in known
    {
        let issuer = issuer.map(|issuer| format!("issuer = \"{issuer}\"\n"));
        text += &format!(
            "\n[identity-vendor.sources.{preset}]\npreset = \"{preset}\"\n{}jwks = '{jwks}'\n\
             audiences = [\"{audience}\"]\n\
             [[identity-vendor.rules]]\nname = \"of-{preset}\"\nsource = \"{preset}\"\n\
             when = [{when}]\nrole = \"member\"\n",
            issuer.unwrap_or_default()
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_each_documented_shape_vends_by_its_preset() {
    let keys = Keys {
        rsa: Signer::rsa("1"),
        p384: Signer::p384("2"),
    };
    let known = known();
    let mut options = options();
    options.policy = policy_file(&policy(&keys, &known));
    let stack = local::start(&options).await.unwrap();
    let mut identities = BTreeSet::new();
    for known in &known {
        let preset = known.preset;
        let vended = exchange(&stack, &keys.sign(known, &json!({})), "").await;
        assert_eq!(vended.status, 200, "{preset} {}", last_decision(&stack));
        let line = audit_lines(&stack).pop().unwrap();
        assert_eq!([&line["source"], &line["role"]], [preset, "member"]);
        assert_eq!(line["rule"], format!("of-{preset}"));

        for claim in known.requires {
            let without = keys.sign(known, &json!({ *claim: null }));
            assert_eq!(exchange(&stack, &without, "").await.status, 400);
            let said = last_decision(&stack);
            assert_eq!(said, "denied jwt-claim-missing", "{preset} {claim}");
        }
        let wanted = known.when.split('"').nth(1).unwrap();
        let wanted = wanted.trim_start_matches('/').replace("~1", "/");
        let top = match &*wanted {
            "realm_access/roles" => "realm_access",
            nested if nested.starts_with("https://sts") => "https://sts.amazonaws.com/",
            name => name,
        };
        let other = match &known.claims[top] {
            Value::Object(_) => json!({"roles": ["another"], "aws_account": "210987654321"}),
            Value::Array(_) => json!(["another"]),
            Value::Bool(flag) => json!(!flag),
            _ => json!("another"),
        };
        let stranger = keys.sign(known, &json!({ top: other }));
        assert_eq!(exchange(&stack, &stranger, "").await.status, 400);
        assert_eq!(last_decision(&stack), "denied no-role", "{preset}");

        // Whoever is called alike elsewhere is somebody else.
        let ana = keys.sign(known, &json!({"sub": "ana"}));
        let answer = exchange(&stack, &ana, "").await.json();
        let identity = answer["identity_id"].as_str().unwrap().to_owned();
        assert!(identities.insert(identity), "{preset} shares an identity");
    }
    assert_eq!(known.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_actions_token_gets_credentials_with_keys_that_its_issuer_publishes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let issuer = emulator::oidc_issuer::OidcIssuer::new(&url, "poolkeeper").unwrap();
    let router = issuer.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let text = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let mut options = options();
    options.policy = policy_file(&format!(
        "{text}\n[identity-vendor.sources.github]\npreset = \"github-actions\"\nissuer = \"{}\"\n\
         audiences = [\"poolkeeper\"]\n[[identity-vendor.rules]]\nname = \"main-branch\"\n\
         source = \"github\"\nwhen = [{{ claim = \"repository_id\", equals = \"74\" }}, \
         {{ claim = \"ref\", equals = \"refs/heads/main\" }}]\nrole = \"publisher\"\n",
        issuer.issuer()
    ));
    let stack = local::start(&options).await.unwrap();
    let of = |bend: Value| {
        let mut claims = github(issuer.issuer());
        extend(&mut claims, &bend);
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        extend(&mut claims, &json!({"exp": now + 300, "nbf": now - 600}));
        issuer.mint(claims).unwrap()
    };
    let vended = credentials(&stack, &of(json!({})), "/publisher").await;
    assert_eq!(vended.status, 200, "{}", last_decision(&stack));
    assert!(vended.json()["SecretAccessKey"].is_string());
    assert_eq!(issuer.jwks_requests(), 1);
    for bend in [
        json!({"repository_id": "75"}),
        json!({"ref": "refs/pull/1/merge"}),
        json!({"repository_id": 74}),
    ] {
        let refused = credentials(&stack, &of(bend), "/publisher").await;
        assert_eq!(refused.status, 403);
        assert_eq!(last_decision(&stack), "denied no-role");
    }
}
