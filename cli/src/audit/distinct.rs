//! Which values occur twice, in 16 bytes a value.

use std::{
    cmp::Ordering,
    hash::{BuildHasher as _, RandomState},
};

/// Remembers values by keyed 64-bit digests (SipHash, with a key of this run): among a million values two
/// different ones are taken for the same with a probability of 3 in 100 million. Nothing can be read back.
#[derive(Default)]
pub(crate) struct Distinct {
    digests: RandomState,
    seen: Vec<Seen>,
}

/// A value, in 16 bytes.
#[derive(Clone, Copy)]
struct Seen {
    /// Digest of what is compared.
    canonical: u64,
    /// Part of the digest of what was written.
    written: u32,
    /// The line; from the 4 billionth on, that one.
    line: u32,
}

/// Values that occur more than once.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Repeated {
    /// How many rows hold one of them.
    pub(crate) rows: u64,
    /// The lines of the first of them, a list a value.
    pub(crate) first: Vec<Vec<u64>>,
}

impl Distinct {
    /// A value as it is compared and as it was written.
    pub(crate) fn add(&mut self, canonical: &str, written: &str, line: u64) {
        let written = self.digests.hash_one(written) >> 32;
        self.seen.push(Seen {
            canonical: self.digests.hash_one(canonical),
            written: u32::try_from(written).unwrap_or_default(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        });
    }

    /// Those that were always written alike, and those that were not. Sorts in place.
    pub(crate) fn repeated(mut self, list: usize) -> [Repeated; 2] {
        self.seen.sort_unstable_by(|a, b| {
            let same = a.canonical.cmp(&b.canonical);
            same.then(a.line.cmp(&b.line))
        });
        let mut repeated = [Repeated::default(), Repeated::default()];
        for group in self.seen.chunk_by(|a, b| a.canonical == b.canonical) {
            let [first, second, ..] = group else { continue };
            let alike = group.iter().all(|seen| seen.written == first.written);
            let [always_alike, differently] = &mut repeated;
            let found = if alike { always_alike } else { differently };
            found.rows += u64::try_from(group.len()).unwrap_or(u64::MAX);
            let lines = group.iter().map(|seen| seen.line.into());
            // At least two, or it would not show what is the same.
            found.first.push(lines.take(list.max(2)).collect());
            if found.first.len() >= list.saturating_mul(2).max(1024) {
                keep_first(&mut found.first, list);
            }
            debug_assert_ne!(first.line.cmp(&second.line), Ordering::Greater);
        }
        for found in &mut repeated {
            keep_first(&mut found.first, list);
        }
        repeated
    }
}

fn keep_first(groups: &mut Vec<Vec<u64>>, list: usize) {
    groups.sort_unstable();
    groups.truncate(list);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_were_written_alike_are_told_from_those_that_were_not() {
        let mut distinct = Distinct::default();
        for (line, written) in (2..).zip(["ana", "bob", "Ana", "bob", "eve", "bob"]) {
            distinct.add(&written.to_lowercase(), written, line);
        }
        let [alike, differently] = distinct.repeated(10);
        assert_eq!((alike.rows, alike.first), (3, vec![vec![3, 5, 7]]));
        assert_eq!((differently.rows, differently.first), (2, vec![vec![2, 4]]));
    }

    #[test]
    fn all_are_counted_and_the_first_are_listed() {
        let mut distinct = Distinct::default();
        for line in 0..6000 {
            let value = (line % 3000).to_string();
            distinct.add(&value, &value, line);
        }
        let [alike, _] = distinct.repeated(2);
        assert_eq!(alike.rows, 6000);
        assert_eq!(alike.first, [[0, 3000], [1, 3001]]);
    }

    #[test]
    fn a_value_takes_sixteen_bytes() {
        assert_eq!(size_of::<Seen>(), 16);
    }
}
