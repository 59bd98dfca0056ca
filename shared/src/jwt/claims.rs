//! Claims that an issuer vouches for.

use std::{borrow::Cow, fmt};

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
    Claim(Cow<'static, str>),
    /// Past `exp`, or past the maximum age.
    #[error("the token has expired")]
    Expired,
    /// Before `nbf`, or issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Of another issuer than the one that was chosen.
    #[error("the token's iss is not the issuer that was chosen")]
    Issuer,
    /// For somebody else.
    #[error("the token's audience is not one that this source accepts (expected {expected})")]
    Audience {
        /// What the settings accept.
        expected: String,
    },
    /// Issued to a client that the settings do not name.
    #[error("the token's azp is not an authorized party of this source")]
    AuthorizedParty,
    /// Another kind of token than the settings ask for.
    #[error("the token's token_use is not the one that this source accepts")]
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
            return Err(Rejected::Claim("sub".into()));
        }
        let subject = subject.to_owned();
        Ok(Self { subject, members })
    }

    /// `sub`: who it is, to this issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `iat`, whole seconds since 1970.
    pub fn issued_at(&self) -> u64 {
        self.seconds("iat")
    }

    /// `exp`, whole seconds since 1970.
    pub fn expires_at(&self) -> u64 {
        self.seconds("exp")
    }

    /// All claims.
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// NumericDate may have a fraction (RFC 7519, section 2).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounds down; a conversion from f64 saturates"
    )]
    fn seconds(&self, claim: &str) -> u64 {
        let number = self.members.get(claim);
        let fraction = || number.and_then(Value::as_f64).map(|seconds| seconds as u64);
        number
            .and_then(Value::as_u64)
            .or_else(fraction)
            .unwrap_or(0)
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
            ErrorKind::InvalidAudience => Self::Audience {
                expected: String::new(),
            },
            // Its name is one of those that the verifier was told to require.
            ErrorKind::MissingRequiredClaim(claim) => Self::Claim(claim.clone().into()),
            _ => Self::Malformed,
        }
    }
}
