//! `[user-migration]`: how users of an old system move in.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use password::{DummyHash, SchemeHint};
use serde::Deserialize;
use toml::Spanned;

use super::{Findings, Name, Rules, bounded::Bounded};
use crate::legacy::{
    Columns, DynamoDbSettings, HashSettings, Lookup, Mapping, Source, StoreKind, StoreSettings,
};

/// The rules of user-migration.
#[derive(Debug, Clone)]
pub struct UserMigration {
    /// Time before which no answer leaves that depends on a user; without it, an estimate.
    pub answer_floor: Option<Duration>,
    /// Whether a forgotten password moves a user in.
    pub forgot_password: bool,
    /// The stores, in the order in which they are asked.
    pub stores: Vec<StoreSettings>,
}

/// How users of an old system move in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "UserMigration")
)]
pub struct Section {
    /// Milliseconds before which no answer leaves that depends on a user. Left out, it is what the stores and
    /// the costliest hash that they name are estimated to take at this memory size.
    answer_floor_ms: Option<Bounded<0, 4000>>,
    /// Whether a forgotten password moves a user in. That creates the user without proof, after which the
    /// old password no longer works, and it tells who is in the store.
    #[serde(default)]
    forgot_password: bool,
    /// The stores, in the order in which they are asked. The first that knows the name decides.
    #[serde(default)]
    stores: Vec<StoreSection>,
}

/// One legacy store. Exactly one of the keys that say what it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct StoreSection {
    /// What audit lines and durable records call the store: never change it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    name: Spanned<Name>,
    /// Cognito attribute = where its value comes from. What is not named here stays behind. `sub` cannot be
    /// set.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Source>"))]
    attributes: BTreeMap<String, Spanned<Source>>,
    /// A DynamoDB table.
    dynamodb: Option<DynamoDbSection>,
}

/// A DynamoDB table of legacy users (docs/legacy-table.md).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DynamoDbStore")
)]
struct DynamoDbSection {
    /// The table's name. Left out, it is the deployment's own table (LEGACY_TABLE).
    table: Option<String>,
    /// How a name that was typed becomes a key of the table.
    #[serde(default)]
    lookup: Lookup,
    /// What the table calls its attributes.
    #[serde(default)]
    columns: Columns,
    /// What the hashes are, where they do not tell by themselves: a scheme, or a computation described. A
    /// row's own `hash_scheme` goes before it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<SchemeHint>"))]
    hash: Option<Spanned<SchemeHint>>,
    /// What is computed for a user who does not exist, so that it is as much work as a wrong password:
    /// the costliest that the table mostly holds.
    #[serde(default = "dummy_hash")]
    #[cfg_attr(feature = "schema", schemars(with = "DummyHash"))]
    dummy_hash: Spanned<DummyHash>,
}

impl Rules for UserMigration {
    const SECTION: &'static str = "user-migration";

    type Section = Section;

    fn compile(section: Section, findings: &mut Findings) -> Option<Self> {
        let mut names = BTreeSet::new();
        let mut stores = Vec::new();
        for store in section.stores {
            if !names.insert(store.name.get_ref().clone()) {
                findings.at(
                    store.name.span(),
                    "expected a name of its own for each store",
                );
            }
            stores.extend(store.compile(findings));
        }
        let floor = section.answer_floor_ms;
        Some(Self {
            answer_floor: floor.map(|ms| Duration::from_millis(ms.get().into())),
            forgot_password: section.forgot_password,
            stores,
        })
    }
}

impl StoreSection {
    fn compile(self, findings: &mut Findings) -> Option<StoreSettings> {
        if let Some(sub) = self.attributes.get("sub") {
            let message = "Cognito makes the sub itself and refuses one that is sent";
            findings.at(sub.span(), message);
        }
        let kind = self.dynamodb.map(|table| table.compile(findings));
        if kind.is_none() {
            findings.at(self.name.span(), "expected what the store is: dynamodb");
        }
        let sources = self.attributes.into_iter();
        let sources = sources.map(|(name, source)| (name, source.into_inner()));
        Some(StoreSettings {
            name: self.name.get_ref().to_string(),
            attributes: Mapping::new(sources.collect()),
            kind: StoreKind::DynamoDb(kind?),
        })
    }
}

impl DynamoDbSection {
    fn compile(self, findings: &mut Findings) -> DynamoDbSettings {
        DynamoDbSettings {
            table: self.table,
            lookup: self.lookup,
            columns: self.columns,
            hashes: hashes(self.hash, &self.dummy_hash, findings),
        }
    }
}

fn hashes(
    hint: Option<Spanned<SchemeHint>>,
    dummy: &Spanned<DummyHash>,
    findings: &mut Findings,
) -> HashSettings {
    if let Some(hint) = &hint
        && hint.get_ref().clone().resolve_secrets(|_| None).is_err()
    {
        // What is given as a name may be the secret itself: it is not repeated.
        let message = "secrets are not fetched by name yet; expected { literal = \"…\" }";
        findings.at(hint.span(), message);
    }
    if let Err(unsupported) = dummy.get_ref().stored() {
        let code = unsupported.reason_code();
        let message = format!("dummy_hash cannot be computed ({code})");
        findings.at(dummy.span(), message);
    }
    HashSettings {
        hint: hint.map(Spanned::into_inner),
        dummy: *dummy.get_ref(),
    }
}

fn dummy_hash() -> Spanned<DummyHash> {
    Spanned::new(0..0, DummyHash::Bcrypt { cost: 10 })
}
