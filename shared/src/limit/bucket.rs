//! A bucket of the ephemeral table.

use super::Rate;
use crate::state::EphemeralKey;

/// A token bucket of the ephemeral table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its key.
    pub key: EphemeralKey,
    /// How often something may be taken from it.
    pub rate: Rate,
}
