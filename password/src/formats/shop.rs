//! Magento and Joomla, which both write a digest, a colon and a salt.
//!
//! | syntax | computation | source |
//! | --- | --- | --- |
//! | `hex:salt:VERSIONS`, hint `magento` | each version in turn over salt ‖ (password, then the hex of the step before): 0 MD5, 1 SHA-256, 2 argon2id (32 bytes, 2 passes, 64 MiB), `3_BYTES_PASSES_MEMORY` argon2id | Magento 2, `Encryptor::isValidHash` |
//! | `hex:salt`, hint `magento` | H(salt ‖ password), MD5 or SHA-256 by its length | Magento 1, `Mage_Core_Model_Encryption` |
//! | `hex:salt`, hint `joomla` | MD5(password ‖ salt) | Joomla 1.5 to 2.5, `JUserHelper::getCryptedPassword` |
//!
//! The argon2id of Magento takes the first 16 bytes of the salt, which it repeats where it is shorter. Several
//! versions are an upgraded hash: `0:1` is SHA-256 over the MD5 that was there.

use argon2::{Algorithm, Version};
use zeroize::Zeroizing;

use super::{argon2::Argon2, digest::Digest};
use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{digest_of, fields, hex, number, to_hex},
};

/// Magento has four versions; an upgrade adds one.
const MAX_STEPS: usize = 4;
/// `SODIUM_CRYPTO_PWHASH_SALTBYTES`.
const ARGON2_SALT_BYTES: usize = 16;

/// The steps of a Magento hash.
#[derive(Clone)]
pub(crate) struct Magento {
    steps: Vec<Step>,
}

#[derive(Clone)]
enum Step {
    Digest(Digest),
    Argon2 { argon2: Argon2, bytes: usize },
}

impl Step {
    fn digest_bytes(&self) -> usize {
        match self {
            Self::Digest(digest) => digest.function.digest_bytes(),
            Self::Argon2 { bytes, .. } => *bytes,
        }
    }
}

impl Kdf for Magento {
    fn cost(&self, password_bytes: usize) -> Cost {
        // A later step hashes the hex of the one before, of 128 characters at most.
        let costs = self.steps.iter().map(|step| match step {
            Step::Digest(digest) => digest.cost(password_bytes.max(128)),
            Step::Argon2 { argon2, .. } => argon2.cost(password_bytes),
        });
        costs.fold(Cost::time(0, 0), Cost::plus)
    }

    fn within_cap(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Digest(digest) => digest.within_cap(),
            Step::Argon2 { argon2, .. } => argon2.within_cap(),
        })
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let mut digest = Zeroizing::new(Vec::new());
        let mut input = Zeroizing::new(password.to_vec());
        for step in &self.steps {
            digest = match step {
                Step::Digest(step) => step.derive(&input, 0)?,
                Step::Argon2 { argon2, bytes } => argon2.derive(&input, *bytes)?,
            };
            input = Zeroizing::new(to_hex(&digest).into_bytes());
        }
        Ok(digest)
    }
}

/// Reads Magento's `hex:salt:versions` and `hex:salt`; `None` for another syntax.
pub(crate) fn read_magento(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (digest, rest) = text.split_once(':')?;
    let digest = hex(digest).ok()?;
    let scheme = Scheme::Magento;
    let parse = || {
        let (salt, steps) = match rest.split_once(':') {
            Some((salt, versions)) => {
                let versions = fields(versions, ':');
                if versions.len() > MAX_STEPS {
                    return Err(Reason::Malformed);
                }
                let steps = versions.iter().map(|version| step(version, salt));
                (salt, steps.collect::<Result<Vec<_>, _>>()?)
            }
            None => {
                let version = if digest.len() == 16 { "0" } else { "1" };
                (rest, vec![step(version, rest)?])
            }
        };
        let length = steps.last().map(Step::digest_bytes);
        if salt.is_empty() {
            return Err(Reason::Malformed);
        }
        let digest = digest_of(&[length.ok_or(Reason::Malformed)?], digest)?;
        Ok((Magento { steps }, digest))
    };
    let stored = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme));
    Some(stored.and_then(|(magento, digest)| Parsed::new(scheme, Prepare::Raw, magento, digest)))
}

fn step(version: &str, salt: &str) -> Result<Step, Reason> {
    let simple = |function| Ok(Step::Digest(Digest::salt_first(function, salt.as_bytes())));
    let argon2 = |bytes: usize, passes: u32, memory_bytes: u64| {
        // PHP's `str_pad(salt, 16, salt)`, or `substr`.
        let salt = salt.bytes().cycle().take(ARGON2_SALT_BYTES).collect();
        let memory_kib = u32::try_from(memory_bytes / 1024).map_err(|_| Reason::Malformed)?;
        if !(16..=64).contains(&bytes) {
            return Err(Reason::Malformed);
        }
        let settings = [memory_kib, passes, 1];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, settings, salt)?;
        Ok(Step::Argon2 { argon2, bytes })
    };
    match *fields(version, '_') {
        ["0"] => simple(HashFunction::Md5),
        ["1"] => simple(HashFunction::Sha256),
        // `SODIUM_CRYPTO_SIGN_SEEDBYTES`, `…_OPSLIMIT_INTERACTIVE`, `…_MEMLIMIT_INTERACTIVE`.
        ["2"] => argon2(32, 2, 64 << 20),
        ["3", bytes, passes, memory] => argon2(number(bytes)?, number(passes)?, number(memory)?),
        _ => Err(Reason::UnsupportedVariant),
    }
}

/// Reads Joomla's `hex:salt`; `None` for another syntax.
pub(crate) fn read_joomla(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (digest, salt) = text.split_once(':')?;
    let digest = hex(digest).ok()?;
    let scheme = Scheme::Joomla;
    let checked = digest_of(&[16], digest);
    let checked = checked.map_err(|reason| UnsupportedHash::from(reason).of(scheme));
    Some(checked.and_then(|digest| {
        let kdf = Digest::salt_last(HashFunction::Md5, salt.as_bytes());
        Parsed::new(scheme, Prepare::Raw, kdf, digest)
    }))
}
