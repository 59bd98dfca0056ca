//! The base-64 of crypt(3): the alphabet `./0-9A-Za-z`, and several orders of the bytes.

use zeroize::Zeroizing;

use super::error::Reason;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The value of a character.
pub(crate) fn value(character: u8) -> Option<u32> {
    let value = match character {
        b'.' => 0,
        b'/' => 1,
        b'0'..=b'9' => character - b'0' + 2,
        b'A'..=b'Z' => character - b'A' + 12,
        b'a'..=b'z' => character - b'a' + 38,
        _ => return None,
    };
    Some(value.into())
}

/// Whether a string is written in this alphabet.
pub(crate) fn is_crypt64(text: &str) -> bool {
    text.bytes().all(|byte| value(byte).is_some())
}

/// A number of at most five characters, the least significant first.
pub(crate) fn number(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 5 {
        return None;
    }
    text.bytes()
        .rev()
        .try_fold(0, |number, byte| Some(number << 6 | value(byte)?))
}

/// Appends `characters` characters of `bits`, the lowest six bits first.
pub(crate) fn push(text: &mut Vec<u8>, mut bits: u32, characters: usize) {
    for _ in 0..characters {
        // `bits & 63` is always inside the alphabet.
        let index = usize::try_from(bits & 63).unwrap_or_default();
        text.extend(ALPHABET.get(index));
        bits >>= 6;
    }
}

/// Encodes bytes in their order, each group of three with its first byte lowest: phpass, `$7$`, `$y$`.
pub(crate) fn encode(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 4 / 3 + 1));
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .rev()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        push(&mut text, bits, group.len() + 1);
    }
    text
}

/// The inverse of [`encode`].
///
/// # Errors
/// [`Reason::Malformed`] for foreign characters, an impossible length and left-over bits.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(4) {
        let mut bits = group
            .iter()
            .rev()
            .try_fold(0, |bits, byte| Some(bits << 6 | value(*byte)?))
            .ok_or(Reason::Malformed)?;
        if group.len() < 2 {
            return Err(Reason::Malformed);
        }
        for _ in 1..group.len() {
            bytes.push(u8::try_from(bits & 0xff).unwrap_or_default());
            bits >>= 8;
        }
        if bits != 0 {
            return Err(Reason::Malformed);
        }
    }
    Ok(bytes)
}

/// Encodes a digest whose bytes crypt(3) shuffles: `order` gives groups of byte positions, the first of a
/// group highest. A group of three becomes four characters, of two three, of one two.
pub(crate) fn encode_shuffled<'a>(
    digest: &[u8],
    order: impl IntoIterator<Item = &'a [usize]>,
) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(digest.len() * 4 / 3 + 2));
    for group in order {
        let bits = group.iter().fold(0, |bits, position| {
            bits << 8 | u32::from(digest.get(*position).copied().unwrap_or_default())
        });
        push(&mut text, bits, group.len() + 1);
    }
    text
}

/// The text of a digest in crypt's base 64, of exactly this many characters.
///
/// # Errors
/// [`Reason::TruncatedDigest`] or [`Reason::Malformed`].
pub(crate) fn crypt_digest(text: &str, characters: usize) -> Result<Vec<u8>, Reason> {
    if text.len() < characters {
        return Err(Reason::TruncatedDigest);
    }
    if text.len() > characters || !is_crypt64(text) {
        return Err(Reason::Malformed);
    }
    Ok(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn every_character_has_its_position_as_its_value() {
        for (position, character) in (0..).zip(ALPHABET) {
            assert_eq!(value(*character), Some(position));
        }
        assert_eq!((0..=255).filter(|byte| value(*byte).is_some()).count(), 64);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in 0..10 {
            let bytes: Vec<u8> = (0..length).map(|byte| 200 - byte * 19).collect();
            let text = String::from_utf8(encode(&bytes).to_vec()).unwrap();
            assert_eq!(decode(&text).unwrap(), bytes);
        }
        for text in ["a", "zz", "ab=="] {
            assert_eq!(decode(text), Err(Reason::Malformed), "{text}");
        }
    }
}
