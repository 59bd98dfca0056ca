//! examples/multi-tenant: its rules and its role keep two tenants apart.

use std::collections::BTreeMap;

use emulator::{
    iam::{Context, Decision, Trusted, evaluate, evaluate_trust},
    template::{Settings, Template},
};
use serde_json::{Value, json};
use shared::{
    policy::{IdentityVendor, PolicyFile},
    vending::{Caller, Choice, Claims, choose, tags},
};

use crate::common::tree;

const VENDOR: &str = "arn:aws:iam::000000000000:role/vendor";

/// The role that a caller with these claims gets, and the tags of its session.
fn vended(claims: Value) -> Option<(String, BTreeMap<String, String>)> {
    let file = PolicyFile::read(&tree("examples/multi-tenant/policy.toml")).unwrap();
    let policy: IdentityVendor = file.section().unwrap();
    let caller = Caller {
        source: policy.sources.keys().next().unwrap().clone(),
        subject: "ana".to_owned(),
        claims: Claims(claims.as_object().unwrap().clone()),
        issued_at: 0,
        expires_at: 300,
        bound_to_proof: false,
        guest_identity: None,
    };
    match choose(&policy.rules, &caller, None).choice {
        Choice::Role(alias, _) => {
            let wanted = policy.rules.roles[alias].tags();
            Some((alias.to_string(), tags(wanted, &caller).unwrap()))
        }
        _ => None,
    }
}

/// The example's stack.
fn stack() -> Template {
    let settings = Settings {
        parameters: [("VendorRoleArn".to_owned(), VENDOR.to_owned())].into(),
        ..local::settings()
    };
    Template::load(&tree("examples/multi-tenant/data.yaml"), &settings).unwrap()
}

fn context<const N: usize>(keys: [(&str, &str); N]) -> Context {
    let keys = keys.map(|(key, value)| (key.to_owned(), vec![value.to_owned()]));
    keys.into()
}

#[test]
fn the_rules_give_a_tenants_session_to_its_members_and_to_nobody_else() {
    let tenant = |tenant: Value| vended(json!({"custom:tenant": tenant}));
    let (role, tags) = tenant(json!("acme")).unwrap();
    assert_eq!(role, "workspace");
    assert_eq!(tags["tenant"], "acme");
    for other in [
        json!(null),
        json!(""),
        json!("*"),
        json!("acme/globex"),
        json!("acme#globex"),
        json!("ACME"),
        json!(["acme"]),
        json!(7),
    ] {
        assert_eq!(tenant(other.clone()), None, "{other}");
    }
    assert_eq!(vended(json!({"tenant": "acme"})), None);
}

#[test]
fn the_role_reaches_its_tenants_part_and_nothing_of_another_tenant() {
    let stack = stack();
    let role = &stack.roles()[0];
    let arn = |name: &str| match stack.get(name).unwrap().reference.as_str() {
        table if name == "Table" => stack.place().arn("dynamodb", &format!("table/{table}")),
        bucket => format!("arn:aws:s3:::{bucket}"),
    };
    let allows = |tenant: Option<&str>, action: &str, resource: &str, key: (&str, &str)| {
        let mut context = context([key]);
        if let Some(tenant) = tenant {
            let tag = "aws:PrincipalTag/tenant".to_owned();
            context.insert(tag, vec![tenant.to_owned()]);
        }
        evaluate(&role.policies, action, resource, &context) == Decision::Allow
    };
    let row = |tenant: Option<&str>, key: &str| {
        let leading = ("dynamodb:LeadingKeys", key);
        allows(tenant, "dynamodb:GetItem", &arn("Table"), leading)
    };
    let object = |tenant: Option<&str>, path: &str| {
        let object = format!("{}/{path}", arn("Bucket"));
        allows(
            tenant,
            "s3:GetObject",
            &object,
            ("aws:SecureTransport", "true"),
        )
    };
    let list = |tenant: Option<&str>, prefix: &str| {
        allows(
            tenant,
            "s3:ListBucket",
            &arn("Bucket"),
            ("s3:prefix", prefix),
        )
    };
    for (mine, theirs) in [("acme", "globex"), ("globex", "acme"), ("acme", "acme2")] {
        let me = Some(mine);
        assert!(row(me, &format!("TENANT#{mine}")));
        assert!(!row(me, &format!("TENANT#{theirs}")));
        assert!(object(me, &format!("tenants/{mine}/a/b")));
        assert!(!object(me, &format!("tenants/{theirs}/a")));
        assert!(list(me, &format!("tenants/{mine}/")));
        assert!(!list(me, &format!("tenants/{theirs}/")));
        assert!(!row(None, &format!("TENANT#{mine}")));
        assert!(!object(None, &format!("tenants/{mine}/a")));
    }
    assert!(!list(Some("acme"), "tenants/"));
    let scan = ("aws:SecureTransport", "true");
    assert!(!allows(Some("acme"), "dynamodb:Scan", &arn("Table"), scan));
    assert!(
        !allows(Some("acme"), "dynamodb:Query", &arn("Table"), scan),
        "no key"
    );
}

#[test]
fn only_the_vendor_becomes_the_role_and_only_for_a_tenant() {
    let stack = stack();
    let trust = &stack.roles()[0].trust_policy;
    let becomes = |who: &str, tags: Context| {
        ["sts:AssumeRole", "sts:TagSession"]
            .into_iter()
            .all(|action| {
                evaluate_trust(trust, Trusted::Aws(&[who]), action, &tags) == Decision::Allow
            })
    };
    let role = ("aws:RequestTag/vend_role", "workspace");
    let tenant = ("aws:RequestTag/tenant", "acme");
    assert!(becomes(VENDOR, context([role, tenant])));
    assert!(!becomes(VENDOR, context([role])));
    assert!(!becomes(VENDOR, context([tenant])));
    assert!(!becomes(
        VENDOR,
        context([("aws:RequestTag/vend_role", "member"), tenant])
    ));
    let stranger = "arn:aws:iam::000000000000:role/another";
    assert!(!becomes(stranger, context([role, tenant])));
}
