//! Claims that an issuer vouches for.

use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use serde_json::{Map, Value};

/// The claims of a JWT whose signature, issuer, audience and times were checked. `Debug` shows names.
pub struct VerifiedClaims {
    subject: String,
    members: Map<String, Value>,
}

/// Why a JWT is refused. For the log: a caller learns only that it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Its algorithm is not accepted of this issuer, or not what the key is for.
    #[error("the signature algorithm is not accepted")]
    Algorithm,
    /// The issuer has no such key.
    #[error("the issuer has no key with this kid")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature does not verify")]
    Signature,
    /// A claim is absent or of the wrong type.
    #[error("the claim {0} is missing or malformed")]
    Claim(&'static str),
    /// Past `exp`, or past the maximum age.
    #[error("the token has expired")]
    Expired,
    /// Before `nbf`, or issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Of another issuer than the one that was chosen.
    #[error("the issuer is another")]
    Issuer,
    /// For somebody else.
    #[error("the audience is another")]
    Audience,
    /// Another kind of token than the policy asks for.
    #[error("token_use is another")]
    TokenUse,
    /// Not readable.
    #[error("the token is malformed")]
    Malformed,
}

impl VerifiedClaims {
    pub(super) fn new(members: Map<String, Value>) -> Result<Self, Rejected> {
        let subject = members
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // An empty subject would be one identity for all who have none.
        if subject.is_empty() || subject.len() > 1024 {
            return Err(Rejected::Claim("sub"));
        }
        let subject = subject.to_owned();
        Ok(Self { subject, members })
    }

    /// `sub`: who it is, to this issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Any claim.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.members.get(claim)
    }
}

impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

impl From<jsonwebtoken::errors::Error> for Rejected {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm => Self::Algorithm,
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(claim) => Self::Claim(match claim.as_str() {
                "exp" => "exp",
                "iss" => "iss",
                "aud" => "aud",
                "sub" => "sub",
                _ => "required",
            }),
            _ => Self::Malformed,
        }
    }
}
