//! What a role's alias stands for: how it is vended, and for how long.

use super::{SessionPolicy, Tags};

/// Longest life of a Cognito token that leaves the vendor, seconds: whoever holds it can have
/// credentials made for as long.
pub const MAX_TOKEN_SECONDS: u32 = 900;
/// Life of a Cognito token that never leaves the vendor, seconds.
pub const MAX_INTERNAL_TOKEN_SECONDS: u32 = 60;
/// Seconds that credentials live unless the role says otherwise: SDKs fetch a session that lives 900 s or less
/// anew at every use.
pub const DEFAULT_DURATION_SECONDS: u32 = 3600;

/// How a role is vended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A Cognito OpenID token leaves, with which its holder calls STS; credentials too, for those who ask. What
    /// the holder could leave out of that call cannot be set.
    Token {
        /// Seconds that the token lives.
        token_seconds: u32,
        /// What Cognito signs into the token, beside the alias.
        tags: Tags,
    },
    /// Credentials only. The token stays inside, so duration and session policy bind.
    Credentials {
        /// Seconds that the credentials live.
        duration_seconds: u32,
        /// An IAM policy document that narrows the role further.
        session_policy: Option<SessionPolicy>,
        /// What the sessions carry, beside the alias.
        tags: Tags,
    },
}

impl Role {
    /// Seconds that credentials of this role live.
    pub fn duration_seconds(&self) -> u32 {
        match self {
            Self::Token { .. } => DEFAULT_DURATION_SECONDS,
            Self::Credentials {
                duration_seconds, ..
            } => *duration_seconds,
        }
    }

    /// What sessions of this role carry of their caller.
    pub fn tags(&self) -> &Tags {
        match self {
            Self::Token { tags, .. } | Self::Credentials { tags, .. } => tags,
        }
    }
}
