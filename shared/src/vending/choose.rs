//! The rules, in order: the first that holds decides.

use std::collections::BTreeMap;

use super::{Caller, ClaimPath, Condition, Role, Verdict};
use crate::name::Name;

/// Who gets what. No rule, no role.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The roles that can be vended, by alias.
    pub roles: BTreeMap<Name, Role>,
    /// In order.
    pub rules: Vec<Rule>,
    /// By source, the alias for callers whom no rule names.
    pub default_roles: BTreeMap<Name, Name>,
}

/// One rule: whoever meets all conditions may have the role, or is refused.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What audit lines call it.
    pub name: Name,
    /// The source whose callers it is about.
    pub source: Name,
    /// All of these must hold; none: everybody of this source.
    pub when: Vec<Condition>,
    /// What it comes to.
    pub effect: Effect,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Grants the role of this alias.
    Grant(Name),
    /// Refuses, and no later rule is looked at.
    Deny,
}

/// What the rules come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// This alias, by this rule; by the source's default where there is none.
    Role(&'a Name, Option<&'a Name>),
    /// This rule refuses.
    Denied(&'a Name),
    /// No rule grants anything, or not what was asked for.
    NoRole,
}

/// A choice, and how it came about.
#[derive(Debug)]
pub struct Decision<'a> {
    /// What the rules come to.
    pub choice: Choice<'a>,
    /// The rules that were passed over, in order, each with the reason.
    pub steps: Vec<Step<'a>>,
}

/// A rule that did not decide.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The rule.
    pub rule: &'a Name,
    /// Why it did not.
    pub passed: Passed<'a>,
}

/// Why a rule did not decide.
#[derive(Debug, PartialEq, Eq)]
pub enum Passed<'a> {
    /// It is about another source's callers.
    OtherSource,
    /// This claim's condition does not hold.
    Condition(&'a ClaimPath, Verdict),
    /// It grants another role than the one that was asked for.
    OtherRole,
}

/// Goes through the rules in order. The first whose conditions hold decides: it grants its role, if that is the
/// one asked for or none was; a `deny` refuses. A rule that grants another role than the one asked for is passed
/// over, so that whoever may have two roles can name either.
pub fn choose<'a>(rules: &'a Rules, caller: &Caller, requested: Option<&Name>) -> Decision<'a> {
    let wanted = |alias: &Name| requested.is_none_or(|requested| requested == alias);
    let mut steps = Vec::new();
    for rule in &rules.rules {
        let passed = match (rule.obstacle(caller), &rule.effect) {
            (Some(obstacle), _) => obstacle,
            (None, Effect::Grant(alias)) if !wanted(alias) => Passed::OtherRole,
            (None, Effect::Grant(alias)) => {
                let choice = Choice::Role(alias, Some(&rule.name));
                return Decision { choice, steps };
            }
            (None, Effect::Deny) => {
                let choice = Choice::Denied(&rule.name);
                return Decision { choice, steps };
            }
        };
        let rule = &rule.name;
        steps.push(Step { rule, passed });
    }
    let default = rules.default_roles.get(&caller.source);
    let choice = match default.filter(|alias| wanted(alias)) {
        Some(alias) => Choice::Role(alias, None),
        None => Choice::NoRole,
    };
    Decision { choice, steps }
}

impl Rule {
    /// What keeps this rule from being about `caller`.
    fn obstacle(&self, caller: &Caller) -> Option<Passed<'_>> {
        if self.source != caller.source {
            return Some(Passed::OtherSource);
        }
        self.when.iter().find_map(|condition| {
            let verdict = condition.examine(&caller.claims);
            let holds = match self.effect {
                Effect::Grant(_) => verdict.grants(),
                Effect::Deny => verdict.denies(),
            };
            (!holds).then_some(Passed::Condition(&condition.claim, verdict))
        })
    }
}

#[cfg(test)]
mod tests {
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
}
