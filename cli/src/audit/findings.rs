//! What the audit finds: all of it counted, the first of it listed.

use std::collections::BTreeMap;

use password::Scheme;
use serde::Serialize;

use super::distinct::Repeated;

/// What a finding is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// The row itself.
    Row,
    /// The stored hash.
    Hash,
    /// The user name.
    Username,
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
}

/// Whether something has to be done.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// The user does not move as the row is.
    Problem,
    /// The user does; it should be known.
    Warning,
}

/// What is found, by what and why.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Kind {
    /// Whether something has to be done.
    pub(crate) level: Level,
    /// What it is about.
    pub(crate) about: About,
    /// Stable, in kebab case.
    pub(crate) reason: &'static str,
    /// The scheme of the hash.
    #[serde(serialize_with = "by_name")]
    pub(crate) scheme: Option<Scheme>,
}

fn by_name<S: serde::Serializer>(scheme: &Option<Scheme>, to: S) -> Result<S::Ok, S::Error> {
    scheme.map(Scheme::name).serialize(to)
}

impl Kind {
    /// A problem.
    pub(crate) fn problem(about: About, reason: &'static str) -> Self {
        Self {
            level: Level::Problem,
            about,
            reason,
            scheme: None,
        }
    }

    /// A warning.
    pub(crate) fn warning(about: About, reason: &'static str) -> Self {
        Self {
            level: Level::Warning,
            ..Self::problem(about, reason)
        }
    }

    /// The same, of a scheme.
    pub(crate) fn of(self, scheme: Option<Scheme>) -> Self {
        Self { scheme, ..self }
    }
}

/// How often, and where first.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Finding {
    /// How many rows.
    pub(crate) rows: u64,
    /// The lines of the first of them.
    pub(crate) lines: Vec<u64>,
    /// The lines of the first values that occur more than once, a list a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) same: Vec<Vec<u64>>,
    /// The values on those lines, where they are to be shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
}

/// All findings.
pub(crate) struct Findings {
    /// How many lines are listed of each.
    pub(crate) list: usize,
    show: bool,
    found: BTreeMap<Kind, Finding>,
}

impl Findings {
    /// None yet.
    pub(crate) fn listing(list: usize, show: bool) -> Self {
        Self {
            list,
            show,
            found: BTreeMap::new(),
        }
    }

    /// On this line. `value` is never a hash.
    pub(crate) fn add(&mut self, kind: Kind, line: u64, value: Option<&str>) {
        let finding = self.found.entry(kind).or_default();
        finding.rows += 1;
        if finding.lines.len() < self.list {
            finding.lines.push(line);
            if let Some(value) = value.filter(|_| self.show) {
                finding.values.push(value.to_owned());
            }
        }
    }

    /// Values that occur more than once.
    pub(crate) fn add_repeated(&mut self, kind: Kind, repeated: Repeated) {
        if repeated.rows > 0 {
            let finding = self.found.entry(kind).or_default();
            finding.rows += repeated.rows;
            finding.same = repeated.first;
        }
    }

    /// Problems first.
    pub(crate) fn into_sorted(self) -> Vec<(Kind, Finding)> {
        self.found.into_iter().collect()
    }
}
