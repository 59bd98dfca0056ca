//! `[identity-vendor]`: whose proof is believed, and which role it earns.

mod preset;
mod role;
mod rule;
mod source;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::source::Source;
use super::{Findings, Name, Rules};
use crate::vending;

/// The rules of identity-vendor. No rule, no role.
#[derive(Debug, Clone)]
pub struct IdentityVendor {
    /// Those who are believed, by a name that must never change: identities are recorded under it.
    pub sources: BTreeMap<Name, Source>,
    /// Who gets what.
    pub rules: vending::Rules,
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
    /// The roles that can be vended, by alias. The wiring binds each to an ARN.
    #[serde(default)]
    roles: BTreeMap<Name, role::RoleSection>,
    /// Who gets what, in order.
    #[serde(default)]
    rules: Vec<rule::RuleSection>,
}

impl Rules for IdentityVendor {
    const SECTION: &'static str = "identity-vendor";

    type Section = Section;

    fn compile(section: Section, findings: &mut Findings) -> Option<Self> {
        let aliases = section.roles.keys().cloned().collect();
        let names = section.sources.keys().cloned().collect();
        let rules = rule::compile(section.rules, &aliases, &names, findings);
        let mut sources = BTreeMap::new();
        let mut default_roles = BTreeMap::new();
        for (name, source) in section.sources {
            if let Some(alias) = &source.default_role {
                rule::check_alias(alias, &aliases, findings);
                default_roles.insert(name.clone(), alias.get_ref().clone());
            }
            let source = source.compile(&name, findings);
            sources.insert(name, source);
        }
        let mut roles = BTreeMap::new();
        for (alias, role) in section.roles {
            let role = role.compile(&alias, findings);
            roles.insert(alias, role);
        }
        Some(Self {
            sources,
            rules: vending::Rules {
                roles,
                rules,
                default_roles,
            },
        })
    }
}
