//! The test of the test: each seeded disagreement is found, told in one sentence, and nothing else is.

mod aliases;
mod audit;
mod grants;
mod wiring;

use crate::agreement::{findings, suite::Suite};

impl Suite {
    fn source(&mut self, path: &str) -> &mut String {
        self.sources.get_mut(path).unwrap()
    }
}

/// Replaces the only `from`, or the `nth`.
#[track_caller]
fn swap(text: &mut String, from: &str, nth: usize, to: &str) {
    let (at, _) = text
        .match_indices(from)
        .nth(nth)
        .unwrap_or_else(|| panic!("no {from} to change"));
    text.replace_range(at..at + from.len(), to);
}

#[track_caller]
fn assert_found(seed: impl FnOnce(&mut Suite), expected: &[&str]) {
    let mut suite = Suite::shipped();
    seed(&mut suite);
    assert_eq!(findings(&suite), expected);
}

/// A disagreement by one change of the template.
#[track_caller]
fn assert_template(from: &str, to: &str, expected: &[&str]) {
    assert_found(|suite| swap(&mut suite.template, from, 0, to), expected);
}

/// A disagreement by one change of a source.
#[track_caller]
fn assert_source(path: &str, from: &str, to: &str, expected: &[&str]) {
    assert_found(|suite| swap(suite.source(path), from, 0, to), expected);
}
