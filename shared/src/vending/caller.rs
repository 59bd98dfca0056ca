//! Who asks, as far as the rules are concerned: what every kind of proof comes to.

use std::fmt;

use serde_json::{Map, Value};

use crate::name::Name;

/// Somebody whose proof was verified. The rules see nothing else, whatever the proof was.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The source that vouches, by its name in the policy. All kinds of proof share one namespace, for the name
    /// is part of the key under which the identity is recorded.
    pub source: Name,
    /// Who it is, to that source. Never empty.
    pub subject: String,
    /// What the source says of them.
    pub claims: Claims,
    /// When the proof was made, seconds since 1970.
    pub issued_at: u64,
    /// When the proof ends, seconds since 1970.
    pub expires_at: u64,
    /// Whether no session may outlive the proof.
    pub bound_to_proof: bool,
    /// The guest identity that the caller has proved to own.
    pub guest_identity: Option<String>,
}

/// What a source says of a caller. `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Claims(pub Map<String, Value>);

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
