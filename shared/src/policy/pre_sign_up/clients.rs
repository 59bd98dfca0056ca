//! `[pre-sign-up.clients]`: the app clients that checks can name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::super::{Findings, Name};

/// The class of clients that the policy does not name.
const UNKNOWN: &str = "unknown";

/// An app client of the pool, or several that are treated alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AppClient")
)]
pub(super) struct Client {
    /// Their ids, as Cognito made them.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    ids: Spanned<Vec<String>>,
    /// Whether they have a client secret that no browser and no app on a device holds: only then is a call by
    /// them the word of your own back end.
    #[serde(default)]
    pub(super) confidential: bool,
}

impl Client {
    /// Their ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = String> {
        self.ids.get_ref().iter().cloned()
    }
}

/// The app clients that a check looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clients {
    /// All, and calls without one.
    All,
    /// Some.
    Some {
        /// By their ids.
        ids: BTreeSet<String>,
        /// Whether every client besides `known`, and calls without a client, are meant too.
        unknown: bool,
        /// The ids of every client that the policy names.
        known: BTreeSet<String>,
    },
}

impl Clients {
    /// Whether a call by `client_id` is meant.
    pub fn include(&self, client_id: Option<&str>) -> bool {
        match (self, client_id) {
            (Self::All, _) => true,
            (Self::Some { unknown, .. }, None) => *unknown,
            (
                Self::Some {
                    ids,
                    unknown,
                    known,
                },
                Some(id),
            ) => ids.contains(id) || (*unknown && !known.contains(id)),
        }
    }

    pub(super) fn compile(
        names: Option<Vec<Spanned<Name>>>,
        clients: &BTreeMap<Name, Client>,
        findings: &mut Findings,
    ) -> Self {
        let Some(names) = names else {
            return Self::All;
        };
        let (mut ids, mut unknown) = (BTreeSet::new(), false);
        for name in &names {
            match clients.get(name.get_ref()) {
                Some(client) => ids.extend(client.ids()),
                None if name.get_ref().as_str() == UNKNOWN => unknown = true,
                None => {
                    let text = "expected a name under pre-sign-up.clients, or unknown";
                    findings.at(name.span(), text);
                }
            }
        }
        let known = self::ids(clients);
        Self::Some {
            ids,
            unknown,
            known,
        }
    }
}

/// The ids of every client that the policy names.
pub(super) fn ids(clients: &BTreeMap<Name, Client>) -> BTreeSet<String> {
    clients.values().flat_map(Client::ids).collect()
}

/// Checks the table itself.
pub(super) fn check(clients: &BTreeMap<Name, Client>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for (name, client) in clients {
        let span = client.ids.span();
        if name.as_str() == UNKNOWN {
            let text = "no client is called unknown: that is every client without a name";
            findings.at(span.clone(), text);
        }
        if client.ids.get_ref().is_empty() {
            findings.at(span.clone(), "expected at least one client id");
        }
        for id in client.ids.get_ref() {
            if !seen.insert(id) {
                findings.at(span.clone(), "a client id stands under two names");
            }
        }
    }
}
