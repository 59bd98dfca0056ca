//! Identifiers in the shapes that AWS gives them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::random::uuid_of;

/// A request id: a version 4 UUID.
pub(super) fn request_id() -> String {
    uuid_of(random_bytes())
}

/// An X-Ray header of a request that is not sampled.
pub(super) fn trace_id() -> String {
    let seconds = since_epoch().as_secs();
    format!(
        "Root=1-{seconds:08x}-{};Parent={};Sampled=0",
        random_hex(12),
        random_hex(8)
    )
}

/// The time of day, for deadlines and event times.
pub(super) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Milliseconds as the wire formats count them.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `bytes` random bytes in hexadecimal, sixteen at most. A system without randomness gives zeros: ids
/// here tell requests apart, they guard nothing.
pub(super) fn random_hex(bytes: usize) -> String {
    base16ct::lower::encode_string(random_bytes().get(..bytes).unwrap_or_default())
}

fn random_bytes() -> [u8; 16] {
    let mut random = [0; 16];
    let _ = getrandom::fill(&mut random);
    random
}

#[cfg(test)]
mod tests {
    use super::request_id;

    #[test]
    fn a_request_id_is_a_version_4_uuid() {
        let id = request_id();
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(id.chars().nth(14), Some('4'));
        assert_ne!(id, request_id());
    }
}
