//! `poolkeeper explain vend`, as an operator runs it.
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Run, poolkeeper};

const POLICY: &str = r#"
version = 1
[identity-vendor.sources.app]
audiences = ["poolkeeper"]
[identity-vendor.roles.member]
flow = "token"
[identity-vendor.roles.tenant]
flow = "credentials"
session_policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/{{tenant}}/*"}]}'
tags = { tenant = { claim = "tenant" } }
[[identity-vendor.rules]]
name = "suspended"
source = "app"
when = [{ claim = "suspended", equals = true }]
deny = true
[[identity-vendor.rules]]
name = "tenants"
source = "app"
when = [{ claim = "/org/kind", equals = "tenant" }]
role = "tenant"
[[identity-vendor.rules]]
name = "members"
source = "app"
role = "member"
"#;

/// What the rules give to these claims.
fn explained(name: &str, claims: &Value, more: &[&str]) -> Run {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("explain");
    std::fs::create_dir_all(&folder).unwrap();
    let [policy, file] = ["toml", "json"].map(|kind| folder.join(format!("{name}.{kind}")));
    std::fs::write(&policy, POLICY).unwrap();
    std::fs::write(&file, claims.to_string()).unwrap();
    let paths = [policy, file].map(|path| path.to_str().unwrap().to_owned());
    let mut arguments = vec![
        "explain", "vend", "--policy", &paths[0], "--claims", &paths[1],
    ];
    arguments.extend(["--source", "app"]);
    arguments.extend(more);
    poolkeeper(&arguments, "")
}

#[test]
fn a_granted_role_is_shown_with_what_its_sessions_carry() {
    let claims = json!({"org": {"kind": "tenant"}, "tenant": "acme*"});
    let run = explained(
        "granted",
        &json!({"org": {"kind": "tenant"}, "tenant": "acme"}),
        &[],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let answer = run.json();
    assert_eq!(answer["decision"]["granted"], "tenant");
    assert_eq!(answer["decision"]["rule"], "tenants");
    let vended = &answer["decision"]["vended"];
    assert_eq!(vended["tags"], json!({"tenant": "acme"}));
    let resource = &vended["session_policy"]["Statement"][0]["Resource"];
    assert_eq!(resource, "arn:aws:s3:::data/acme/*");
    let suspended = json!({"rule": "suspended", "why": "the claim suspended is missing"});
    assert_eq!(answer["passed_over"], json!([suspended]));
    // A tag takes no such character, and the session would be another's.
    let run = explained("unusable", &claims, &[]);
    assert_eq!(run.code, 1);
    assert_eq!(run.json()["decision"]["denied"], true);
    assert!(!run.stdout.contains("acme"), "{}", run.stdout);
}

#[test]
fn a_refusal_names_the_rule_and_why_the_others_did_not_decide() {
    let run = explained("denied", &json!({"suspended": "True"}), &[]);
    assert_eq!(run.code, 1);
    let denied = json!({"denied": true, "rule": "suspended"});
    assert_eq!(run.json()["decision"], denied);
    let run = explained("no-role", &json!({"org": "tenant"}), &["--role", "tenant"]);
    assert_eq!(run.code, 1);
    let why: Vec<Value> = run.json()["passed_over"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["why"].clone())
        .collect();
    assert_eq!(
        why,
        [
            "the claim suspended is missing",
            "the claim /org/kind is missing",
            "it grants another role than the one asked for"
        ]
    );
}

#[test]
fn what_cannot_be_told_says_what_is_missing() {
    for (arguments, expected) in [
        (vec!["explain"], "name a function: pre-sign-up or vend"),
        (vec!["explain", "vend"], "--policy: is missing"),
        (
            vec![
                "explain", "vend", "--policy", "/nowhere", "--claims", "/nowhere", "--source",
                "app",
            ],
            "cannot be read",
        ),
    ] {
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}
