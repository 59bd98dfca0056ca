//! Whom a pass has seen in the pool: a set of a fixed size, whatever the pool's.
//!
//! A Bloom filter: of whom it has not seen it may say that it has, of whom it has never that it has not. So a
//! sweep may overlook somebody who is gone (one in 500 with a million users in the pool, one in 7 with four
//! million), whom the next pass finds, for it draws other bits; and it asks the pool about nobody whom the pass
//! has listed.

use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

/// Octets of the set: a bit is named by 24 bits of a digest.
pub(crate) const OCTETS: usize = 1 << 21;

/// Users whom the pool is asked about in one run though the pass may have listed and forgotten them: five
/// minutes at five calls a second. The others are left to the next pass.
const ASKED_AGAIN: u32 = 1_500;

/// Parts of a pool, by the first digit of a `sub`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts(pub(crate) u16);

/// Users whom a pass has listed.
pub(crate) struct Seen {
    pass: String,
    octets: Vec<u8>,
    /// Parts of whose users some may be forgotten: a run that listed them died.
    forgotten: Parts,
    asked_again: AtomicU32,
}

impl Parts {
    /// Those that a pass has begun which lists what begins with `prefix`; all of them where it lists no more.
    pub(crate) fn begun(prefix: Option<&str>) -> Self {
        let digit = prefix.and_then(first_digit);
        Self(digit.map_or(u16::MAX, |digit| u16::MAX >> (15 - digit)))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, sub: &str) -> bool {
        first_digit(sub).is_none_or(|digit| self.0 & (1 << digit) != 0)
    }
}

fn first_digit(text: &str) -> Option<u32> {
    text.chars().next()?.to_digit(16)
}

impl Seen {
    /// Nobody yet, in a pass.
    pub(crate) fn nobody(pass: &str) -> Self {
        Self::recalled(pass, vec![0; OCTETS], Parts::default())
    }

    /// Whom the pass had seen when `octets` were kept.
    pub(crate) fn recalled(pass: &str, mut octets: Vec<u8>, forgotten: Parts) -> Self {
        octets.resize(OCTETS, 0);
        Self {
            pass: pass.to_owned(),
            octets,
            forgotten,
            asked_again: AtomicU32::new(0),
        }
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn add(&mut self, sub: &str) {
        for (octet, bit) in self.bits(sub) {
            if let Some(octet) = self.octets.get_mut(octet) {
                *octet |= bit;
            }
        }
    }

    fn has(&self, sub: &str) -> bool {
        let mut bits = self.bits(sub).into_iter();
        bits.all(|(octet, bit)| self.octets.get(octet).is_some_and(|octet| octet & bit != 0))
    }

    /// Whether the pool is to be asked about a user.
    pub(crate) fn is_to_be_asked_about(&self, sub: &str) -> bool {
        !self.has(sub)
            && (!self.forgotten.has(sub)
                || self.asked_again.fetch_add(1, Ordering::Relaxed) < ASKED_AGAIN)
    }

    fn bits(&self, sub: &str) -> [(usize, u8); 4] {
        let digest = Sha256::new()
            .chain_update(&self.pass)
            .chain_update("#")
            .chain_update(sub)
            .finalize();
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..]: [u8; 32] = digest.into();
        [[a, b, c], [d, e, f], [g, h, i], [j, k, l]].map(|[low, middle, high]| {
            let octet = [low, middle, high & 0x1f].map(usize::from);
            (octet[0] | octet[1] << 8 | octet[2] << 16, 1 << (high >> 5))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub(number: u32) -> String {
        format!(
            "{:08x}-aaaa-4bbb-8ccc-000000000000",
            number.wrapping_mul(2_654_435_761)
        )
    }

    #[test]
    fn whoever_was_seen_stays_seen_and_few_others_seem_so() {
        let mut seen = Seen::nobody("pass");
        (0..100_000).for_each(|number| seen.add(&sub(number)));
        assert!((0..100_000).all(|number| seen.has(&sub(number))));
        let mistaken = |seen: &Seen, from: u32| {
            let others = from..from + 20_000;
            others.filter(|number| seen.has(&sub(*number))).count()
        };
        assert_eq!(mistaken(&seen, 100_000), 0);
        (100_000..1_000_000).for_each(|number| seen.add(&sub(number)));
        let mistaken = mistaken(&seen, 1_000_000);
        assert!(mistaken < 20_000 / 300, "{mistaken}");
        assert_eq!(seen.octets().len(), OCTETS);
    }

    #[test]
    fn another_pass_mistakes_others() {
        let (one, two) = (Seen::nobody("1"), Seen::nobody("2"));
        assert_ne!(one.bits(&sub(7)), two.bits(&sub(7)));
    }

    #[test]
    fn what_was_kept_is_recalled() {
        let mut seen = Seen::nobody("pass");
        seen.add(&sub(1));
        let recalled = Seen::recalled("pass", seen.octets().to_vec(), Parts::default());
        assert!(recalled.has(&sub(1)) && !recalled.has(&sub(2)));
    }

    #[test]
    fn so_many_and_no_more_are_asked_about_again() {
        let seen = Seen::recalled("pass", Vec::new(), Parts::begun(Some("7f")));
        for _ in 0..ASKED_AGAIN {
            assert!(seen.is_to_be_asked_about("7fffffff"));
        }
        assert!(!seen.is_to_be_asked_about("0"));
        assert!(seen.is_to_be_asked_about("80000000"));
    }

    #[test]
    fn the_parts_that_a_pass_has_begun_are_those_up_to_where_it_is() {
        for (prefix, parts) in [
            (Some("0"), 0b1),
            (Some("3a"), 0b1111),
            (Some("f"), u16::MAX),
            (None, u16::MAX),
        ] {
            assert_eq!(Parts::begun(prefix), Parts(parts), "{prefix:?}");
        }
    }
}
