//! What was in a bucket when it was looked at.

use std::time::Duration;

/// What was in a bucket a moment ago: it may be more or less by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Full,
    /// This many tokens, one at least.
    Left(u32),
    /// Nothing for this long.
    Empty(Duration),
}

impl Level {
    /// How long to wait for a token.
    pub fn wait(self) -> Option<Duration> {
        match self {
            Self::Empty(wait) => Some(wait),
            Self::Full | Self::Left(_) => None,
        }
    }
}
