//! What stops a command. No error holds anything of a row.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Where it stopped, why, and what to do.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// No command, or an unknown one.
    #[error(
        "name a command: check, verify, audit, export-cognito, credentials, erase, explain, invite, block, unblock, readmit, revoke, report, attach, detach or doctor (poolkeeper --help)"
    )]
    Command,
    /// The arguments cannot be read.
    #[error("{0} (poolkeeper COMMAND --help lists the options)")]
    Arguments(#[from] lexopt::Error),
    /// An option has a value that it does not take.
    #[error("--{option}: {problem}")]
    Option {
        /// The option, without its dashes.
        option: &'static str,
        /// What is wrong, and what it takes.
        problem: String,
    },
    /// A person cannot be erased, or not wholly: it may be tried again.
    #[error("{0}")]
    Erase(String),
    /// The policy or the event to be explained cannot be read.
    #[error("{0}")]
    Explain(String),
    /// stdin cannot be read.
    #[error("stdin, line {line}: {source}")]
    Input {
        /// The line that was being read.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// The first line of a CSV file is no header.
    #[error("stdin, line 1: {0}")]
    Header(String),
    /// stdout cannot be written.
    #[error("stdout: {0}")]
    Output(io::Error),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is there already.
    #[error("{}: is there already, and nothing is overwritten: move it away, or name another --out", .0.display())]
    Exists(PathBuf),
    /// A pool cannot be looked at or changed: why, and what to do.
    #[error("{0}")]
    Pool(String),
    /// There are no credentials.
    #[error(transparent)]
    Credentials(#[from] crate::credentials::Problem),
    /// A call to AWS failed, in the service's own words.
    #[error("{}{}{}", .0.error, if .0.message.is_empty() { "" } else { ": " }, .0.message)]
    Call(#[from] shared::aws::SignedError),
    /// Nothing was changed, for something would be lost.
    #[error("nothing was changed: {0}")]
    Refused(#[from] shared::user_pool::Refusals),
    /// What GetCSVHeader gave cannot be read.
    #[error("the columns of the pool: {0}")]
    PoolHeader(String),
}
