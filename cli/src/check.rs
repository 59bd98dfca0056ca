//! `poolkeeper check`: whether every section of a policy file is valid.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use shared::policy::PolicyFile;

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper check [FILE]

Checks every section of a policy file (default: policy/policy.toml) as the functions do at their start, and lists all
that is wrong with it, a line each. Run it before a deployment.";
/// Where the repository has it.
const DEFAULT: &str = "policy/policy.toml";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short, Value};

    let mut file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.unwrap_or_else(|| PathBuf::from(DEFAULT));
    let checked = PolicyFile::read(&file).and_then(|policy| policy.check_all());
    let mut output = io::stdout().lock();
    match checked {
        Ok(()) => {
            writeln!(output, "{}: valid", file.display()).map_err(Error::Output)?;
            Ok(Outcome::Clean)
        }
        Err(errors) => {
            for error in &errors.0 {
                writeln!(output, "{error}").map_err(Error::Output)?;
            }
            Ok(Outcome::Findings)
        }
    }
}
