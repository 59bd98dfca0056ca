//! crypt(3) on MD5.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$1$salt$digest`, salt of at most 8 characters, digest 22 | Poul-Henning Kamp, FreeBSD 2; crypt(5) |
//! | `$apr1$salt$digest`, the same with another name in it | Apache's `htpasswd -m` |
//!
//! A thousand rounds, in which the password and the salt come and go by the number of the round.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
};

const MD5: HashFunction = HashFunction::Md5;
const ROUNDS: u32 = 1000;
const MAX_SALT_CHARACTERS: usize = 8;
const DIGEST_CHARACTERS: usize = 22;
/// The positions of the digest's bytes in its text.
const ORDER: [&[usize]; 6] = [
    &[0, 6, 12],
    &[1, 7, 13],
    &[2, 8, 14],
    &[3, 9, 15],
    &[4, 10, 5],
    &[11],
];

/// Parameters of an MD5 crypt.
#[derive(Clone)]
pub(crate) struct Md5Crypt {
    /// `$1$` or `$apr1$`.
    magic: &'static str,
    salt: Vec<u8>,
}

impl Kdf for Md5Crypt {
    fn cost(&self, password_bytes: usize) -> Cost {
        // The longest round hashes the password twice, the salt and a digest; and every bit of the length
        // costs a byte, every 16 bytes a digest, before them.
        let message = 2 * password_bytes + MAX_SALT_CHARACTERS + MD5.digest_bytes();
        Cost::time(u64::from(ROUNDS) + 2, MD5.nanoseconds(message))
    }

    fn within_cap(&self) -> bool {
        true
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let inner = MD5.digest(&[password, &self.salt, password]);
        let mut message: Vec<&[u8]> = vec![password, self.magic.as_bytes(), &self.salt];
        let mut left = password.len();
        while left > 0 {
            message.push(inner.get(..left.min(16)).unwrap_or_default());
            left = left.saturating_sub(16);
        }
        // For each bit of the length: a zero byte where it is set, the first byte of the password else.
        let mut bits = password.len();
        while bits > 0 {
            message.push(if bits & 1 == 1 {
                &[0]
            } else {
                password.get(..1).unwrap_or_default()
            });
            bits >>= 1;
        }
        let mut digest = MD5.digest(&message);
        for round in 0..ROUNDS {
            let odd = round % 2 == 1;
            let mut message: Vec<&[u8]> = Vec::with_capacity(4);
            message.push(if odd { password } else { &digest });
            if round % 3 != 0 {
                message.push(&self.salt);
            }
            if round % 7 != 0 {
                message.push(password);
            }
            message.push(if odd { &digest } else { password });
            digest = MD5.digest(&message);
        }
        Ok(crypt64::encode_shuffled(&digest, ORDER))
    }
}

/// Reads `$1$…` and `$apr1$…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let (magic, scheme, rest) = if let Some(rest) = text.strip_prefix("$1$") {
        ("$1$", Scheme::Md5Crypt, rest)
    } else if let Some(rest) = text.strip_prefix("$apr1$") {
        ("$apr1$", Scheme::Apr1, rest)
    } else {
        return Err(Reason::UnknownFormat.into());
    };
    let parse = || {
        let (salt, digest) = rest.split_once('$').ok_or(Reason::Malformed)?;
        if salt.len() > MAX_SALT_CHARACTERS {
            return Err(Reason::Malformed);
        }
        let digest = crypt64::crypt_digest(digest, DIGEST_CHARACTERS)?;
        let salt = salt.as_bytes().to_vec();
        Ok((Md5Crypt { magic, salt }, digest))
    };
    let (md5_crypt, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, md5_crypt, digest)
}
