//! `poolkeeper audit`: what an export of an old store holds, and what of it will not move as it is.

mod distinct;
mod findings;
mod report;
mod tally;

use std::io::{self, Write as _};

use lexopt::ValueExt as _;

use self::{
    findings::Findings,
    tally::{Checked, Tally},
};
use crate::{Outcome, error::Error, hash::Function, help, progress::Progress, source::Source};

const USAGE: &str = "\
poolkeeper audit [options] < export

Reads an export of an old user store and reports: the schemes and costs of its hashes, which of them cannot be
verified and why, e-mail addresses and user names that collide, and what Cognito would refuse. Verifies
nothing. The report names rows by their lines only.

  --json                the report as JSON
  --list N              lines that are listed of each finding (default: 10); all are counted
  --show                the values beside the lines: personal data, but never a hash
  --skip-duplicates     looks for no duplicates, and so needs no 16 bytes a row for each of both columns";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and where stdin or stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short};

    let (mut source, mut function) = (Source::default(), Function::default());
    let (mut json, mut list, mut show, mut duplicates) = (false, 10, false, true);
    while let Some(argument) = parser.next()? {
        let name = match argument {
            Short('h') | Long("help") => {
                return help(&[USAGE, Source::USAGE, Function::USAGE].concat());
            }
            Long(name) => name.to_owned(),
            other => return Err(other.unexpected().into()),
        };
        match name.as_str() {
            "json" => json = true,
            "list" => list = parser.value()?.parse()?,
            "show" => show = true,
            "skip-duplicates" => duplicates = false,
            _ if source.option(&name, &mut parser)? || function.option(&name, &mut parser)? => {}
            _ => return Err(lexopt::Error::UnexpectedOption(format!("--{name}")).into()),
        }
    }

    let mut rows = source.open()?;
    let mut tally = Tally::new(
        source.named()?,
        function,
        Findings::listing(list, show),
        Checked {
            username: rows.has(&source.username.name)?,
            email: rows.has(&source.email.name)?,
            phone: rows.has(&source.phone.name)?,
            duplicates,
        },
    );
    let mut progress = Progress::start();
    let mut count = 0;
    while let Some(entry) = rows.next()? {
        tally.entry(&source, &entry);
        count += 1;
        progress.row(count, rows.bytes());
    }
    progress.end();

    let report = tally.report(rows.bytes());
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut output, &report)
            .map_err(|error| Error::Output(error.into()))?;
        writeln!(output).map_err(Error::Output)?;
    } else {
        report.print(&mut output).map_err(Error::Output)?;
    }
    Ok(report.outcome())
}
