//! Passwords, kept as salted SHA-256. Good enough for a pool that lives in memory on a developer's
//! machine, and for nothing else.

use sha2::{Digest, Sha256};

use crate::{iam::JsonError, random};

/// Neither printable nor serialisable.
pub(super) struct PasswordHash {
    salt: [u8; 16],
    digest: Vec<u8>,
}

impl PasswordHash {
    pub(super) fn new(password: &str) -> Result<Self, JsonError> {
        let salt = random::bytes()?;
        let digest = digest(&salt, password);
        Ok(Self { salt, digest })
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        self.digest == digest(&self.salt, password)
    }
}

fn digest(salt: &[u8], password: &str) -> Vec<u8> {
    Sha256::new()
        .chain_update(salt)
        .chain_update(password)
        .finalize()
        .to_vec()
}

/// The password policy.
pub(super) fn check_policy(password: &str, minimum_length: usize) -> Result<(), JsonError> {
    if password.chars().count() >= minimum_length {
        return Ok(());
    }
    Err(JsonError::new(
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    ))
}
