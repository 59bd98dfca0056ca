//! `poolkeeper explain FUNCTION`: what a function would decide, by its own code and without AWS.

mod pre_sign_up;
mod vend;

use lexopt::prelude::{Long, Short, Value};

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper explain pre-sign-up [options] < event.json   who may sign up, and why not?
poolkeeper explain vend [options]                       which role do my rules give, and why?

poolkeeper explain FUNCTION --help says more.";

/// Runs the command.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    match parser.next()? {
        Some(Value(function)) => match function.to_str() {
            Some("pre-sign-up") => pre_sign_up::run(parser),
            Some("vend") => vend::run(parser),
            _ => Err(unnamed()),
        },
        Some(Short('h') | Long("help")) => help(USAGE),
        Some(other) => Err(other.unexpected().into()),
        None => Err(unnamed()),
    }
}

fn unnamed() -> Error {
    Error::Explain("name a function: pre-sign-up or vend".to_owned())
}
