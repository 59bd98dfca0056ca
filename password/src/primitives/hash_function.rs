//! The plain hash functions, chosen at run time, and HMAC over them.

use hmac::{Hmac, Mac};
use md4::Md4;
use md5::Md5;
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

/// A hash function, as the policy names it. None of them is a password hash; old systems use them as one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HashFunction {
    /// RFC 1320: NT hashes.
    Md4,
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha224,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
}

impl HashFunction {
    /// Length of the digest in bytes.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Length of the block that the function compresses at a time, in bytes.
    pub(crate) fn block_bytes(self) -> usize {
        match self {
            Self::Sha384 | Self::Sha512 => 128,
            _ => 64,
        }
    }

    /// Estimated time to compress one block on the reference machine, in nanoseconds (two of
    /// them are an iteration of PBKDF2, which was measured: 154 ms for 600000 of SHA-256, 313 ms for 210000
    /// of SHA-512; rounded up).
    pub(crate) fn block_nanoseconds(self) -> u64 {
        match self {
            Self::Md4 | Self::Md5 => 160,
            Self::Sha1 => 140,
            Self::Sha224 | Self::Sha256 => 140,
            Self::Sha384 | Self::Sha512 => 700,
        }
    }

    /// Estimated time to hash a message of `bytes`, in nanoseconds.
    pub(crate) fn nanoseconds(self, bytes: usize) -> u64 {
        // Padding takes at least nine bytes.
        let blocks = (bytes + 9).div_ceil(self.block_bytes());
        u64::try_from(blocks)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.block_nanoseconds())
            .saturating_add(50)
    }

    /// The digest of the concatenated `parts`.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        fn run<D: Digest>(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
            let mut hasher = D::new();
            for part in parts {
                hasher.update(part);
            }
            Zeroizing::new(hasher.finalize().to_vec())
        }
        match self {
            Self::Md4 => run::<Md4>(parts),
            Self::Md5 => run::<Md5>(parts),
            Self::Sha1 => run::<Sha1>(parts),
            Self::Sha224 => run::<Sha224>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha384 => run::<Sha384>(parts),
            Self::Sha512 => run::<Sha512>(parts),
        }
    }

    /// HMAC (RFC 2104) of the concatenated `parts`.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        macro_rules! run {
            ($hash:ty) => {{
                // HMAC takes keys of every length: there is no error to have.
                let Ok(mut mac) = <Hmac<$hash> as hmac::KeyInit>::new_from_slice(key) else {
                    return Zeroizing::default();
                };
                for part in parts {
                    mac.update(part);
                }
                Zeroizing::new(mac.finalize().into_bytes().to_vec())
            }};
        }
        match self {
            Self::Md4 => run!(Md4),
            Self::Md5 => run!(Md5),
            Self::Sha1 => run!(Sha1),
            Self::Sha224 => run!(Sha224),
            Self::Sha256 => run!(Sha256),
            Self::Sha384 => run!(Sha384),
            Self::Sha512 => run!(Sha512),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::text::to_hex, *};

    /// RFC 1320 A.5, RFC 1321 A.5, FIPS 180-4 examples, each of "abc".
    #[test]
    fn every_function_gives_the_digest_of_its_own_specification() {
        for (function, expected) in [
            (HashFunction::Md4, "a448017aaf21d8525fc10ae87aa6729d"),
            (HashFunction::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (
                HashFunction::Sha1,
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                HashFunction::Sha224,
                "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
            ),
            (
                HashFunction::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            let digest = function.digest(&[b"a", b"bc"]);
            assert_eq!(to_hex(&digest), expected);
        }
        for function in [
            HashFunction::Md4,
            HashFunction::Md5,
            HashFunction::Sha1,
            HashFunction::Sha224,
            HashFunction::Sha256,
            HashFunction::Sha384,
            HashFunction::Sha512,
        ] {
            assert_eq!(function.digest(&[]).len(), function.digest_bytes());
            assert_eq!(function.hmac(b"", &[]).len(), function.digest_bytes());
        }
    }

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_matches_its_rfc() {
        assert_eq!(
            to_hex(&HashFunction::Sha256.hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
