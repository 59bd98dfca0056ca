//! `[identity-vendor]`: whose proof is believed, and which role it earns.

mod limits;
mod preset;
mod role;
mod rule;
mod source;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::{
    limits::Limits,
    source::{BackEnd, Source},
};
use super::{Findings, Name, Rules};
use crate::vending::{self, Effect, Role};

/// The rules of identity-vendor. No rule, no role.
#[derive(Debug, Clone)]
pub struct IdentityVendor {
    /// Those who are believed, by a name that must never change: identities are recorded under it.
    pub sources: BTreeMap<Name, Source>,
    /// The back ends that vouch for users by IAM, by a name of the same namespace.
    pub back_ends: BTreeMap<Name, BackEnd>,
    /// Whether a guest's own Cognito token, beside another proof, makes the guest's identity the caller's.
    pub guest_upgrade: bool,
    /// Who gets what.
    pub rules: vending::Rules,
    /// How often may be asked.
    pub limits: Limits,
}

/// Whose proof is believed, and which role it earns. No rule, no role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IdentityVendor")
)]
pub struct Section {
    /// Those whose proofs are believed, by a name that must never change: the identity of a user is recorded
    /// under it.
    #[serde(default)]
    sources: BTreeMap<Name, source::SourceSection>,
    /// Whether a guest who signs in may keep the guest's identity, by the guest's own Cognito token (`guest_token`).
    #[serde(default)]
    guest_upgrade: bool,
    /// The roles that can be vended, by alias. The wiring binds each to an ARN.
    #[serde(default)]
    roles: BTreeMap<Name, role::RoleSection>,
    /// Who gets what, in order.
    #[serde(default)]
    rules: Vec<rule::RuleSection>,
    /// How often may be asked.
    #[serde(default)]
    limits: limits::LimitsSection,
}

impl Rules for IdentityVendor {
    const SECTION: &'static str = "identity-vendor";

    type Section = Section;

    fn compile(section: Section, findings: &mut Findings) -> Option<Self> {
        let aliases = section.roles.keys().cloned().collect();
        let names = section.sources.keys().cloned().collect();
        let rules = rule::compile(section.rules, &aliases, &names, findings);
        let (mut sources, mut back_ends) = (BTreeMap::new(), BTreeMap::new());
        let mut bound_to_proof = BTreeMap::new();
        let mut default_roles = BTreeMap::new();
        for (name, source) in section.sources {
            if let Some(alias) = &source.default_role {
                rule::check_alias(alias, &aliases, findings);
                default_roles.insert(name.clone(), alias.get_ref().clone());
            }
            if let Some(place) = source.binds_to_proof() {
                bound_to_proof.insert(name.clone(), place);
            }
            match source.compile(&name, findings) {
                source::Compiled::Issuer(source) => {
                    sources.insert(name, *source);
                }
                source::Compiled::BackEnd(back_end) => {
                    back_ends.insert(name, back_end);
                }
            }
        }
        let mut roles = BTreeMap::new();
        for (alias, role) in section.roles {
            let role = role.compile(&alias, findings);
            roles.insert(alias, role);
        }
        let rules = vending::Rules {
            roles,
            rules,
            default_roles,
            role_arns: BTreeMap::new(),
        };
        for (name, place) in bound_to_proof {
            if let Some(alias) = token_role_of(&rules, &name) {
                let message = format!(
                    "the source {name}: bound_to_proof cannot hold for the role {alias}: the holder of a token \
                     chooses how long sessions live"
                );
                findings.at(place, message);
            }
        }
        Some(Self {
            limits: section.limits.into(),
            sources,
            back_ends,
            guest_upgrade: section.guest_upgrade,
            rules,
        })
    }
}

impl IdentityVendor {
    /// Whether there is a source of this name, whatever its proofs are.
    pub fn knows_source(&self, name: &Name) -> bool {
        self.sources.contains_key(name) || self.back_ends.contains_key(name)
    }
}

/// A role of flow `token` that callers of `source` may get.
fn token_role_of<'r>(rules: &'r vending::Rules, source: &Name) -> Option<&'r Name> {
    let is_token = |alias: &&Name| matches!(rules.roles.get(*alias), Some(Role::Token { .. }));
    let of_source = rules.rules.iter().filter(|rule| rule.source == *source);
    let granted = of_source.flat_map(|rule| match &rule.effect {
        Effect::Grant(alias) => vec![alias],
        Effect::GrantFromToken => rules.roles.keys().collect(),
        Effect::Deny => Vec::new(),
    });
    granted
        .chain(rules.default_roles.get(source))
        .find(is_token)
}
