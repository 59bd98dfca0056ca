//! SCRAM's stored key (RFC 5802, RFC 7677), as servers keep it.
//!
//! | syntax | source |
//! | --- | --- |
//! | `SCRAM-SHA-256$N:salt$StoredKey:ServerKey` | PostgreSQL, `pg_authid.rolpassword` |
//! | `{SCRAM-SHA-1}N,salt,StoredKey,ServerKey`, `{SCRAM-SHA-256}…` | Dovecot, `password-scheme-scram.c` |
//! | JSON with `credentials`: `{"SCRAM-SHA-256": {"iterationCount", "salt", "storedKey", "serverKey"}}` | MongoDB, `admin.system.users` |
//!
//! Every field but N is base64. StoredKey = H(HMAC(PBKDF2(password, salt, N), "Client Key")). The password is prepared
//! by SASLprep, or taken as it is where that refuses it, as PostgreSQL does. MongoDB's SCRAM-SHA-1 hashes
//! `user:mongo:password` by MD5 instead, and needs the document's `user`; where a user has both, SHA-256 is read.

use std::collections::BTreeMap;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::pbkdf2::Pbkdf2;
use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, fields, number},
};

/// A salted password, and what SCRAM makes of it.
#[derive(Clone)]
struct Scram(Pbkdf2);

impl Kdf for Scram {
    fn cost(&self, password_bytes: usize) -> Cost {
        self.0.cost(password_bytes)
    }

    fn within_cap(&self) -> bool {
        self.0.within_cap()
    }

    fn derive(&self, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let function = self.0.function;
        let salted = self.0.derive(password, length)?;
        let client_key = function.hmac(&salted, &[b"Client Key"]);
        Ok(function.digest(&[&client_key]))
    }
}

/// The fields of every syntax, still in base64.
struct Fields<'a> {
    iterations: &'a str,
    salt: &'a str,
    stored_key: &'a str,
    server_key: &'a str,
}

impl Fields<'_> {
    fn parsed(&self, function: HashFunction, prepare: Prepare) -> Result<Parsed, UnsupportedHash> {
        let scheme = match function {
            HashFunction::Sha1 => Scheme::ScramSha1,
            _ => Scheme::ScramSha256,
        };
        let length = function.digest_bytes();
        let parse = || {
            let key = |text| digest_of(&[length], base64(&STANDARD, text)?);
            // Not needed, but half a record is none.
            key(self.server_key)?;
            let iterations = number(self.iterations)?;
            if iterations == 0 {
                return Err(Reason::Malformed);
            }
            let pbkdf2 = Pbkdf2 {
                function,
                iterations,
                salt: base64(&STANDARD, self.salt)?,
                digest_bytes: length,
            };
            Ok((Scram(pbkdf2), key(self.stored_key)?))
        };
        let (scram, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
        Parsed::new(scheme, prepare, scram, digest)
    }
}

/// Reads what follows PostgreSQL's `SCRAM-SHA-256$`.
pub(crate) fn read_postgresql(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let malformed = || UnsupportedHash::from(Reason::Malformed).of(Scheme::ScramSha256);
    let (salted, keys) = rest.split_once('$').ok_or_else(malformed)?;
    let (iterations, salt) = salted.split_once(':').ok_or_else(malformed)?;
    let (stored_key, server_key) = keys.split_once(':').ok_or_else(malformed)?;
    let fields = Fields {
        iterations,
        salt,
        stored_key,
        server_key,
    };
    fields.parsed(HashFunction::Sha256, Prepare::Saslprep)
}

/// Reads what follows Dovecot's `{SCRAM-…}`, given by its name in lower case; `None` for another name.
pub(crate) fn read_dovecot(name: &str, rest: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let function = match name {
        "scram-sha-1" => HashFunction::Sha1,
        "scram-sha-256" => HashFunction::Sha256,
        _ => return None,
    };
    let [iterations, salt, stored_key, server_key] = *fields(rest, ',') else {
        return Some(Err(Reason::Malformed.into()));
    };
    let fields = Fields {
        iterations,
        salt,
        stored_key,
        server_key,
    };
    Some(fields.parsed(function, Prepare::Saslprep))
}

/// A document of `admin.system.users`, or the `credentials` of one.
#[derive(Deserialize)]
struct Document {
    user: Option<String>,
    credentials: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    iteration_count: u32,
    salt: String,
    stored_key: String,
    server_key: String,
}

/// Reads MongoDB's JSON; `None` for another object.
pub(crate) fn read_mongodb(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let document = serde_json::from_str(text).or_else(|_| {
        serde_json::from_str(text).map(|credentials| Document {
            user: None,
            credentials,
        })
    });
    let Document { user, credentials } = document.ok()?;
    let of = |name| credentials.get(name);
    let (function, prepare, credential) = match (of("SCRAM-SHA-256"), of("SCRAM-SHA-1")) {
        (Some(credential), _) => (HashFunction::Sha256, Prepare::Saslprep, credential),
        (None, Some(credential)) => match user {
            Some(user) => (HashFunction::Sha1, Prepare::MongoDigest(user), credential),
            None => {
                let missing = UnsupportedHash::from(Reason::Malformed);
                return Some(Err(missing.of(Scheme::ScramSha1)));
            }
        },
        (None, None) => return None,
    };
    let Ok(credential) = Credential::deserialize(credential) else {
        return Some(Err(Reason::Malformed.into()));
    };
    let fields = Fields {
        iterations: &credential.iteration_count.to_string(),
        salt: &credential.salt,
        stored_key: &credential.stored_key,
        server_key: &credential.server_key,
    };
    Some(fields.parsed(function, prepare))
}
