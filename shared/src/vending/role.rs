//! What a role's alias stands for: how it is vended, and for how long.

use super::{Caller, ClaimPath, SessionPolicy, Tags};

/// Longest life of a Cognito token that leaves the vendor, seconds: whoever holds it can have
/// credentials made for as long.
pub const MAX_TOKEN_SECONDS: u32 = 900;
/// Life of a Cognito token that never leaves the vendor, seconds.
pub const MAX_INTERNAL_TOKEN_SECONDS: u32 = 60;
/// Seconds that credentials live unless the role says otherwise: SDKs fetch a session that lives 900 s or less
/// anew at every use.
pub const DEFAULT_DURATION_SECONDS: u32 = 3600;
/// Longest session by role chaining, seconds: the vendor calls AssumeRole from a role session of its own (STS API
/// reference, AssumeRole, DurationSeconds).
pub const MAX_CHAINED_SECONDS: u32 = 3600;
/// Shortest session that STS gives, seconds.
pub(super) const MIN_SESSION_SECONDS: u32 = 900;

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
    /// Credentials by AssumeRole, without Cognito: its quota does not apply, and the session has no IdentityId.
    Direct {
        /// Seconds that the credentials live, [`MAX_CHAINED_SECONDS`] at most.
        duration_seconds: u32,
        /// An IAM policy document that narrows the role further.
        session_policy: Option<SessionPolicy>,
        /// What the sessions carry, beside the alias.
        tags: Tags,
        /// The claim that becomes the session's source identity, which no later role can change.
        source_identity: Option<ClaimPath>,
    },
}

/// The caller's proof ends before the shortest session would, and their source binds sessions to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the proof ends in less than {MIN_SESSION_SECONDS} s, and no session of its source may outlive it"
)]
pub struct ProofEndsTooSoon;

/// The caller has no claim that can be the source identity. What came in is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the source identity needs the claim {0}: a text of 2 to 64 letters, digits and _+=,.@- in ASCII"
)]
pub struct SourceIdentityRefused(String);

impl Role {
    /// How it is vended, as the policy calls it.
    pub fn flow(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Credentials { .. } => "credentials",
            Self::Direct { .. } => "direct",
        }
    }

    /// Seconds that credentials of this role live.
    pub fn duration_seconds(&self) -> u32 {
        match self {
            Self::Token { .. } => DEFAULT_DURATION_SECONDS,
            Self::Credentials {
                duration_seconds, ..
            }
            | Self::Direct {
                duration_seconds, ..
            } => *duration_seconds,
        }
    }

    /// Seconds that credentials of this role live for `caller`, whose proof may bind them, at `now` (seconds since
    /// 1970).
    ///
    /// # Errors
    /// When the proof ends before the shortest session of STS would.
    pub fn seconds_for(&self, caller: &Caller, now: u64) -> Result<u32, ProofEndsTooSoon> {
        let seconds = self.duration_seconds();
        if !caller.bound_to_proof {
            return Ok(seconds);
        }
        let left = u32::try_from(caller.expires_at.saturating_sub(now)).unwrap_or(u32::MAX);
        if left < MIN_SESSION_SECONDS {
            return Err(ProofEndsTooSoon);
        }
        Ok(seconds.min(left))
    }

    /// Whether Cognito is asked for a token on the way.
    pub fn asks_cognito(&self) -> bool {
        match self {
            Self::Token { .. } | Self::Credentials { .. } => true,
            Self::Direct { .. } => false,
        }
    }

    /// What sessions of this role carry of their caller.
    pub fn tags(&self) -> &Tags {
        match self {
            Self::Token { tags, .. }
            | Self::Credentials { tags, .. }
            | Self::Direct { tags, .. } => tags,
        }
    }

    /// What narrows the sessions of this role.
    pub fn session_policy(&self) -> Option<&SessionPolicy> {
        match self {
            Self::Token { .. } => None,
            Self::Credentials { session_policy, .. } | Self::Direct { session_policy, .. } => {
                session_policy.as_ref()
            }
        }
    }

    /// The source identity of a session of `caller`, if the role asks for one.
    ///
    /// # Errors
    /// When the claim is missing, or is not what STS takes: a changed one could be somebody else's.
    pub fn source_identity(
        &self,
        caller: &Caller,
    ) -> Result<Option<String>, SourceIdentityRefused> {
        let Self::Direct {
            source_identity: Some(path),
            ..
        } = self
        else {
            return Ok(None);
        };
        let text = path.find(&caller.claims).and_then(|claim| claim.as_str());
        // STS API reference, AssumeRole, SourceIdentity: [\w+=,.@-]{2,64}.
        let fits = |text: &&str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
            (2..=64).contains(&text.len()) && text.chars().all(known)
        };
        match text.filter(fits) {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(SourceIdentityRefused(path.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{name::Name, vending::Claims};

    fn caller(claims: Value) -> Caller {
        Caller {
            source: Name::try_from("app".to_owned()).unwrap(),
            subject: "ana".to_owned(),
            claims: Claims(claims.as_object().unwrap().clone()),
            issued_at: 0,
            expires_at: 2000,
            bound_to_proof: true,
            guest_identity: None,
        }
    }

    fn direct() -> Role {
        Role::Direct {
            duration_seconds: 3600,
            session_policy: None,
            tags: Tags::new(),
            source_identity: Some(ClaimPath::parse("sub").unwrap()),
        }
    }

    #[test]
    fn a_session_that_is_bound_to_its_proof_does_not_outlive_it() {
        let caller = caller(json!({}));
        assert_eq!(direct().seconds_for(&caller, 0), Ok(2000));
        assert_eq!(direct().seconds_for(&caller, 1100), Ok(900));
        assert_eq!(direct().seconds_for(&caller, 1101), Err(ProofEndsTooSoon));
        assert_eq!(direct().seconds_for(&caller, 5000), Err(ProofEndsTooSoon));
        let free = Caller {
            bound_to_proof: false,
            ..caller
        };
        assert_eq!(direct().seconds_for(&free, 5000), Ok(3600));
    }

    #[test]
    fn a_source_identity_is_what_the_claim_says_or_there_is_no_session() {
        let of = |claims| direct().source_identity(&caller(claims));
        assert_eq!(of(json!({"sub": "a@b.c"})), Ok(Some("a@b.c".to_owned())));
        for wrong in [
            json!({}),
            json!({"sub": 7}),
            json!({"sub": "a"}),
            json!({"sub": "a b"}),
            json!({"sub": "a:b"}),
            json!({"sub": "\u{e9}\u{e9}"}),
            json!({"sub": "x".repeat(65)}),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
