//! `[user-migration]`: how users of an old system move in.

mod sql;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

use password::{DummyHash, SchemeHint};
use serde::Deserialize;
use toml::Spanned;

use super::{Findings, Name, Rules, bounded::Bounded, rate::RateSection};
use crate::{
    https::HttpsUrl,
    legacy::{
        CognitoSettings, Columns, DynamoDbSettings, Engine, Groups, HashSettings, HttpsSettings,
        Index, Lookup, Mapping, Proof, Source, StoreKind, StoreSettings,
    },
    limit::Rate,
};

/// The rules of user-migration.
#[derive(Debug, Clone)]
pub struct UserMigration {
    /// Time before which no answer leaves that depends on a user; without it, an estimate.
    pub answer_floor: Option<Duration>,
    /// Whether a forgotten password moves a user in.
    pub forgot_password: bool,
    /// What becomes of a user whose password is right, and weaker than the pool's policy.
    pub weak_password: WeakPassword,
    /// How often a user is offered to Cognito who has not been seen in the pool.
    pub max_offers: u32,
    /// How often a name may be tried by one app client.
    pub attempts_per_name: Rate,
    /// How often all names may be tried by one app client.
    pub attempts_per_client: Option<Rate>,
    /// The stores, in the order in which they are asked.
    pub stores: Vec<StoreSettings>,
}

/// What becomes of a user whose password is right, and weaker than the pool's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WeakPassword {
    /// They move in with it.
    #[default]
    Accept,
    /// They move in, and must set another password by a code.
    Reset,
    /// They stay out.
    Refuse,
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
    /// What becomes of a user whose password is right, and weaker than the pool's policy, which Cognito does
    /// not enforce when a user moves in.
    #[serde(default)]
    weak_password: WeakPassword,
    /// How often a user is offered to Cognito who has not been seen in the pool. Cognito may ask more than once
    /// for one attempt.
    #[serde(default = "Bounded::<1, 100>::new::<5>")]
    max_offers: Bounded<1, 100>,
    /// How often a name may be tried by one app client. What is over the limit is answered like a wrong
    /// password, and asks no store.
    #[serde(default = "attempts_per_name")]
    attempts_per_name: RateSection,
    /// How often all names together may be tried by one app client: against one password for many names. Over
    /// it, nobody moves in by that client. Left out, there is no such limit.
    attempts_per_client: Option<RateSection>,
    /// The stores, in the order in which they are asked. The first that knows the name decides.
    #[serde(default)]
    stores: Vec<StoreSection>,
}

fn attempts_per_name() -> RateSection {
    RateSection::new::<10, 600>()
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
    /// Group of the user pool = group of the store whose members get into it. What is not named here stays
    /// behind.
    #[serde(default)]
    groups: BTreeMap<String, String>,
    /// A DynamoDB table.
    dynamodb: Option<DynamoDbSection>,
    /// An HTTPS endpoint of the old system.
    https: Option<HttpsSection>,
    /// Another Cognito user pool, the one that the deployment names (LEGACY_USER_POOL_ARN).
    cognito: Option<CognitoSection>,
    /// A database.
    sql: Option<sql::SqlSection>,
}

/// Another Cognito user pool, which verifies passwords by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CognitoStore")
)]
struct CognitoSection {
    /// The name of the secret that is the secret of the old pool's app client, if that has one.
    client_secret: Option<String>,
}

/// An HTTPS endpoint that verifies passwords by itself (docs/legacy-store.openapi.yaml).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "HttpsStore")
)]
struct HttpsSection {
    /// Where it is: https, or http on this machine.
    url: HttpsUrl,
    /// The name of the secret that goes with each request as `Authorization: Bearer`.
    bearer: Option<String>,
    /// The name of the secret that signs each request.
    hmac: Option<String>,
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
    /// An index of the table, where a name is looked up that is no key of it.
    index: Option<Index>,
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
    /// Whether the row's attribute `verified_at` is set to the time at which its password was verified. For the
    /// deployment's own table, with the parameter MarkVerifiedLegacyUsers; its role may write nothing else there.
    #[serde(default)]
    mark_verified: bool,
}

impl Rules for UserMigration {
    const SECTION: &'static str = "user-migration";

    type Section = Section;

    fn compile(section: Section, findings: &mut Findings) -> Option<Self> {
        let mut names = BTreeSet::new();
        let mut stores = Vec::new();
        let mut pools = section
            .stores
            .iter()
            .filter(|store| store.cognito.is_some());
        if let Some(second) = pools.nth(1) {
            let message = "expected one store that is a user pool: the deployment names one";
            findings.at(second.name.span(), message);
        }
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
            weak_password: section.weak_password,
            max_offers: section.max_offers.get(),
            attempts_per_name: section.attempts_per_name.into(),
            attempts_per_client: section.attempts_per_client.map(Rate::from),
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
        let span = self.name.span();
        let kind = match (self.dynamodb, self.https, self.cognito, self.sql) {
            (Some(table), None, None, None) => {
                let settings = Box::new(table.compile(findings));
                Some(StoreKind::DynamoDb(settings))
            }
            (None, Some(endpoint), None, None) => endpoint.compile(&span, findings),
            (None, None, None, Some(database)) => {
                let settings = database.compile(Engine::driver, findings);
                settings.map(|settings| StoreKind::Sql(Box::new(settings)))
            }
            (None, None, Some(pool), None) => {
                let client_secret = pool.client_secret;
                Some(StoreKind::Cognito(CognitoSettings { client_secret }))
            }
            _ => {
                let message = "expected one of dynamodb, https, cognito and sql: what the store is";
                findings.at(span, message);
                None
            }
        };
        let sources = self.attributes.into_iter();
        let sources = sources.map(|(name, source)| (name, source.into_inner()));
        Some(StoreSettings {
            name: self.name.get_ref().to_string(),
            attributes: Mapping::new(sources.collect()),
            groups: Groups::new(self.groups),
            kind: kind?,
        })
    }
}

impl DynamoDbSection {
    fn compile(self, findings: &mut Findings) -> DynamoDbSettings {
        DynamoDbSettings {
            table: self.table,
            lookup: self.lookup,
            index: self.index,
            columns: self.columns,
            hashes: hashes(self.hash, &self.dummy_hash, findings),
            mark_verified: self.mark_verified,
        }
    }
}

impl HttpsSection {
    fn compile(self, span: &Range<usize>, findings: &mut Findings) -> Option<StoreKind> {
        let proof = match (self.bearer, self.hmac) {
            (Some(name), None) => Proof::Bearer(name),
            (None, Some(name)) => Proof::Hmac(name),
            (None, None) if self.url.is_loopback() => Proof::Nothing,
            _ => {
                let message = "expected one of bearer and hmac: passwords go to nobody who cannot tell us apart";
                findings.at(span.clone(), message);
                return None;
            }
        };
        let url = self.url;
        Some(StoreKind::Https(HttpsSettings { url, proof }))
    }
}

fn hashes(
    hint: Option<Spanned<SchemeHint>>,
    dummy: &Spanned<DummyHash>,
    findings: &mut Findings,
) -> HashSettings {
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
