//! The rules decide in order, and nothing else decides.

use serde_json::{Value, json};

use super::*;
use crate::{
    policy::{IdentityVendor, PolicyFile},
    vending::Claims,
};

const POLICY: &str = r#"
    version = 1
    [identity-vendor.sources.app]
    audiences = ["a"]
    [identity-vendor.sources.partner]
    audiences = ["a"]
    [identity-vendor.roles.member]
    flow = "token"
    [identity-vendor.roles.publisher]
    flow = "credentials"
    [[identity-vendor.rules]]
    name = "suspended"
    source = "app"
    when = [{ claim = "suspended", equals = true }]
    deny = true
    [[identity-vendor.rules]]
    name = "publishers"
    source = "app"
    when = [{ claim = "groups", has_element = "publishers" }, { claim = "tier", not_equals = "free" }]
    role = "publisher"
    [[identity-vendor.rules]]
    name = "everybody"
    source = "app"
    role = "member"
"#;

/// Who is chosen, as `alias by rule`.
fn chosen(claims: Value, requested: Option<&str>) -> String {
    of("app", POLICY, claims, requested)
}

fn of(source: &str, policy: &str, claims: Value, requested: Option<&str>) -> String {
    let file = PolicyFile::parse("policy.toml", policy.to_owned());
    let policy: IdentityVendor = file.section().unwrap();
    let requested = requested.map(name);
    let caller = caller(source, claims);
    let decision = choose(&policy.rules, &caller, requested.as_ref());
    match decision.choice {
        Choice::Role(alias, Some(rule)) => format!("{alias} by {rule}"),
        Choice::Role(alias, None) => format!("{alias} by default"),
        Choice::Denied(rule) => format!("denied by {rule}"),
        Choice::NoRole => "no role".to_owned(),
    }
}

fn name(text: &str) -> Name {
    Name::try_from(text.to_owned()).unwrap()
}

fn caller(source: &str, claims: Value) -> Caller {
    Caller {
        source: name(source),
        subject: "ana".to_owned(),
        claims: Claims(claims.as_object().unwrap().clone()),
        issued_at: 0,
        expires_at: 300,
        bound_to_proof: false,
        guest_identity: None,
    }
}

#[test]
fn the_first_rule_that_holds_decides() {
    let publisher = json!({"groups": ["publishers"], "tier": "paid"});
    assert_eq!(chosen(publisher, None), "publisher by publishers");
    assert_eq!(chosen(json!({}), None), "member by everybody");
}

#[test]
fn a_caller_who_may_have_two_roles_can_name_either_and_no_other() {
    let claims = || json!({"groups": ["publishers"], "tier": "paid"});
    assert_eq!(chosen(claims(), Some("member")), "member by everybody");
    assert_eq!(
        chosen(claims(), Some("publisher")),
        "publisher by publishers"
    );
    assert_eq!(chosen(claims(), Some("owner")), "no role");
    assert_eq!(chosen(json!({}), Some("publisher")), "no role");
}

#[test]
fn every_value_but_absent_and_false_meets_a_deny() {
    for value in [
        json!(true),
        json!("True"),
        json!("false"),
        json!(1),
        json!(0),
        json!(null),
        json!(["true"]),
        json!({}),
    ] {
        let claims = json!({"suspended": value, "groups": ["publishers"], "tier": "paid"});
        for requested in [None, Some("member")] {
            let chosen = chosen(claims.clone(), requested);
            assert_eq!(chosen, "denied by suspended", "{value}");
        }
    }
    assert_eq!(
        chosen(json!({"suspended": false}), None),
        "member by everybody"
    );
}

#[test]
fn a_claim_of_an_unexpected_type_never_grants() {
    for (groups, tier) in [
        (json!("publishers"), json!("paid")),
        (json!("not-publishers"), json!("paid")),
        (json!({"publishers": true}), json!("paid")),
        (json!(["no-publishers"]), json!("paid")),
        (json!(["publishers"]), json!(null)),
        (json!(["publishers"]), json!(["paid"])),
        (json!(["publishers"]), json!(1)),
    ] {
        let claims = json!({"groups": groups, "tier": tier});
        assert_eq!(chosen(claims, None), "member by everybody");
    }
    let missing = json!({"groups": ["publishers"]});
    assert_eq!(chosen(missing, None), "member by everybody");
}

#[test]
fn a_deny_by_not_equals_says_what_a_missing_claim_does() {
    let under = |if_missing: &str, claims: Value| {
        let condition =
            format!("\"email_verified\", not_equals = true, if_missing = \"{if_missing}\"");
        of(
            "app",
            &POLICY.replace("\"suspended\", equals = true", &condition),
            claims,
            None,
        )
    };
    assert_eq!(under("deny", json!({})), "denied by suspended");
    assert_eq!(under("pass", json!({})), "member by everybody");
    for if_missing in ["deny", "pass"] {
        let verified = |value: Value| under(if_missing, json!({"email_verified": value}));
        assert_eq!(verified(json!(true)), "member by everybody");
        assert_eq!(verified(json!(false)), "denied by suspended");
        assert_eq!(verified(json!("true")), "denied by suspended");
    }
}

#[test]
fn a_caller_whom_no_rule_names_has_the_default_role_of_their_source() {
    let publisher = json!({"groups": ["publishers"], "tier": "paid"});
    assert_eq!(of("partner", POLICY, publisher, None), "no role");
    let with_default = POLICY.replace(
        "[identity-vendor.sources.partner]",
        "[identity-vendor.sources.partner]\ndefault_role = \"member\"",
    );
    let of = |source, requested| of(source, &with_default, json!({}), requested);
    assert_eq!(of("partner", None), "member by default");
    assert_eq!(of("partner", Some("publisher")), "no role");
}

#[test]
fn a_decision_says_why_each_rule_before_did_not_decide() {
    let file = PolicyFile::parse("policy.toml", POLICY.to_owned());
    let policy: IdentityVendor = file.section().unwrap();
    let caller = caller("app", json!({"groups": "publishers"}));
    let decision = choose(&policy.rules, &caller, None);
    let said: Vec<String> = decision
        .steps
        .iter()
        .map(|step| format!("{} {:?}", step.rule, step.passed))
        .collect();
    assert_eq!(
        said,
        [
            "suspended Condition(Name(\"suspended\"), Missing)",
            "publishers Condition(Name(\"groups\"), UnexpectedType)"
        ]
    );
}

/// The policy, in which the rule `publishers` is bent, and two roles are bound.
fn under_token_rule(claims: Value, requested: Option<&str>) -> String {
    let policy = POLICY.replace("role = \"publisher\"", "role_from_token = true");
    let policy = policy.replace(
        "when = [{ claim = \"groups\", has_element = \"publishers\" }, { claim = \"tier\", not_equals = \"free\" }]",
        "",
    );
    let file = PolicyFile::parse("policy.toml", policy);
    let mut policy: IdentityVendor = file.section().unwrap();
    let arn = |alias: &str| {
        (
            name(alias),
            format!("arn:aws:iam::123456789012:role/{alias}"),
        )
    };
    policy.rules.role_arns = BTreeMap::from([arn("member"), arn("publisher")]);
    let requested = requested.map(name);
    let caller = caller("app", claims);
    match choose(&policy.rules, &caller, requested.as_ref()).choice {
        Choice::Role(alias, Some(rule)) => format!("{alias} by {rule}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_token_grants_the_role_that_it_prefers_or_the_one_asked_for_among_its_roles() {
    let (member, publisher) = (
        "arn:aws:iam::123456789012:role/member",
        "arn:aws:iam::123456789012:role/publisher",
    );
    let both = json!({"cognito:roles": [member, publisher], "cognito:preferred_role": publisher});
    assert_eq!(
        under_token_rule(both.clone(), None),
        "publisher by publishers"
    );
    assert_eq!(
        under_token_rule(both.clone(), Some("member")),
        "member by publishers"
    );
    assert_eq!(under_token_rule(both, Some("owner")), "NoRole");
    let one = json!({"cognito:roles": [publisher]});
    assert_eq!(
        under_token_rule(one.clone(), Some("publisher")),
        "publisher by publishers"
    );
    // Passed over: the next rule grants `member` to everybody.
    for claims in [
        json!({}),
        one,
        json!({"cognito:preferred_role": publisher}),
        json!({"cognito:roles": publisher, "cognito:preferred_role": publisher}),
        json!({"cognito:roles": [member], "cognito:preferred_role": publisher}),
        json!({"cognito:roles": ["arn:aws:iam::1:role/x"], "cognito:preferred_role": "arn:aws:iam::1:role/x"}),
        json!({"cognito:roles": [7], "cognito:preferred_role": 7}),
    ] {
        assert_eq!(
            under_token_rule(claims.clone(), None),
            "member by everybody",
            "{claims}"
        );
        assert_ne!(
            under_token_rule(json!({"cognito:roles": [member]}), Some("publisher")),
            "publisher by publishers"
        );
    }
}

#[test]
fn a_rule_that_reports_decides_nothing_and_says_what_it_would_have() {
    for (bent, reported) in [
        ("deny = true", "Denied(Name(\"suspended\"))"),
        (
            "role = \"publisher\"",
            "Role(Name(\"publisher\"), Some(Name(\"suspended\")))",
        ),
    ] {
        let policy = POLICY.replace("deny = true", &format!("{bent}\nmode = \"report\""));
        let file = PolicyFile::parse("policy.toml", policy);
        let policy: IdentityVendor = file.section().unwrap();
        let caller = caller("app", json!({"suspended": true}));
        let decision = choose(&policy.rules, &caller, None);
        assert!(matches!(decision.choice, Choice::Role(alias, _) if alias.as_str() == "member"));
        let first = format!("{:?}", decision.steps.first().unwrap().passed);
        assert_eq!(first, format!("Reported({reported})"));
    }
}

/// Rules that grant `member` where a claim has one value, for every claim and value of a few.
fn any_rules() -> impl proptest::strategy::Strategy<Value = Vec<(usize, bool, bool)>> {
    proptest::collection::vec((0..4_usize, proptest::bool::ANY, proptest::bool::ANY), 0..8)
}

proptest::proptest! {
    #[test]
    fn the_first_rule_that_holds_decides_whatever_follows(rules in any_rules(), held in 0..5_usize) {
        let text: String = rules.iter().enumerate().map(|(index, (value, deny, report))| {
            let effect = if *deny { "deny = true" } else { "role = \"member\"" };
            let mode = if *report { "report" } else { "enforce" };
            format!(
                "[[identity-vendor.rules]]\nname = \"r{index}\"\nsource = \"app\"\nmode = \"{mode}\"\n\
                 when = [{{ claim = \"c\", equals = \"{value}\" }}]\n{effect}\n"
            )
        }).collect();
        let (head, _) = POLICY.split_once("[[identity-vendor.rules]]").unwrap();
        let file = PolicyFile::parse("policy.toml", format!("{head}\n{text}"));
        let policy: IdentityVendor = file.section().unwrap();
        let caller = caller("app", json!({"c": held.to_string()}));
        let decision = choose(&policy.rules, &caller, None);
        // The specification, in one line: the first rule in order that is about the value and is enforced.
        let first = rules.iter().position(|(value, _, report)| *value == held && !report);
        let expected = match first {
            None => "NoRole".to_owned(),
            Some(index) if rules[index].1 => format!("Denied(Name(\"r{index}\"))"),
            Some(index) => format!("Role(Name(\"member\"), Some(Name(\"r{index}\")))"),
        };
        proptest::prop_assert_eq!(format!("{:?}", decision.choice), expected);
        // Total: every rule before the one that decided has a step with its reason.
        proptest::prop_assert_eq!(decision.steps.len(), first.unwrap_or(rules.len()));
    }
}
