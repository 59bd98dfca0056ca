//! `poolkeeper`: what an operator asks before and while users move to a pool, and a developer's way to credentials.
//!
//! Exit codes: 0, nothing to report; 1, the work was done and there is something to look at (a mismatch, a
//! problem in the audit, a row that was not exported); 2, it was not done.

mod audit;
mod block;
mod check;
mod credentials;
mod erase;
mod error;
mod explain;
mod export_cognito;
mod hash;
mod input;
mod invite;
mod pool;
mod progress;
mod readmit;
mod report;
mod revoke;
mod rows;
mod shell;
mod source;
mod verify;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use lexopt::prelude::{Long, Short, Value};

use crate::error::Error;

const USAGE: &str = "\
poolkeeper check          [FILE]                   is my policy file valid?
poolkeeper verify         [options] < lines.jsonl   does it understand my hashes?
poolkeeper audit          [options] < export.csv    what does my old store hold?
poolkeeper export-cognito [options] < export.csv   the users whose hashes Cognito takes itself
poolkeeper explain pre-sign-up [options] < event.json   who may sign up, and why not?
poolkeeper explain vend        [options]           which role do my rules give, and why?
poolkeeper credentials   options                   credentials of the vendor, for every SDK of this machine
poolkeeper invite        options                   a code that lets one person sign up
poolkeeper erase         options                   removes a person, everywhere
poolkeeper block|unblock options                   who may not sign up from now on
poolkeeper readmit       options                   a user may move in once more
poolkeeper revoke        options                   proofs and sessions of before are no longer good
poolkeeper report        options                   who has not moved in yet?
poolkeeper attach        POOL options              has a user pool call the functions, and loses no setting of it
poolkeeper detach        POOL options              takes them off again
poolkeeper doctor        POOL options              what is wrong with a pool's triggers?

poolkeeper COMMAND --help says more.
Exit codes: 0 nothing to report, 1 done, with something to look at, 2 not done.";

/// What a command that ran to its end found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    /// Nothing that anyone has to look at.
    Clean,
    /// Something to look at.
    Findings,
}

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            // Nothing is left to tell it to where this fails too.
            let _ = writeln!(io::stderr(), "poolkeeper: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    match parser.next()? {
        Some(Value(command)) => match command.to_str() {
            Some("check") => check::run(parser),
            Some("verify") => verify::run(parser),
            Some("audit") => audit::run(parser),
            Some("export-cognito") => export_cognito::run(parser),
            Some("explain") => explain::run(parser),
            Some("credentials") => credentials::run(parser),
            Some("invite") => invite::run(parser),
            Some("erase") => erase::run(parser),
            Some("block") => block::block(parser),
            Some("unblock") => block::unblock(parser),
            Some("readmit") => readmit::run(parser),
            Some("report") => report::run(parser),
            Some("revoke") => revoke::run(parser),
            Some("attach") => pool::attach::run(parser),
            Some("detach") => pool::detach::run(parser),
            Some("doctor") => pool::doctor::run(parser),
            _ => Err(Error::Command),
        },
        Some(Short('h') | Long("help")) => help(USAGE),
        Some(other) => Err(other.unexpected().into()),
        None => Err(Error::Command),
    }
}

fn help(usage: &str) -> Result<Outcome, Error> {
    writeln!(io::stdout(), "{usage}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}
