//! A hash function over the password and a salt, once or many times: what is no password hash at all, and
//! the most common one. Other files here store it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::primitives::{cost::Cost, error::Refused, hash_function::HashFunction, parsed::Kdf};

/// The most rounds that are ever computed; the time of them is capped by the budget.
const MAX_ROUNDS: u32 = 10_000_000;

/// Some bytes beside the password.
#[derive(Clone)]
pub(crate) enum Beside {
    Salt(Vec<u8>),
    Secret(Arc<SecretString>),
}

impl Beside {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Salt(salt) => salt,
            Self::Secret(secret) => secret.expose_secret().as_bytes(),
        }
    }
}

/// `H(before ‖ password ‖ after)`, repeated.
#[derive(Clone)]
pub(crate) struct Digest {
    pub(crate) function: HashFunction,
    /// The key, where it is an HMAC.
    pub(crate) key: Option<Beside>,
    pub(crate) before: Vec<Beside>,
    pub(crate) after: Vec<Beside>,
    /// At least one.
    pub(crate) rounds: u32,
    pub(crate) again: Again,
}

/// What is hashed after the first round.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Again {
    /// The digest.
    Digest,
    /// The digest, then the whole message.
    DigestThenMessage,
}

impl Digest {
    /// One round, no salt.
    pub(crate) fn plain(function: HashFunction) -> Self {
        Self {
            function,
            key: None,
            before: Vec::new(),
            after: Vec::new(),
            rounds: 1,
            again: Again::Digest,
        }
    }

    /// `H(salt ‖ password)`.
    pub(crate) fn salt_first(function: HashFunction, salt: &[u8]) -> Self {
        Self {
            before: vec![Beside::Salt(salt.to_vec())],
            ..Self::plain(function)
        }
    }

    /// `H(password ‖ salt)`.
    pub(crate) fn salt_last(function: HashFunction, salt: &[u8]) -> Self {
        Self {
            after: vec![Beside::Salt(salt.to_vec())],
            ..Self::plain(function)
        }
    }

    fn hash(&self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        match &self.key {
            Some(key) => self.function.hmac(key.bytes(), parts),
            None => self.function.digest(parts),
        }
    }
}

impl Kdf for Digest {
    fn cost(&self, password_bytes: usize) -> Cost {
        let beside: usize = self
            .before
            .iter()
            .chain(&self.after)
            .map(|beside| beside.bytes().len())
            .sum();
        let message = password_bytes + beside;
        let repeated = match self.again {
            Again::Digest => self.function.digest_bytes(),
            Again::DigestThenMessage => self.function.digest_bytes() + message,
        };
        // An HMAC compresses two keyed blocks and a digest besides.
        let keyed = if self.key.is_some() { 4 } else { 1 };
        let round = self.function.nanoseconds(repeated).saturating_mul(keyed);
        let first = self.function.nanoseconds(message).saturating_mul(keyed);
        Cost::time(u64::from(self.rounds), round).plus(Cost::time(1, first))
    }

    fn within_cap(&self) -> bool {
        self.rounds <= MAX_ROUNDS
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let message: Vec<&[u8]> = self
            .before
            .iter()
            .map(Beside::bytes)
            .chain([password])
            .chain(self.after.iter().map(Beside::bytes))
            .collect();
        let mut digest = self.hash(&message);
        for _ in 1..self.rounds {
            digest = match self.again {
                Again::Digest => self.hash(&[&digest]),
                Again::DigestThenMessage => {
                    let mut parts = Vec::with_capacity(message.len() + 1);
                    parts.push(digest.as_slice());
                    parts.extend_from_slice(&message);
                    self.hash(&parts)
                }
            };
        }
        Ok(digest)
    }
}
