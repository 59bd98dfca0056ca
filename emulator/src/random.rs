//! Names and secrets nobody can guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The operating system gave no random bytes.
pub(crate) type NoEntropy = getrandom::Error;

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A version 4 UUID, Cognito's form of a `sub`.
pub(crate) fn uuid() -> Result<String, NoEntropy> {
    Ok(uuid_of(bytes()?))
}

/// The version 4 UUID of these bytes.
pub(crate) fn uuid_of(bytes: [u8; 16]) -> String {
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// 32 random bytes in base64url: a refresh token, a session.
pub(crate) fn token() -> Result<String, NoEntropy> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// Six decimal digits, as Cognito sends them.
pub(crate) fn code() -> Result<String, NoEntropy> {
    Ok(format!("{:06}", u32::from_be_bytes(bytes()?) % 1_000_000))
}
