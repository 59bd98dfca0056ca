//! No claim widens a session policy: whatever callers say of themselves, an evaluator of policies lets them reach
//! their own, and nothing of another's.

use emulator::iam::{Context, Decision, check, evaluate};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    policy::Name,
    vending::{Caller, Claims, SessionPolicy},
};

/// A claim in a resource's name, in the middle and at its end, and in a condition.
const POLICY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::data/{{tenant}}/*"
        },
        {
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::inbox/{{/org/unit}}"
        },
        {
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/data",
            "Condition": { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["TENANT-{{tenant}}"] } }
        }
    ]
}"#;

fn rendered(tenant: &str, unit: &str) -> Option<Value> {
    let claims = json!({"tenant": tenant, "org": {"unit": unit}});
    let caller = Caller {
        source: Name::try_from("app".to_owned()).unwrap(),
        subject: "ana".to_owned(),
        claims: Claims(claims.as_object().unwrap().clone()),
        issued_at: 0,
        expires_at: 300,
        bound_to_proof: false,
        guest_identity: None,
    };
    let text = SessionPolicy::parse(POLICY).unwrap().render(&caller).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn allows(policy: &Value, action: &str, resource: &str, leading_key: Option<&str>) -> bool {
    let mut context = Context::new();
    if let Some(key) = leading_key {
        context.insert("dynamodb:LeadingKeys".to_owned(), vec![key.to_owned()]);
    }
    let policies = std::slice::from_ref(policy);
    evaluate(policies, action, resource, &context) == Decision::Allow
}

/// Names as tenants have them, and names made of what policies give a meaning to.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,3}",
        "[a-c*?$./:-]{1,6}",
        "[a-c{}\"\\\\,\\[\\] ]{1,6}",
        Just("*".to_owned()),
        Just("${aws:username}".to_owned()),
        Just("${*}".to_owned()),
        Just("a/*\",\"arn:aws:s3:::*".to_owned()),
        "\\PC{1,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_claim_widens_a_session_policy(mine in name(), unit in name(), theirs in name(), file in "[a-z]{1,5}") {
        let Some(policy) = rendered(&mine, &unit) else {
            return Ok(());
        };
        prop_assert!(check(&policy).is_ok(), "{policy}");
        let object = |tenant: &str| format!("arn:aws:s3:::data/{tenant}/{file}");
        // The evaluator takes no wildcard in the name of what is asked for.
        let plain = |name: &str| !name.contains(['*', '?', '$']);
        if plain(&mine) && plain(&unit) {
            prop_assert!(allows(&policy, "s3:GetObject", &object(&mine), None), "{policy}");
            let own_inbox = format!("arn:aws:s3:::inbox/{unit}");
            prop_assert!(allows(&policy, "s3:PutObject", &own_inbox, None), "{policy}");
        }
        let table = "arn:aws:dynamodb:us-east-1:000000000000:table/data";
        let row = |tenant: &str| format!("TENANT-{tenant}");
        prop_assert!(!plain(&mine) || allows(&policy, "dynamodb:GetItem", table, Some(&row(&mine))), "{policy}");

        // What begins with one's own name and a slash is one's own: docs/vending.md warns of it.
        let below = format!("{theirs}/{file}").starts_with(&format!("{mine}/"));
        if !below {
            prop_assert!(!allows(&policy, "s3:GetObject", &object(&theirs), None), "{theirs}: {policy}");
        }
        if theirs != mine {
            prop_assert!(!allows(&policy, "dynamodb:GetItem", table, Some(&row(&theirs))), "{theirs}: {policy}");
        }
        if theirs != unit {
            let their_inbox = format!("arn:aws:s3:::inbox/{theirs}");
            prop_assert!(!allows(&policy, "s3:PutObject", &their_inbox, None), "{theirs}: {policy}");
        }
        prop_assert!(!allows(&policy, "s3:DeleteObject", &object(&mine), None), "{policy}");
    }
}
