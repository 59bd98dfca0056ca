//! Claims that an issuer vouches for.

use std::fmt;

use serde_json::{Map, Value};

use super::rejected::Rejected;

/// Longest subject, octets.
const MAX_SUBJECT: usize = 1024;

/// The claims of a JWT whose signature, issuer, audience and times were checked. `Debug` shows names.
pub struct VerifiedClaims {
    subject: String,
    members: Map<String, Value>,
}

impl VerifiedClaims {
    pub(super) fn new(members: Map<String, Value>) -> Result<Self, Rejected> {
        let subject = match members.get("sub") {
            None => return Err(Rejected::ClaimMissing("sub".into())),
            // An empty subject would be one identity for all who have none.
            Some(Value::String(subject)) if (1..=MAX_SUBJECT).contains(&subject.len()) => {
                subject.to_owned()
            }
            Some(_) => return Err(Rejected::ClaimMalformed("sub".into())),
        };
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
