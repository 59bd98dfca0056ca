//! Argon2 in the PHC string format.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$argon2{d,i,id}$v=19$m=KIB,t=PASSES,p=LANES$salt$digest`, base64 | the reference implementation's `encoding.c`, RFC 9106 |
//! | the same without `v=` | the same before version 1.3: version 1.0 (0x10) is meant |
//! | `argon2$argon2id$v=19$…` | Django, `Argon2PasswordHasher` |
//! | hint `argon2` with a `secret` | RFC 9106's K, which no string holds |
//! | hint `meteor`: of hex SHA-256(password) | Meteor 3.3: its clients send that digest |
//!
//! Read by our own parser: the one of the `argon2` crate refuses strings without `v=` and long salts.
//! `keyid=` and `data=` name inputs that are not in the string: refused.

use std::sync::Arc;

use argon2::{Algorithm, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, fields, number, parameters},
};

/// Of one pass over a MiB of memory, measured at 64 MiB, t=3, p=4 (2.3 ms); 19 MiB, which caches better, takes
/// two thirds of it.
const NANOSECONDS_PER_KIB_AND_PASS: u64 = 2_300_000 / 1024;
/// Passes times KiB that are ever computed: 1 GiB once, or 64 MiB sixteen times.
const MAX_KIB_AND_PASSES: u64 = 1 << 20;
/// RFC 9106 asks for 16 bytes of salt; the algorithm takes 8, and old strings have them.
const LEAST_SALT_BYTES: usize = 8;
/// A shorter digest is within reach of chance (see [`Reason::TruncatedDigest`]).
const LEAST_DIGEST_BYTES: usize = 16;
/// Longer than any library writes. The output is hashed into the first block: not a prefix of a longer
/// one, so that a shortened digest never matches.
const MOST_DIGEST_BYTES: usize = 512;

/// Parameters of an Argon2.
#[derive(Clone)]
pub(crate) struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    secret: Option<Arc<SecretString>>,
}

impl Argon2 {
    /// # Errors
    /// [`Reason::Malformed`] for what RFC 9106 section 3.1 does not allow.
    pub(crate) fn new(
        algorithm: Algorithm,
        version: Version,
        [memory_kib, passes, lanes]: [u32; 3],
        salt: Vec<u8>,
    ) -> Result<Self, Reason> {
        // Lanes first: `Params::new` multiplies them by eight.
        if lanes == 0 || lanes > Params::MAX_P_COST || salt.len() < LEAST_SALT_BYTES {
            return Err(Reason::Malformed);
        }
        Params::new(memory_kib, passes, lanes, None).map_err(|_| Reason::Malformed)?;
        Ok(Self {
            algorithm,
            version,
            memory_kib,
            passes,
            lanes,
            salt,
            secret: None,
        })
    }

    fn work(&self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// For [`crate::DummyHash`].
    pub(crate) fn dummy(parameters: [u32; 3]) -> Result<Parsed, UnsupportedHash> {
        let salt = vec![0x5a; 16];
        let argon2 = Self::new(Algorithm::Argon2id, Version::V0x13, parameters, salt)?;
        Parsed::new(Scheme::Argon2id, Prepare::Raw, argon2, vec![0; 32])
    }
}

impl Kdf for Argon2 {
    fn cost(&self, _password_bytes: usize) -> Cost {
        Cost::time(self.work(), NANOSECONDS_PER_KIB_AND_PASS)
            .with_memory(u64::from(self.memory_kib) * 1024)
    }

    fn within_cap(&self) -> bool {
        self.work() <= MAX_KIB_AND_PASSES
    }

    fn derive(&self, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let refused = |_| Refused::Interrupted;
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(length)).map_err(refused)?;
        let mut blocks = Vec::new();
        blocks
            .try_reserve_exact(params.block_count())
            .map_err(|_| Refused::MemoryOverBudget)?;
        blocks.resize(params.block_count(), Block::default());
        let secret = self
            .secret
            .as_deref()
            .map_or("", SecretString::expose_secret);
        let argon2 = argon2::Argon2::new_with_secret(
            secret.as_bytes(),
            self.algorithm,
            self.version,
            params,
        )
        .map_err(refused)?;
        let mut digest = Zeroizing::new(vec![0; length]);
        let done =
            argon2.hash_password_into_with_memory(password, &self.salt, &mut digest, &mut blocks);
        // Wiped whole: the last block of each lane, xored, gives the digest away.
        for block in &mut blocks {
            block.zeroize();
        }
        done.map_err(refused)?;
        Ok(digest)
    }
}

/// Reads `$argon2…`.
pub(crate) fn read(
    text: &str,
    secret: Option<Arc<SecretString>>,
) -> Result<Parsed, UnsupportedHash> {
    let (version, name, settings, salt, digest) = match *fields(text, '$') {
        ["", name, version, settings, salt, digest] => {
            let version = match version {
                "v=19" => Ok(Version::V0x13),
                "v=16" => Ok(Version::V0x10),
                _ => Err(Reason::Malformed),
            };
            (version, name, settings, salt, digest)
        }
        ["", name, settings, salt, digest] => (Ok(Version::V0x10), name, settings, salt, digest),
        _ => return Err(Reason::Malformed.into()),
    };
    let (algorithm, scheme) = match name {
        "argon2d" => (Algorithm::Argon2d, Scheme::Argon2d),
        "argon2i" => (Algorithm::Argon2i, Scheme::Argon2i),
        "argon2id" => (Algorithm::Argon2id, Scheme::Argon2id),
        _ => return Err(Reason::UnknownFormat.into()),
    };
    let read = || {
        let [Some(memory), Some(passes), Some(lanes), None, None] =
            parameters(settings, ["m", "t", "p", "keyid", "data"])?
        else {
            return Err(Reason::UnsupportedVariant);
        };
        let settings = [number(memory)?, number(passes)?, number(lanes)?];
        let salt = base64(&STANDARD, salt)?;
        let argon2 = Argon2::new(algorithm, version?, settings, salt)?;
        Ok((
            Argon2 { secret, ..argon2 },
            digest_of(base64(&STANDARD, digest)?)?,
        ))
    };
    let (argon2, digest) = read().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, argon2, digest)
}

/// Reads `$argon2…` of Meteor.
pub(crate) fn read_meteor(text: &str) -> Result<Parsed, UnsupportedHash> {
    Ok(Parsed {
        scheme: Scheme::Meteor,
        prepare: Prepare::Hex(HashFunction::Sha256),
        ..read(text, None)?
    })
}

/// A digest of a length that Argon2 may have been asked for.
///
/// # Errors
/// [`Reason::TruncatedDigest`] or [`Reason::Malformed`].
pub(crate) fn digest_of(digest: Vec<u8>) -> Result<Vec<u8>, Reason> {
    match digest.len() {
        ..LEAST_DIGEST_BYTES => Err(Reason::TruncatedDigest),
        LEAST_DIGEST_BYTES..=MOST_DIGEST_BYTES => Ok(digest),
        _ => Err(Reason::Malformed),
    }
}
