//! Keycloak's credentials, as `kc.sh export` and its `credential` table have them.
//!
//! | syntax | source |
//! | --- | --- |
//! | JSON with `credentialData` and `secretData`, each JSON in a string (or an object) | Keycloak, `PasswordCredentialModel` |
//!
//! `credentialData` has `hashIterations`, `algorithm` (`pbkdf2`, `pbkdf2-sha256`, `pbkdf2-sha512`, `argon2`) and
//! `additionalParameters`, for argon2 `type`, `version`, `memory` and `parallelism`, each a list of one string;
//! `secretData` has `value` and `salt` in base64. Other fields of the credential do not matter.

use std::collections::HashMap;

use argon2::{Algorithm, Version};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    argon2::{Argon2, digest_of as argon2_digest},
    pbkdf2,
};
use crate::primitives::{
    error::{Reason, UnsupportedHash},
    hash_function::HashFunction,
    parsed::Parsed,
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, number},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    credential_data: Value,
    secret_data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    hash_iterations: u32,
    algorithm: String,
    #[serde(default)]
    additional_parameters: Option<HashMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

/// Reads a JSON object.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let credential: Credential = serde_json::from_str(text).map_err(|_| Reason::UnknownFormat)?;
    let data: CredentialData = nested(credential.credential_data)?;
    let secret: SecretData = nested(credential.secret_data)?;
    // Keycloak derives 512 bits (256 for SHA-256 since 24), and old exports have the function's own length.
    let (function, lengths) = match data.algorithm.as_str() {
        "pbkdf2" => (HashFunction::Sha1, [20, 64]),
        "pbkdf2-sha256" => (HashFunction::Sha256, [32, 64]),
        "pbkdf2-sha512" => (HashFunction::Sha512, [64, 64]),
        "argon2" => return read_argon2(&data, &secret),
        _ => return Err(Reason::UnsupportedVariant.into()),
    };
    let scheme = Scheme::KeycloakPbkdf2;
    let parse = || {
        let salt = base64(&STANDARD, &secret.salt)?;
        let digest = digest_of(&lengths, base64(&STANDARD, &secret.value)?)?;
        Ok((salt, digest))
    };
    let (salt, digest) =
        parse().map_err(|reason: Reason| UnsupportedHash::from(reason).of(scheme))?;
    pbkdf2::stored(scheme, function, data.hash_iterations, salt, digest)
}

fn read_argon2(data: &CredentialData, secret: &SecretData) -> Result<Parsed, UnsupportedHash> {
    let parameter = |name: &str| {
        let parameters = data.additional_parameters.as_ref();
        let values = parameters.and_then(|parameters| parameters.get(name));
        match values.map(Vec::as_slice) {
            Some([value]) => Ok(value.as_str()),
            _ => Err(Reason::Malformed),
        }
    };
    let parse = || {
        let algorithm = match parameter("type")? {
            "d" => Algorithm::Argon2d,
            "i" => Algorithm::Argon2i,
            "id" => Algorithm::Argon2id,
            _ => return Err(Reason::Malformed),
        };
        let version = match parameter("version")? {
            "1.0" => Version::V0x10,
            "1.3" => Version::V0x13,
            _ => return Err(Reason::Malformed),
        };
        let settings = [
            number(parameter("memory")?)?,
            data.hash_iterations,
            number(parameter("parallelism")?)?,
        ];
        let salt = base64(&STANDARD, &secret.salt)?;
        let argon2 = Argon2::new(algorithm, version, settings, salt)?;
        Ok((argon2, argon2_digest(base64(&STANDARD, &secret.value)?)?))
    };
    let scheme = Scheme::KeycloakArgon2;
    let (argon2, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, argon2, digest)
}

/// An object, or one written into a string.
fn nested<T: DeserializeOwned>(value: Value) -> Result<T, Reason> {
    let read = match value {
        Value::String(json) => serde_json::from_str(&json),
        value => serde_json::from_value(value),
    };
    read.map_err(|_| Reason::Malformed)
}
