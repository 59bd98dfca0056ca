//! `poolkeeper export-cognito`: the users whose hashes Cognito takes itself, as its user-import CSV; the rest
//! for the user-migration function.
//!
//! Source of all rules: Amazon Cognito Developer Guide, "Importing users into user pools from a CSV file".

mod algorithm;
mod pool_header;
mod summary;
mod user;
mod writer;

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use self::{
    pool_header::PoolHeader,
    summary::Summary,
    user::{Mapping, Users},
    writer::Output,
};
use crate::{
    Outcome, error::Error, help, progress::Progress, rows::Entry, source::Source, source::wrong,
};

const USAGE: &str = "\
poolkeeper export-cognito (--pool-attributes FILE | --header LIST) --out PREFIX [options] < export

Writes PREFIX-bcrypt-1.csv, PREFIX-argon2id-1.csv, … for CreateUserImportJob: a PasswordHashingAlgorithm a
file, and as many files as Cognito's limits ask for. What Cognito does not take goes to PREFIX-rest.csv (or
.jsonl) with line and reason. The files hold hashes and personal data: nobody else may read them, and no
file is overwritten.

  --pool-attributes FILE  what `aws cognito-idp get-csv-header` printed, or the console's template.csv
  --header LIST           the same columns, between commas
  --out PREFIX            of the files
  --map ATTRIBUTE=COLUMN  where an attribute comes from, if its column has another name
  --set ATTRIBUTE=VALUE   the same value for all users, such as email_verified=true if that is so
  --allow-same-email      exports users with an address that another has already
  --json                  the summary as JSON";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and where stdin, stdout or a file fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::{
        ValueExt as _,
        prelude::{Long, Short},
    };

    let (mut source, mut mapping) = (Source::default(), Mapping::default());
    let (mut header, mut out, mut json): (Option<PoolHeader>, Option<PathBuf>, bool) =
        (None, None, false);
    let mut allow_same_email = false;
    while let Some(argument) = parser.next()? {
        let name = match argument {
            Short('h') | Long("help") => return help(&[USAGE, Source::USAGE].concat()),
            Long(name) => name.to_owned(),
            other => return Err(other.unexpected().into()),
        };
        match name.as_str() {
            "pool-attributes" => {
                let path = PathBuf::from(parser.value()?);
                let text = fs::read_to_string(&path);
                let text = text.map_err(|source| Error::File { path, source })?;
                header = Some(PoolHeader::read(&text)?);
            }
            "header" => header = Some(PoolHeader::read(&parser.value()?.string()?)?),
            "out" => out = Some(parser.value()?.into()),
            "map" => {
                let pair = parser.value()?.string()?;
                let pair = pair.split_once('=');
                mapping.set_column(pair.ok_or_else(|| wrong("map", "ATTRIBUTE=COLUMN"))?);
            }
            "set" => {
                let pair = parser.value()?.string()?;
                let pair = pair.split_once('=');
                mapping.set_fixed(pair.ok_or_else(|| wrong("set", "ATTRIBUTE=VALUE"))?);
            }
            "allow-same-email" => allow_same_email = true,
            "json" => json = true,
            _ if source.option(&name, &mut parser)? => {}
            _ => return Err(lexopt::Error::UnexpectedOption(format!("--{name}")).into()),
        }
    }
    let header =
        header.ok_or_else(|| wrong("pool-attributes", "a file, unless --header is given"))?;
    let out = out.ok_or_else(|| wrong("out", "what the names of the files begin with"))?;
    let summary = export(&source, &header, mapping, out, allow_same_email)?;
    let mut output = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut output, &summary)
            .map_err(|error| Error::Output(error.into()))?;
        writeln!(output).map_err(Error::Output)?;
    } else {
        summary.print(&mut output).map_err(Error::Output)?;
    }
    Ok(summary.outcome())
}

fn export(
    source: &Source,
    header: &PoolHeader,
    mapping: Mapping,
    out: PathBuf,
    allow_same_email: bool,
) -> Result<Summary, Error> {
    let mut rows = source.open()?;
    let mut users = Users::new(source, header, mapping, &rows, allow_same_email)?;
    let mut output = Output::new(out, header, source.format(), rows.header());
    let mut summary = Summary::default();
    let mut progress = Progress::start();
    let mut count = 0;
    while let Some(Entry { line, raw, row }) = rows.next()? {
        let user = row.map_err(|reason| format!("row-{reason}"));
        match user.and_then(|row| users.user(source, &row)) {
            Ok(user) => {
                output.user(&user)?;
                summary.exported(&user);
            }
            Err(reason) => {
                output.rest(line, &reason, &raw)?;
                summary.left(reason);
            }
        }
        count += 1;
        progress.row(count, rows.bytes());
    }
    progress.end();
    summary.files = output.finish()?;
    Ok(summary)
}
