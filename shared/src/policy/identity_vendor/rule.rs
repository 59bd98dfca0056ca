//! The rules, and the conditions in them.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::super::{Findings, Name};
use crate::vending::{ClaimPath, Condition, Effect, IfMissing, Mode, Pattern, Rule, Scalar, Test};

/// One rule: whoever meets all conditions may have the role, or is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Rule")
)]
pub(super) struct RuleSection {
    /// What audit lines call it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    name: Spanned<Name>,
    /// The source of the proof.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    source: Spanned<Name>,
    /// What its claims must say, all of it. Empty: everybody of this source.
    #[serde(default)]
    when: Vec<ConditionSection>,
    /// The alias of the role. Either this, `role_from_token` or `deny`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    role: Option<Spanned<Name>>,
    /// Grants a role that the token of a Cognito user pool names by its ARN: the one asked for, if it is among
    /// `cognito:roles`; else `cognito:preferred_role`.
    #[serde(default)]
    role_from_token: bool,
    /// Refuses, and no later rule is looked at.
    #[serde(default)]
    deny: bool,
    /// `report`: the rule decides nothing, and the audit line says what it would have come to.
    #[serde(default)]
    mode: Mode,
}

/// What one claim must say: exactly one test. A claim that is missing, or of a type that the test is not for,
/// never grants anything. In a rule that denies, a claim of such a type denies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Condition")
)]
pub(super) struct ConditionSection {
    /// The claim's name, or a JSON pointer to a value within a claim, `/realm_access/roles`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    claim: Spanned<String>,
    /// The claim is this text, whole number or boolean. `true` is not the text `"true"`.
    equals: Option<Scalar>,
    /// The claim has the same type and is not this.
    not_equals: Option<Scalar>,
    /// With `not_equals` in a rule that denies, where it must be said: whether a missing claim denies.
    #[cfg_attr(feature = "schema", schemars(with = "Option<IfMissing>"))]
    if_missing: Option<Spanned<IfMissing>>,
    /// The claim is one of these.
    one_of: Option<Vec<Scalar>>,
    /// The claim is a text that begins with this.
    starts_with: Option<String>,
    /// The claim is an array that has this text as an element.
    has_element: Option<String>,
    /// The claim is a space-separated list that has this word, such as OAuth scopes.
    has_word: Option<String>,
    /// The claim is a text that has this somewhere in it.
    has_substring: Option<String>,
    /// The claim is a text that this regular expression matches as a whole.
    matches: Option<String>,
}

/// Compiles the rules; what names an alias or a source that is not there is a finding.
pub(super) fn compile(
    sections: Vec<RuleSection>,
    aliases: &BTreeSet<Name>,
    sources: &BTreeSet<Name>,
    findings: &mut Findings,
) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for section in sections {
        let name = section.name.get_ref().clone();
        if !sources.contains(section.source.get_ref()) {
            let source = section.source.get_ref();
            findings.at(
                section.source.span(),
                format!("the rule {name} names the source {source}, which is not defined"),
            );
        }
        let effect = match (section.role, section.role_from_token, section.deny) {
            (Some(alias), false, false) => {
                check_alias(&alias, aliases, findings);
                Some(Effect::Grant(alias.into_inner()))
            }
            (None, true, false) => Some(Effect::GrantFromToken),
            (None, false, true) => Some(Effect::Deny),
            _ => {
                let message = format!(
                    "the rule {name} needs one of role, role_from_token = true and deny = true"
                );
                findings.at(section.name.span(), message);
                None
            }
        };
        if !seen.insert(name.clone()) {
            let message = format!("a second rule is called {name}");
            findings.at(section.name.span(), message);
        }
        let denies = section.deny;
        let conditions = section.when.into_iter();
        let when = conditions.map(|condition| condition.compile(denies, findings));
        let when: Option<Vec<Condition>> = when.collect::<Vec<_>>().into_iter().collect();
        if let (Some(when), Some(effect)) = (when, effect) {
            rules.push(Rule {
                name,
                source: section.source.into_inner(),
                when,
                effect,
                mode: section.mode,
            });
        }
    }
    rules
}

pub(super) fn check_alias(
    alias: &Spanned<Name>,
    aliases: &BTreeSet<Name>,
    findings: &mut Findings,
) {
    if !aliases.contains(alias.get_ref()) {
        let message = format!("the role {} is not defined", alias.get_ref());
        findings.at(alias.span(), message);
    }
}

impl ConditionSection {
    /// `None` goes with a finding.
    fn compile(self, denies: bool, findings: &mut Findings) -> Option<Condition> {
        let span = self.claim.span();
        let mut fault = |message: &str| {
            findings.at(span.clone(), message);
            None
        };
        let if_missing = self.if_missing.map(Spanned::into_inner);
        let if_missing = match (denies && self.not_equals.is_some(), if_missing) {
            (true, None) => {
                return fault(
                    "not_equals in a rule that denies needs if_missing, \"deny\" or \"pass\"",
                );
            }
            (false, Some(_)) => {
                return fault("if_missing goes with not_equals in a rule that denies");
            }
            (_, said) => said.unwrap_or(IfMissing::Pass),
        };
        let pattern = match self.matches.as_deref().map(Pattern::new).transpose() {
            Ok(pattern) => pattern,
            Err(expected) => return fault(expected),
        };
        let tests = [
            self.equals.map(Test::Equals),
            self.not_equals
                .map(|other| Test::NotEquals(other, if_missing)),
            self.one_of.map(Test::OneOf),
            self.starts_with.map(Test::StartsWith),
            self.has_element.map(Test::HasElement),
            self.has_word.map(Test::HasWord),
            self.has_substring.map(Test::HasSubstring),
            pattern.map(Test::Matches),
        ];
        let mut tests = tests.into_iter().flatten();
        let (Some(test), None) = (tests.next(), tests.next()) else {
            return fault(
                "a condition has exactly one of equals, not_equals, one_of, starts_with, \
                 has_element, has_word, has_substring, matches",
            );
        };
        if let Some(expected) = vacuous(&test) {
            return fault(expected);
        }
        match ClaimPath::parse(self.claim.get_ref()) {
            Ok(claim) => Some(Condition { claim, test }),
            Err(expected) => fault(expected),
        }
    }
}

/// What to write instead of a test that every text passes, or none.
fn vacuous(test: &Test) -> Option<&'static str> {
    match test {
        Test::StartsWith(text) | Test::HasSubstring(text) if text.is_empty() => {
            Some("expected a text that is not empty: every text has the empty one in it")
        }
        Test::HasWord(word) if word.is_empty() || word.contains(' ') => {
            Some("expected one word: the claim's words are separated by spaces")
        }
        Test::OneOf(values) if values.is_empty() => Some("expected at least one value in one_of"),
        _ => None,
    }
}
