//! How an endpoint knows that a request is ours: `Poolkeeper-Signature: t=<seconds>,v1=<hex>`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header, in the spelling of HTTP/2.
pub const SIGNATURE: &str = "poolkeeper-signature";

/// `t=<seconds>`, and for each key `,v1=<hex HMAC-SHA-256 of "<seconds>.<body>">`: two while a key is replaced, of
/// which the endpoint accepts either. `None` where a key cannot be one.
pub fn signature(keys: &[&[u8]], seconds: i64, body: &[u8]) -> Option<String> {
    let mut value = format!("t={seconds}");
    for key in keys {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        let digest = mac.finalize().into_bytes();
        value.push_str(",v1=");
        value.push_str(&base16ct::lower::encode_string(&digest));
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_time_and_the_body_under_each_key() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        let one = "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
        let signed = signature(&[b"key"], 1_700_000_000, b"{}").unwrap();
        assert_eq!(signed, format!("t=1700000000,v1={one}"));
        let both = signature(&[b"key", b"key"], 1_700_000_000, b"{}").unwrap();
        assert_eq!(both, format!("t=1700000000,v1={one},v1={one}"));
    }
}
