//! The rules, in order: the first that holds decides.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

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
    /// The ARN behind each alias, for rules that read roles from the token. The wiring knows them.
    pub role_arns: BTreeMap<Name, String>,
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
    /// Whether it decides.
    pub mode: Mode,
}

/// Whether a rule decides, or only says what it would have decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It is passed over; the audit line says what it would have come to.
    Report,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Grants the role of this alias.
    Grant(Name),
    /// Grants a role that a Cognito user pool's token names by its ARN: the one asked for, if it is among
    /// `cognito:roles`; else `cognito:preferred_role`, if it is among them too.
    GrantFromToken,
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
    /// The token names no role that can be vended, or not the one that was asked for.
    NoRoleInToken,
    /// It only reports; this is what it would have come to.
    Reported(Choice<'a>),
}

/// Goes through the rules in order. The first whose conditions hold decides: it grants its role, if that is the
/// one asked for or none was; a `deny` refuses. A rule that grants another role than the one asked for is passed
/// over, so that whoever may have two roles can name either.
pub fn choose<'a>(rules: &'a Rules, caller: &Caller, requested: Option<&Name>) -> Decision<'a> {
    let wanted = |alias: &Name| requested.is_none_or(|requested| requested == alias);
    let mut steps = Vec::new();
    for rule in &rules.rules {
        let would_be = match (rule.obstacle(caller), &rule.effect) {
            (Some(obstacle), _) => Err(obstacle),
            (None, Effect::Grant(alias)) if !wanted(alias) => Err(Passed::OtherRole),
            (None, Effect::Grant(alias)) => Ok(Choice::Role(alias, Some(&rule.name))),
            (None, Effect::GrantFromToken) => match rules.role_in_token(caller, requested) {
                Some(alias) => Ok(Choice::Role(alias, Some(&rule.name))),
                None => Err(Passed::NoRoleInToken),
            },
            (None, Effect::Deny) => Ok(Choice::Denied(&rule.name)),
        };
        let passed = match (would_be, rule.mode) {
            (Ok(choice), Mode::Enforce) => return Decision { choice, steps },
            (Ok(choice), Mode::Report) => Passed::Reported(choice),
            (Err(passed), _) => passed,
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

impl Rules {
    /// The alias of the role that the token names. What it does not name exactly is not granted.
    fn role_in_token(&self, caller: &Caller, requested: Option<&Name>) -> Option<&Name> {
        let roles = caller.claims.0.get("cognito:roles")?.as_array()?;
        let arn = match requested {
            Some(alias) => self.role_arns.get(alias)?.as_str(),
            None => caller.claims.0.get("cognito:preferred_role")?.as_str()?,
        };
        if !roles.iter().any(|role| role == &Value::from(arn)) {
            return None;
        }
        let mut bound = self.role_arns.iter();
        let (alias, _) = bound.find(|(_, bound)| *bound == arn)?;
        self.roles.get_key_value(alias).map(|(alias, _)| alias)
    }
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
                Effect::Grant(_) | Effect::GrantFromToken => verdict.grants(),
                Effect::Deny => verdict.denies(),
            };
            (!holds).then_some(Passed::Condition(&condition.claim, verdict))
        })
    }
}

#[cfg(test)]
mod tests;
