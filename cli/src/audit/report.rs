//! The report: a table for people, JSON for machines.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use password::{Cost, Scheme};
use serde::Serialize;

use super::findings::{Finding, Kind, Level};
use crate::{
    Outcome,
    hash::{Function, milliseconds},
};

/// Hashes of a scheme that cost the same. The time is rounded to two digits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Class {
    scheme: Scheme,
    cost: Option<(Duration, u64)>,
}

impl Class {
    /// Of a scheme and a cost; without a cost, all others of the scheme.
    pub(crate) fn new(scheme: Scheme, cost: Option<Cost>) -> Self {
        let cost = cost.map(|cost| (two_digits(cost.time), cost.memory_bytes));
        Self { scheme, cost }
    }
}

fn two_digits(time: Duration) -> Duration {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let digits = nanoseconds.checked_ilog10().unwrap_or_default();
    let unit = 10_u64.pow(digits.saturating_sub(1));
    Duration::from_nanos(nanoseconds.saturating_add(unit / 2) / unit * unit)
}

/// What an audit found.
#[derive(Serialize)]
pub(crate) struct Report {
    rows: u64,
    bytes: u64,
    budget: PrintedBudget,
    schemes: Vec<Counted>,
    findings: Vec<Found>,
    not_checked: Vec<&'static str>,
}

#[derive(Serialize)]
struct PrintedBudget {
    time_ms: f64,
    memory_bytes: u64,
}

#[derive(Serialize)]
struct Counted {
    scheme: &'static str,
    time_ms: Option<f64>,
    memory_bytes: Option<u64>,
    rows: u64,
}

#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    kind: Kind,
    #[serde(flatten)]
    finding: Finding,
}

impl Report {
    /// From what was counted.
    pub(crate) fn new(
        rows: u64,
        bytes: u64,
        function: Function,
        classes: BTreeMap<Class, u64>,
        findings: Vec<(Kind, Finding)>,
        not_checked: Vec<&'static str>,
    ) -> Self {
        let counted = |(class, rows): (Class, u64)| Counted {
            scheme: class.scheme.name(),
            time_ms: class.cost.map(|(time, _)| milliseconds(time)),
            memory_bytes: class.cost.map(|(_, memory)| memory),
            rows,
        };
        let budget = function.budget();
        let found = |(kind, finding)| Found { kind, finding };
        Self {
            rows,
            bytes,
            budget: PrintedBudget {
                time_ms: milliseconds(function.memory().wall_time(budget.time)),
                memory_bytes: budget.memory_bytes,
            },
            schemes: classes.into_iter().map(counted).collect(),
            findings: findings.into_iter().map(found).collect(),
            not_checked,
        }
    }

    /// Whether there is a problem.
    pub(crate) fn outcome(&self) -> Outcome {
        let problem = |found: &Found| found.kind.level == Level::Problem;
        if self.findings.iter().any(problem) {
            Outcome::Findings
        } else {
            Outcome::Clean
        }
    }

    /// For people.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn print(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{} rows, {} bytes", self.rows, self.bytes)?;
        writeln!(
            to,
            "budget of a verification: {} and {}\n",
            time(self.budget.time_ms),
            memory(self.budget.memory_bytes)
        )?;
        writeln!(
            to,
            "{:<24}{:>12}{:>12}{:>12}",
            "scheme", "time", "memory", "rows"
        )?;
        for counted in &self.schemes {
            let or_other = |cost: Option<String>| cost.unwrap_or_else(|| "other".to_owned());
            writeln!(
                to,
                "{:<24}{:>12}{:>12}{:>12}",
                counted.scheme,
                or_other(counted.time_ms.map(time)),
                or_other(counted.memory_bytes.map(memory)),
                counted.rows
            )?;
        }
        self.print_findings(to, Level::Problem, "problems")?;
        self.print_findings(to, Level::Warning, "warnings")?;
        if !self.not_checked.is_empty() {
            writeln!(to, "\nnot checked: {}", self.not_checked.join(", "))?;
        }
        Ok(())
    }

    fn print_findings(&self, to: &mut impl Write, level: Level, title: &str) -> io::Result<()> {
        let mut of_level = self
            .findings
            .iter()
            .filter(|found| found.kind.level == level)
            .peekable();
        if of_level.peek().is_none() {
            return writeln!(to, "\nno {title}");
        }
        writeln!(to, "\n{title:<48}{:>12}  lines", "rows")?;
        for Found { kind, finding } in of_level {
            let about = format!("{:?}", kind.about).to_lowercase();
            let scheme = kind.scheme.map_or(String::new(), |of| format!(" ({of})"));
            let what = format!("{about:<10}{}{scheme}", kind.reason);
            writeln!(to, "{what:<48}{:>12}  {}", finding.rows, lines(finding))?;
            for (line, value) in finding.lines.iter().zip(&finding.values) {
                writeln!(to, "{:<10}line {line}: {}", "", value.escape_debug())?;
            }
        }
        Ok(())
    }
}

/// `2, 5, …`, or `2=5, 3=9, …` for values that occur more than once.
fn lines(finding: &Finding) -> String {
    let mut listed: Vec<String> = finding.lines.iter().map(u64::to_string).collect();
    listed.extend(finding.same.iter().map(|lines| {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        lines.join("=")
    }));
    let shown = finding.lines.len() + finding.same.iter().map(Vec::len).sum::<usize>();
    if u64::try_from(shown).is_ok_and(|shown| shown < finding.rows) {
        listed.push("…".to_owned());
    }
    listed.join(", ")
}

fn time(milliseconds: f64) -> String {
    if milliseconds < 1.0 {
        format!("{milliseconds:.4} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

fn memory(bytes: u64) -> String {
    match bytes {
        0 => "-".to_owned(),
        1..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1024 * 1024)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_two_digits() {
        for (exact, kept) in [
            (696_320_000, 700_000_000),
            (1_234, 1_200),
            (99, 99),
            (7, 7),
            (0, 0),
        ] {
            assert_eq!(
                two_digits(Duration::from_nanos(exact)),
                Duration::from_nanos(kept)
            );
        }
    }
}
