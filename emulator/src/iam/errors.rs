//! Refusals, in the words and codes that AWS uses for them.

use super::{Decision, MalformedPolicy, NoRandomness, Session};

/// A role of the template that cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("role {role}: {reason}")]
pub struct IamError {
    /// The role's name.
    pub role: String,
    /// What is wrong with one of its documents.
    pub reason: MalformedPolicy,
}

/// Why a request has no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// No `Authorization` header.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// One that is not Signature Version 4.
    #[error(
        "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters."
    )]
    Incomplete,
    /// A key never issued here, or a session token that is not the key's.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// A session that is over.
    #[error("The security token included in the request is expired")]
    Expired,
    /// A signature made with another secret, or over another request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    WrongSignature,
}

impl AuthenticationError {
    /// The error code of the JSON protocols (DynamoDB, Cognito).
    pub fn json_code(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Expired => "ExpiredTokenException",
            Self::WrongSignature => "InvalidSignatureException",
        }
    }

    /// The error code of the query protocol (STS).
    pub fn query_code(self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationToken",
            Self::Incomplete => "IncompleteSignature",
            Self::UnknownKey => "InvalidClientTokenId",
            Self::Expired => "ExpiredToken",
            Self::WrongSignature => "SignatureDoesNotMatch",
        }
    }
}

/// A known caller that may not do what it asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("User: {user} is not authorized to perform: {action} on resource: {resource} {reason}")]
pub struct AccessDenied {
    user: String,
    action: String,
    resource: String,
    reason: String,
}

impl AccessDenied {
    pub(super) fn judge(
        session: &Session,
        action: &str,
        resource: &str,
        identity_based: Decision,
        session_based: Decision,
    ) -> Result<(), Self> {
        let reason = match (identity_based, session_based) {
            (Decision::Allow, Decision::Allow) => return Ok(()),
            (Decision::ExplicitDeny, _) => {
                "with an explicit deny in an identity-based policy".to_owned()
            }
            (_, Decision::ExplicitDeny) => "with an explicit deny in a session policy".to_owned(),
            (Decision::ImplicitDeny, _) => {
                format!("because no identity-based policy allows the {action} action")
            }
            (_, Decision::ImplicitDeny) => {
                format!("because no session policy allows the {action} action")
            }
        };
        Err(Self {
            user: session.assumed_role_arn.clone(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            reason,
        })
    }
}

/// Why a role was not assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssumeError {
    /// The trust policy does not allow it, or there is no such role.
    #[error("Not authorized to perform {action}")]
    Denied {
        /// `sts:AssumeRoleWithWebIdentity`, `sts:TagSession` or `sts:AssumeRole`.
        action: &'static str,
    },
    /// Longer than the role's `MaxSessionDuration`.
    #[error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    TooLong,
    /// Role chaining ends after an hour.
    #[error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    )]
    ChainedTooLong,
    /// This machine has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
