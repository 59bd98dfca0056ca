//! Cognito's variant of the Secure Remote Password protocol, the server's half: the password never
//! travels, and both sides end with one key.
//!
//! Group and padding are those of RFC 5054 (3072 bits), the key is derived by HKDF (RFC 5869) with the
//! info "Caldera Derived Key", and the name that is hashed with the password is the pool's id behind the
//! underscore and the user name, one after the other. Source: amazon-cognito-identity-js,
//! `AuthenticationHelper`.

use hmac::{Hmac, KeyInit, Mac};
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

use crate::random::{self, NoEntropy};

/// RFC 5054, appendix A, 3072-bit group.
const MODULUS: &str = "\
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
    EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
    EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
    83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
    E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
    15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
    ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
    BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
const GENERATOR: u8 = 2;

/// What the server keeps between its challenge and the answer.
pub(super) struct Exchange {
    /// `SRP_A`.
    client: BigUint,
    /// `SRP_B`.
    server: BigUint,
    /// The exponent of `SRP_B`.
    secret: BigUint,
    verifier: BigUint,
    salt: BigUint,
    /// `SECRET_BLOCK`.
    pub(super) block: Vec<u8>,
}

impl Exchange {
    /// Answers `SRP_A` (hexadecimal) for somebody whose password hashes to `inner`; none if `SRP_A` is
    /// no number, or a multiple of the modulus, which would make the key known without a password.
    pub(super) fn begin(client: &str, inner: &[u8]) -> Result<Option<Self>, NoEntropy> {
        let modulus = modulus();
        let Some(client) = BigUint::parse_bytes(client.as_bytes(), 16) else {
            return Ok(None);
        };
        if &client % &modulus == BigUint::ZERO {
            return Ok(None);
        }
        let salt = BigUint::from_bytes_be(&random::bytes::<16>()?);
        let x = hash(&[&padded(&salt), inner]);
        let generator = BigUint::from(GENERATOR);
        let verifier = generator.modpow(&x, &modulus);
        let secret = BigUint::from_bytes_be(&random::bytes::<32>()?);
        let server =
            (multiplier(&modulus) * &verifier + generator.modpow(&secret, &modulus)) % &modulus;
        Ok(Some(Self {
            client,
            server,
            secret,
            verifier,
            salt,
            block: random::bytes::<64>()?.to_vec(),
        }))
    }

    /// `SALT`, in hexadecimal.
    pub(super) fn salt(&self) -> String {
        self.salt.to_str_radix(16)
    }

    /// `SRP_B`, in hexadecimal.
    pub(super) fn server(&self) -> String {
        self.server.to_str_radix(16)
    }

    /// Whether the signature is over these parts, under the key that only the password's owner shares.
    pub(super) fn proves(&self, parts: [&[u8]; 4], signature: &[u8]) -> bool {
        let modulus = modulus();
        let scramble = hash(&[&padded(&self.client), &padded(&self.server)]);
        let base = &self.client * self.verifier.modpow(&scramble, &modulus);
        let shared = base.modpow(&self.secret, &modulus);
        let Some(key) = derived_key(&padded(&shared), &padded(&scramble)) else {
            return false;
        };
        let Some(mut message) = mac(key.get(..16).unwrap_or_default()) else {
            return false;
        };
        for part in parts {
            message.update(part);
        }
        message.verify_slice(signature).is_ok()
    }
}

/// What of a password the exchange needs: it is kept instead of the password.
pub(super) fn inner_hash(pool_id: &str, username: &str, password: &str) -> Vec<u8> {
    let pool = pool_name(pool_id);
    Sha256::new()
        .chain_update(pool)
        .chain_update(username)
        .chain_update(":")
        .chain_update(password)
        .finalize()
        .to_vec()
}

/// The part of a pool's id behind the underscore.
pub(super) fn pool_name(pool_id: &str) -> &str {
    pool_id.split_once('_').map_or(pool_id, |(_, name)| name)
}

fn modulus() -> BigUint {
    BigUint::parse_bytes(MODULUS.as_bytes(), 16).unwrap_or_default()
}

/// `k`.
fn multiplier(modulus: &BigUint) -> BigUint {
    hash(&[&padded(modulus), &padded(&BigUint::from(GENERATOR))])
}

fn hash(parts: &[&[u8]]) -> BigUint {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    BigUint::from_bytes_be(&hash.finalize())
}

/// Two's complement, as Java's BigInteger writes a positive number.
fn padded(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    bytes
}

/// HKDF with SHA-256, one block.
fn derived_key(input: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let mut extract = mac(salt)?;
    extract.update(input);
    let mut expand = mac(&extract.finalize().into_bytes())?;
    expand.update(b"Caldera Derived Key\x01");
    Some(expand.finalize().into_bytes().to_vec())
}

fn mac(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client's half, by the same formulas from the other side.
    fn client_key(a: &BigUint, exchange: &Exchange, inner: &[u8]) -> Vec<u8> {
        let modulus = modulus();
        let generator = BigUint::from(GENERATOR);
        let x = hash(&[&padded(&exchange.salt), inner]);
        let u = hash(&[&padded(&exchange.client), &padded(&exchange.server)]);
        let known = multiplier(&modulus) * generator.modpow(&x, &modulus) % &modulus;
        let base = (&exchange.server + &modulus - known) % &modulus;
        let shared = base.modpow(&(a + u.clone() * x), &modulus);
        derived_key(&padded(&shared), &padded(&u)).unwrap()[..16].to_vec()
    }

    fn signature(inner: &[u8]) -> (Exchange, Vec<u8>) {
        let a = BigUint::from(0x1234_5678_u64);
        let client = BigUint::from(GENERATOR).modpow(&a, &modulus());
        let right = inner_hash("us-east-1_Pool", "jo", "right");
        let exchange = Exchange::begin(&client.to_str_radix(16), &right)
            .unwrap()
            .unwrap();
        let mut message = mac(&client_key(&a, &exchange, inner)).unwrap();
        message.update(b"Pooljoblocknow");
        (exchange, message.finalize().into_bytes().to_vec())
    }

    const PARTS: [&[u8]; 4] = [b"Pool", b"jo", b"block", b"now"];

    #[test]
    fn both_sides_share_a_key_if_the_password_is_right() {
        let (exchange, signed) = signature(&inner_hash("us-east-1_Pool", "jo", "right"));
        assert!(exchange.proves(PARTS, &signed));
        let another_time: [&[u8]; 4] = [b"Pool", b"jo", b"block", b"then"];
        assert!(!exchange.proves(another_time, &signed));
    }

    #[test]
    fn a_wrong_password_proves_nothing() {
        let (exchange, signed) = signature(&inner_hash("us-east-1_Pool", "jo", "wrong"));
        assert!(!exchange.proves(PARTS, &signed));
    }

    #[test]
    fn a_public_value_that_needs_no_password_is_refused() {
        for client in ["0", MODULUS, "not a number"] {
            assert!(Exchange::begin(client, b"").unwrap().is_none(), "{client}");
        }
    }
}
