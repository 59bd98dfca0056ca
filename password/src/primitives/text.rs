//! Reading the fields of a stored string. Nothing here panics, and nothing allocates more than its input.

use std::str::FromStr;

use base64::{
    Engine,
    alphabet::{self, Alphabet},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;

use super::error::Reason;

/// RFC 4648 base64, padded or not.
pub(crate) const STANDARD: GeneralPurpose = engine(&alphabet::STANDARD, false);
/// RFC 4648 base64url, padded or not.
pub(crate) const URL_SAFE: GeneralPurpose = engine(&alphabet::URL_SAFE, false);
/// OpenBSD bcrypt's alphabet. The last character of its 22-character salts carries four unused bits, which
/// some encoders left set (passlib warns of them), and every C implementation ignores.
pub(crate) const BCRYPT: GeneralPurpose = engine(&alphabet::BCRYPT, true);

const fn engine(alphabet: &Alphabet, trailing_bits: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(trailing_bits);
    GeneralPurpose::new(alphabet, config)
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DigestEncoding {
    /// In hexadecimal, in either case.
    Hex,
    /// In base64, padded or not.
    Base64,
}

impl DigestEncoding {
    /// # Errors
    /// [`Reason::Malformed`].
    pub(crate) fn decode(self, text: &str) -> Result<Vec<u8>, Reason> {
        match self {
            Self::Hex => hex(text),
            Self::Base64 => base64(&STANDARD, text),
        }
    }
}

/// Decodes a field.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn base64(engine: &GeneralPurpose, text: &str) -> Result<Vec<u8>, Reason> {
    engine.decode(text).map_err(|_| Reason::Malformed)
}

/// passlib's "adapted base64": `.` for `+`, no padding.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn ab64(text: &str) -> Result<Vec<u8>, Reason> {
    if text.contains(['+', '=']) {
        return Err(Reason::Malformed);
    }
    base64(&STANDARD, &text.replace('.', "+"))
}

/// Hexadecimal in either case.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, Reason> {
    base16ct::mixed::decode_vec(text).map_err(|_| Reason::Malformed)
}

/// Lower-case hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// An unsigned decimal: digits only (no sign, no blank), at least one.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn number<T: FromStr>(text: &str) -> Result<T, Reason> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::Malformed);
    }
    text.parse().map_err(|_| Reason::Malformed)
}

/// `N` bytes, neither more nor fewer.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Reason> {
    bytes.try_into().map_err(|_| Reason::Malformed)
}

/// A digest of one of the lengths that its scheme writes.
///
/// # Errors
/// [`Reason::TruncatedDigest`].
pub(crate) fn digest_of(lengths: &[usize], digest: Vec<u8>) -> Result<Vec<u8>, Reason> {
    if lengths.contains(&digest.len()) {
        Ok(digest)
    } else {
        Err(Reason::TruncatedDigest)
    }
}

/// The fields between `separator`s.
pub(crate) fn fields(text: &str, separator: char) -> Vec<&str> {
    text.split(separator).collect()
}

/// `key=value` pairs between commas, in the order `keys` gives, each at most once. A key that is absent is
/// `None`; a foreign or repeated one is an error.
///
/// # Errors
/// [`Reason::Malformed`].
pub(crate) fn parameters<'a, const N: usize>(
    text: &'a str,
    keys: [&str; N],
) -> Result<[Option<&'a str>; N], Reason> {
    let mut values = [None; N];
    for pair in text.split(',') {
        let (key, value) = pair.split_once('=').ok_or(Reason::Malformed)?;
        let slot = keys
            .iter()
            .zip(&mut values)
            .find_map(|(known, slot)| (*known == key).then_some(slot))
            .ok_or(Reason::Malformed)?;
        if slot.replace(value).is_some() {
            return Err(Reason::Malformed);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_number_has_neither_sign_nor_blank() {
        assert_eq!(number::<u32>("10"), Ok(10));
        for text in ["", "+1", "-1", " 1", "1 ", "4294967296", "１"] {
            assert_eq!(number::<u32>(text), Err(Reason::Malformed), "{text:?}");
        }
    }

    #[test]
    fn hex_is_read_in_either_case_and_only_whole_bytes() {
        assert_eq!(hex("00fFA0").unwrap(), [0, 255, 160]);
        assert_eq!(to_hex(&[0, 255, 160]), "00ffa0");
        for text in ["0", "0g", "é0"] {
            assert_eq!(hex(text), Err(Reason::Malformed), "{text:?}");
        }
    }

    #[test]
    fn parameters_are_each_given_once_and_known() {
        assert_eq!(
            parameters("t=2,m=8", ["m", "t", "p"]),
            Ok([Some("8"), Some("2"), None])
        );
        for text in ["m=8,m=9", "x=1", "m", ""] {
            assert_eq!(parameters(text, ["m"]), Err(Reason::Malformed), "{text:?}");
        }
    }
}
