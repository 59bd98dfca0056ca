//! `[user-migration]`: how users of an old system move in.

use std::collections::BTreeMap;

use password::{DummyHash, SchemeHint};
use serde::Deserialize;
use toml::Spanned;

use super::{Findings, Rules, bounded::Bounded};

/// The rules of user-migration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserMigration {
    /// Milliseconds before which no answer leaves, whatever it is: found, unknown, wrong, failed. Set it
    /// above the slowest verification of the store, or its duration tells who exists.
    #[serde(default = "Bounded::<0, 4000>::new::<1000>")]
    pub answer_floor_ms: Bounded<0, 4000>,
    /// Whether a forgotten password moves a user in. That creates the user without proof, after which the
    /// old password no longer works.
    #[serde(default)]
    pub forgot_password: bool,
    /// How a name that was typed becomes a key of the legacy table.
    #[serde(default)]
    pub lookup_key: LookupKey,
    /// The legacy table's attributes.
    #[serde(default)]
    pub legacy_columns: LegacyColumns,
    /// What the store's hashes are, where they do not tell by themselves: a scheme, or a computation
    /// described. A row's own `hash_scheme` goes before it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<SchemeHint>"))]
    pub hash: Option<Spanned<SchemeHint>>,
    /// What is computed for a user who does not exist, so that it is as much work as a wrong password:
    /// the scheme and cost that the store mostly holds.
    #[serde(default = "dummy_hash")]
    #[cfg_attr(feature = "schema", schemars(with = "DummyHash"))]
    pub dummy_hash: Spanned<DummyHash>,
    /// Cognito attribute → name within the legacy row's attributes. `sub` cannot be set.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    pub attributes: BTreeMap<String, Spanned<String>>,
}

/// How a name that was typed becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LookupKey {
    /// As it was typed.
    #[default]
    AsTyped,
    /// Without surrounding white space, in lower case.
    LowerCase,
}

/// What the legacy table calls its attributes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LegacyColumns {
    /// Partition key, a string: the user name.
    pub key: String,
    /// The stored hash, a string or binary.
    pub password_hash: String,
    /// The hash's scheme, a string, where the hash does not tell by itself. May be absent.
    pub hash_scheme: String,
    /// A map of what else is known of the user.
    pub attributes: String,
    /// Whether the e-mail address was verified, a boolean. Absent means no.
    pub email_verified: String,
    /// Whether the account may sign in, a boolean. Absent means yes.
    pub enabled: String,
}

impl Default for LegacyColumns {
    fn default() -> Self {
        Self {
            key: "username".to_owned(),
            password_hash: "password_hash".to_owned(),
            hash_scheme: "hash_scheme".to_owned(),
            attributes: "attributes".to_owned(),
            email_verified: "email_verified".to_owned(),
            enabled: "enabled".to_owned(),
        }
    }
}

impl Rules for UserMigration {
    const SECTION: &'static str = "user-migration";

    type Section = Self;

    fn compile(section: Self, findings: &mut Findings) -> Option<Self> {
        section.check(findings);
        Some(section)
    }
}

impl UserMigration {
    fn check(&self, errors: &mut Findings) {
        if let Some(hash) = &self.hash
            && hash.get_ref().clone().resolve_secrets(|_| None).is_err()
        {
            // What is given as a name may be the secret itself: it is not repeated.
            let message = "secrets are not fetched by name yet; expected { literal = \"…\" }";
            errors.at(hash.span(), message);
        }
        if let Err(unsupported) = self.dummy_hash.get_ref().stored() {
            let code = unsupported.reason_code();
            errors.at(
                self.dummy_hash.span(),
                format!("dummy_hash cannot be computed ({code})"),
            );
        }
        if let Some(sub) = self.attributes.get("sub") {
            errors.at(
                sub.span(),
                "Cognito makes the sub itself and refuses one that is sent",
            );
        }
    }
}

fn dummy_hash() -> Spanned<DummyHash> {
    Spanned::new(0..0, DummyHash::Bcrypt { cost: 10 })
}
