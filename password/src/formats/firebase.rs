//! Firebase Authentication's modified scrypt.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$firescrypt$ln=LOG2N,r=R,p=P$salt$digest$separator$signer_key`, base64 | Ory Kratos, `hash_comparator.go` |
//! | `$fbscrypt$v=1,n=LOG2N,r=R,p=P,ss=separator,sk=signer_key$salt$digest`, base64 | Supabase Auth, `internal/crypto/password.go` |
//! | `digest$salt$signer_key$separator$rounds$memory_cost`, hint `firebase-scrypt` | Clerk, `scrypt_firebase` |
//! | `digest$salt`, hint `firebase-scrypt` with the project's settings | the columns of `firebase auth:export`, joined by a `$` |
//!
//! The computation (github.com/firebase/scrypt): scrypt(password, salt ‖ separator) with r = rounds, N =
//! 2^memory_cost and p = 1 gives 32 bytes, the AES-256 key that encrypts the signer key in counter mode from a
//! zero counter. So the digest is as long as the signer key.

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::scrypt::Scrypt;
use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    secret_value::SecretValue,
    text::{STANDARD, URL_SAFE, base64, fields, number, parameters},
};

/// The settings of a Firebase project ("Password hash parameters" in its console).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FirebaseProject {
    /// `base64_signer_key`.
    pub signer_key: SecretValue,
    /// `base64_salt_separator`.
    #[serde(default = "firebase_separator")]
    pub salt_separator: String,
    /// `rounds`.
    #[serde(default = "firebase_rounds")]
    pub rounds: u32,
    /// `mem_cost`.
    #[serde(default = "firebase_mem_cost")]
    pub mem_cost: u8,
}

fn firebase_separator() -> String {
    "Bw==".to_owned()
}

fn firebase_rounds() -> u32 {
    8
}

fn firebase_mem_cost() -> u8 {
    14
}

/// Firebase's scrypt and the key that it encrypts.
#[derive(Clone)]
pub(crate) struct Firebase {
    scrypt: Scrypt,
    signer_key: Zeroizing<Vec<u8>>,
}

impl Kdf for Firebase {
    fn cost(&self, password_bytes: usize) -> Cost {
        self.scrypt.cost(password_bytes)
    }

    fn within_cap(&self) -> bool {
        self.scrypt.within_cap()
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let key = self.scrypt.derive(password, 32)?;
        let mut digest = self.signer_key.clone();
        Ctr128BE::<Aes256>::new_from_slices(&key, &[0; 16])
            .map_err(|_| Refused::Interrupted)?
            .apply_keystream(&mut digest);
        Ok(digest)
    }
}

/// The fields of every syntax, still in base64.
struct Fields<'a> {
    log_n: &'a str,
    r: &'a str,
    p: &'a str,
    salt: &'a str,
    separator: &'a str,
    signer_key: &'a str,
    digest: &'a str,
}

impl Fields<'_> {
    fn stored(&self) -> Result<Parsed, UnsupportedHash> {
        let parse = || {
            let mut salt = decode(self.salt)?;
            salt.extend(decode(self.separator)?);
            let scrypt = Scrypt::new(number(self.log_n)?, number(self.r)?, number(self.p)?, salt)?;
            let signer_key = Zeroizing::new(decode(self.signer_key)?);
            let digest = decode(self.digest)?;
            if digest.len() != signer_key.len() {
                return Err(Reason::TruncatedDigest);
            }
            Ok((Firebase { scrypt, signer_key }, digest))
        };
        let scheme = Scheme::FirebaseScrypt;
        let (firebase, digest) =
            parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
        Parsed::new(scheme, Prepare::Raw, firebase, digest)
    }
}

/// Firebase exports base64url where the project's settings are base64.
fn decode(text: &str) -> Result<Vec<u8>, Reason> {
    let engine = if text.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    base64(engine, text)
}

/// Reads `$firescrypt$…` and `$fbscrypt$…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let malformed = || UnsupportedHash::from(Reason::Malformed).of(Scheme::FirebaseScrypt);
    match *fields(text, '$') {
        [
            "",
            "firescrypt",
            settings,
            salt,
            digest,
            separator,
            signer_key,
        ] => {
            let Ok([Some(log_n), Some(r), Some(p)]) = parameters(settings, ["ln", "r", "p"]) else {
                return Err(malformed());
            };
            let fields = Fields {
                log_n,
                r,
                p,
                salt,
                separator,
                signer_key,
                digest,
            };
            fields.stored()
        }
        ["", "fbscrypt", settings, salt, digest] => {
            let keys = ["v", "n", "r", "p", "ss", "sk"];
            let Ok(
                [
                    Some("1"),
                    Some(log_n),
                    Some(r),
                    Some(p),
                    separator,
                    Some(signer_key),
                ],
            ) = parameters(settings, keys)
            else {
                return Err(malformed());
            };
            let fields = Fields {
                log_n,
                r,
                p,
                salt,
                separator: separator.unwrap_or_default(),
                signer_key,
                digest,
            };
            fields.stored()
        }
        _ => Err(malformed()),
    }
}

/// Reads `digest$salt` by the project's settings, and Clerk's six fields, which bring their own; `None` for
/// another syntax.
pub(crate) fn read_project(
    text: &str,
    project: &FirebaseProject,
) -> Option<Result<Parsed, UnsupportedHash>> {
    match *fields(text, '$') {
        [digest, salt, signer_key, separator, r, log_n] if !digest.is_empty() => {
            let fields = Fields {
                log_n,
                r,
                p: "1",
                salt,
                separator,
                signer_key,
                digest,
            };
            Some(fields.stored())
        }
        [digest, salt] if !digest.is_empty() => {
            let signer_key = match project.signer_key.value() {
                Ok(signer_key) => signer_key,
                Err(missing) => return Some(Err(missing.of(Scheme::FirebaseScrypt))),
            };
            let fields = Fields {
                log_n: &project.mem_cost.to_string(),
                r: &project.rounds.to_string(),
                p: "1",
                salt,
                separator: &project.salt_separator,
                signer_key: signer_key.expose_secret(),
                digest,
            };
            Some(fields.stored())
        }
        _ => None,
    }
}
