//! What an export came to.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde::Serialize;

use super::{algorithm::Algorithm, user::User, writer::Written};
use crate::Outcome;

/// The files, and why rows are in the rest.
#[derive(Default, Serialize)]
pub(crate) struct Summary {
    /// The files.
    pub(crate) files: Vec<Written>,
    left: BTreeMap<String, u64>,
    unverified: BTreeMap<&'static str, &'static str>,
    #[serde(skip)]
    algorithms: BTreeSet<Algorithm>,
}

impl Summary {
    /// A user went into a file.
    pub(crate) fn exported(&mut self, user: &User) {
        if self.algorithms.insert(user.algorithm)
            && let Some(unverified) = user.algorithm.unverified()
        {
            self.unverified.insert(user.algorithm.name(), unverified);
        }
    }

    /// A row went into the rest.
    pub(crate) fn left(&mut self, reason: String) {
        *self.left.entry(reason).or_default() += 1;
    }

    /// Whether there is a rest.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.left.is_empty() {
            Outcome::Clean
        } else {
            Outcome::Findings
        }
    }

    /// For people.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn print(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{:<16}{:>10}  file", "algorithm", "rows")?;
        for file in &self.files {
            let algorithm = file.algorithm.unwrap_or("-");
            let path = file.path.display();
            writeln!(to, "{algorithm:<16}{:>10}  {path}", file.rows)?;
        }
        if !self.left.is_empty() {
            writeln!(to, "\n{:<40}{:>10}", "why rows are in the rest", "rows")?;
            for (reason, rows) in &self.left {
                writeln!(to, "{reason:<40}{rows:>10}")?;
            }
        }
        if !self.unverified.is_empty() {
            writeln!(
                to,
                "\nnot verified on a real pool; import a file of one user first, and sign in:"
            )?;
        }
        for (algorithm, unverified) in &self.unverified {
            writeln!(to, "{algorithm}: {unverified}")?;
        }
        Ok(())
    }
}
