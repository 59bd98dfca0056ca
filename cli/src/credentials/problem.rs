//! Why there are no credentials, and what to do: one line each, with nothing secret in it.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why there are no credentials.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    /// There is no proof to show.
    #[error("{option}: {problem}")]
    Proof {
        /// The option that names its source.
        option: &'static str,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The vendor will not, and asking again changes nothing.
    #[error("the vendor refuses: {said}: {advice}")]
    Refused {
        /// Status, code, message and request id.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// The vendor cannot at the moment.
    #[error("the vendor cannot answer now: {said}: {advice}")]
    Unavailable {
        /// Status, code, message and request id; or why there is no answer.
        said: String,
        /// What to do.
        advice: String,
    },
    /// Whoever answers is no vendor.
    #[error(
        "the answer is not a vendor's (HTTP {0}): is --vendor the stack's output VendorApiUrl?"
    )]
    Answer(u16),
    /// `AWS_CA_BUNDLE` cannot be used.
    #[error(transparent)]
    CaBundle(#[from] shared::aws::InvalidCaBundle),
    /// A file cannot be written.
    #[error("{}: {source}: name a file in a folder that you may write to", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What another process was told, which asked while this one waited.
    #[error("{line}")]
    OfAnother {
        /// Its line.
        line: String,
        /// What it says of itself by [`Problem::is_passing`].
        is_passing: bool,
    },
    /// Another process has been asking for too long.
    #[error("{}: another poolkeeper holds this lock: end it, or use --no-cache", .0.display())]
    Locked(PathBuf),
    /// The system has no threads or timers to give.
    #[error("the program cannot start: {0}")]
    Runtime(io::Error),
}

impl Problem {
    /// Whether credentials that are still good may serve meanwhile. A refusal is the vendor's decision, and binds.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Refused { .. } => false,
            Self::OfAnother { is_passing, .. } => *is_passing,
            _ => true,
        }
    }
}
