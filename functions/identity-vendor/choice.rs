//! Which role a caller gets. Pure: rules and claims in, an alias or a refusal out.

use serde_json::Value;
use shared::policy::{Condition, IdentityVendor, Name, Rule};

/// What the rules come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// This role, by this rule (none: the default role).
    Role(&'a Name, Option<&'a Name>),
    /// A rule refuses.
    Refused(&'a Name),
    /// No rule grants anything, or not what was asked for.
    NoRole,
}

/// Goes through the rules in order. The first whose conditions hold decides: it grants its role, if that
/// is the one asked for or none was; a `deny` refuses. A rule that grants another role than the one asked
/// for is passed over, so that who may have two roles can name either.
pub(crate) fn choose<'a>(
    policy: &'a IdentityVendor,
    issuer: &Name,
    claim: impl Fn(&str) -> Option<Value>,
    requested: Option<&Name>,
) -> Choice<'a> {
    let wanted = |alias: &Name| requested.is_none_or(|requested| requested == alias);
    for rule in policy
        .rules
        .iter()
        .filter(|rule| rule.issuer.get_ref() == issuer)
    {
        if !holds(rule, &claim) {
            continue;
        }
        match &rule.role {
            Some(alias) if wanted(alias.get_ref()) => {
                return Choice::Role(alias.get_ref(), Some(rule.name.get_ref()));
            }
            Some(_) => {}
            None => return Choice::Refused(rule.name.get_ref()),
        }
    }
    match &policy.default_role {
        Some(alias) if wanted(alias.get_ref()) => Choice::Role(alias.get_ref(), None),
        _ => Choice::NoRole,
    }
}

fn holds(rule: &Rule, claim: &impl Fn(&str) -> Option<Value>) -> bool {
    rule.when.iter().all(|condition| {
        claim(condition.claim.get_ref()).is_some_and(|value| satisfies(&value, condition))
    })
}

fn satisfies(value: &Value, condition: &Condition) -> bool {
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    if let Some(expected) = &condition.equals {
        return text.is_some_and(|text| text == *expected);
    }
    if let Some(other) = &condition.not_equals {
        return text.is_some_and(|text| text != *other);
    }
    if let Some(prefix) = &condition.starts_with {
        return value
            .as_str()
            .is_some_and(|text| text.starts_with(prefix.as_str()));
    }
    if let Some(part) = &condition.contains {
        return match value {
            Value::Array(elements) => elements
                .iter()
                .any(|element| element.as_str() == Some(part)),
            Value::String(text) => text.contains(part.as_str()),
            _ => false,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;
    use shared::policy::PolicyFile;

    use super::*;

    const POLICY: &str = r#"
        version = 1
        [identity-vendor.issuers.app]
        audiences = ["a"]
        [identity-vendor.issuers.partner]
        audiences = ["a"]
        [identity-vendor.roles.member]
        flow = "token"
        [identity-vendor.roles.publisher]
        flow = "credentials"
        [[identity-vendor.rules]]
        name = "suspended"
        issuer = "app"
        when = [{ claim = "suspended", equals = "true" }]
        deny = true
        [[identity-vendor.rules]]
        name = "publishers"
        issuer = "app"
        when = [{ claim = "groups", contains = "publishers" }, { claim = "tier", not_equals = "free" }]
        role = "publisher"
        [[identity-vendor.rules]]
        name = "everybody"
        issuer = "app"
        role = "member"
    "#;

    /// Who is chosen, as `alias by rule`.
    fn chosen(claims: Value, requested: Option<&str>) -> String {
        of("app", POLICY, claims, requested)
    }

    fn of(issuer: &str, policy: &str, claims: Value, requested: Option<&str>) -> String {
        let policy: IdentityVendor = PolicyFile::parse("policy.toml", policy.to_owned())
            .section()
            .unwrap();
        let name = |text: &str| Name::try_from(text.to_owned()).unwrap();
        let requested = requested.map(name);
        match choose(
            &policy,
            &name(issuer),
            |claim| claims.get(claim).cloned(),
            requested.as_ref(),
        ) {
            Choice::Role(alias, Some(rule)) => format!("{alias} by {rule}"),
            Choice::Role(alias, None) => format!("{alias} by default"),
            Choice::Refused(rule) => format!("refused by {rule}"),
            Choice::NoRole => "no role".to_owned(),
        }
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        let publisher = json!({"groups": ["publishers"], "tier": "paid"});
        assert_eq!(chosen(publisher, None), "publisher by publishers");
        assert_eq!(chosen(json!({}), None), "member by everybody");
    }

    #[test]
    fn who_may_have_two_roles_can_name_either_and_no_other() {
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
    fn a_deny_ends_it_whatever_was_asked_for() {
        let claims = || json!({"suspended": true, "groups": ["publishers"], "tier": "paid"});
        assert_eq!(chosen(claims(), None), "refused by suspended");
        assert_eq!(chosen(claims(), Some("member")), "refused by suspended");
    }

    #[test]
    fn a_missing_claim_meets_no_condition_not_even_not_equals() {
        assert_eq!(
            chosen(json!({"groups": ["publishers"]}), None),
            "member by everybody"
        );
        let other_types = json!({"groups": ["publishers"], "tier": null});
        assert_eq!(chosen(other_types, None), "member by everybody");
        let array = json!({"groups": ["publishers"], "tier": ["paid"]});
        assert_eq!(chosen(array, None), "member by everybody");
    }

    #[test]
    fn an_array_contains_whole_elements_only() {
        let near = json!({"groups": ["no-publishers"], "tier": "paid"});
        assert_eq!(chosen(near, None), "member by everybody");
    }

    #[test]
    fn without_a_rule_for_the_issuer_there_is_no_role() {
        let publisher = json!({"groups": ["publishers"], "tier": "paid"});
        assert_eq!(of("partner", POLICY, publisher, None), "no role");
        let with_default = POLICY.replace(
            "version = 1",
            "version = 1\n[identity-vendor]\ndefault_role = \"member\"",
        );
        assert_eq!(
            of("partner", &with_default, json!({}), None),
            "member by default"
        );
        assert_eq!(
            of("partner", &with_default, json!({}), Some("publisher")),
            "no role"
        );
    }
}
