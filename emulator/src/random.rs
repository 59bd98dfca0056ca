//! Names and secrets nobody can guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The operating system gave no random bytes.
pub(crate) type NoEntropy = getrandom::Error;

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A version 4 UUID (RFC 9562, section 5.4), Cognito's form of a `sub`.
pub(crate) fn uuid() -> Result<String, NoEntropy> {
    let random = u128::from_be_bytes(bytes()?);
    let uuid = random & !(0xf000 << 64) & !(0xc000 << 48) | (0x4000 << 64) | (0x8000 << 48);
    let hex = format!("{uuid:032x}");
    let mut formatted = String::with_capacity(36);
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            formatted.push('-');
        }
        formatted.push(digit);
    }
    Ok(formatted)
}

/// 32 random bytes in base64url: a refresh token, a session.
pub(crate) fn token() -> Result<String, NoEntropy> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// Six decimal digits, as Cognito sends them.
pub(crate) fn code() -> Result<String, NoEntropy> {
    Ok(format!("{:06}", u32::from_be_bytes(bytes()?) % 1_000_000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = uuid().unwrap();
        let groups: Vec<&str> = uuid.split('-').collect();
        assert_eq!(
            groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_eq!(uuid.chars().nth(14), Some('4'));
        assert!(matches!(uuid.chars().nth(19), Some('8' | '9' | 'a' | 'b')));
    }
}
