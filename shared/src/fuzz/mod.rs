//! A fuzzer for parsers of hostile text, within the tests: seeded, bounded, guided by outcomes. Development only.
//!
//! It starts from true inputs, changes up to four places in one, and keeps an input that has an outcome not seen
//! before, to change it further. `FUZZ_SECONDS` says how long for each target; without it some thousand inputs are
//! met. Deterministic for a `FUZZ_SEED`, so that a failure repeats; it names the input.

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

/// Inputs of a target where no time is given.
const INPUTS: usize = 20_000;
/// The longest input, characters.
const LONGEST: usize = 20_000;
/// What parsers look for, and bytes that have surprised others.
const TOKENS: &[&str] = &[
    ".",
    "..",
    "=",
    "@",
    "@@",
    "%",
    "%00",
    "+",
    "-",
    "_",
    "/",
    "&",
    ";",
    " ",
    "\t",
    "\r\n",
    "\n",
    "\0",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "{}",
    "[]",
    "\"\"",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "1e300",
    "-0",
    "9007199254740993",
    "18446744073709551616",
    "\\ud800",
    "\\u0000",
    "xn--",
    "xn--a",
    "é",
    "𝄞",
    "\u{200b}",
    "\u{ad}",
    "\u{202e}",
    "İ",
    "ß",
    "(",
    ")",
    "<",
    ">",
    "eyJ",
    "eyJhbGciOiJub25lIn0",
    "\"alg\":\"none\",",
    "\"crit\":[],",
    "\"b64\":true,",
    "\"typ\":\"JWS\",",
    "\"exp\":0,",
    "\"iss\":",
    "\"kid\":\"a\",",
    "\"use\":\"enc\",",
    "grant_type",
    "Bearer ",
    "triggerSource",
    "userAttributes",
];

/// How often each outcome came.
pub type Outcomes = BTreeMap<String, usize>;

/// Gives `meet` the seeds and then mutations of them and of what they led to. `meet` says what came of an input:
/// a reason, a kind, never the input itself.
///
/// # Panics
/// When `meet` does, after it has named the input.
pub fn fuzz(seeds: &[String], mut meet: impl FnMut(&str) -> String) -> Outcomes {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let time = number("FUZZ_SECONDS").map(Duration::from_secs);
    let mut random = Random(
        number("FUZZ_SEED")
            .unwrap_or(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            | 1,
    );
    let mut corpus = seeds.to_vec();
    let mut outcomes = Outcomes::new();
    let (start, mut count) = (Instant::now(), 0);
    loop {
        let over = match time {
            Some(time) => start.elapsed() >= time && count >= seeds.len(),
            None => count >= INPUTS,
        };
        if over {
            return outcomes;
        }
        let input = match seeds.get(count) {
            Some(seed) => seed.clone(),
            None => random.mutate(&corpus),
        };
        count += 1;
        let met = catch_unwind(AssertUnwindSafe(|| meet(&input)));
        assert!(met.is_ok(), "panics on {input:?}");
        let outcome = met.unwrap_or_default();
        let times = outcomes.entry(outcome).or_default();
        *times += 1;
        if *times == 1 && count > seeds.len() {
            corpus.push(input);
        }
    }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(number).unwrap_or(0) % limit.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &'a [impl AsRef<T>]) -> Option<&'a T> {
        of.get(self.below(of.len())).map(AsRef::as_ref)
    }

    /// Where to change `text`: half of the time behind a character that means something to a parser.
    fn place(&mut self, text: &[char]) -> usize {
        let telling = |(at, c): (usize, &char)| "{[,:\".&=@ \n".contains(*c).then_some(at + 1);
        let telling: Vec<usize> = text.iter().enumerate().filter_map(telling).collect();
        let anywhere = self.below(text.len() + 1);
        match self.below(2) {
            0 => anywhere,
            _ => telling
                .get(self.below(telling.len()))
                .copied()
                .unwrap_or(anywhere),
        }
    }

    fn mutate(&mut self, corpus: &[String]) -> String {
        let mut text: Vec<char> = self
            .one::<str>(corpus)
            .unwrap_or_default()
            .chars()
            .collect();
        for _ in 0..=self.below(4) {
            let at = self.place(&text);
            let end = (at + self.below(12)).min(text.len());
            match self.below(7) {
                0 | 1 => {
                    let token = self.one::<str>(TOKENS).unwrap_or_default();
                    drop(text.splice(at..at, token.chars()));
                }
                5 => {
                    let token = self.one::<str>(TOKENS).unwrap_or_default();
                    drop(text.splice(at..end, token.chars()));
                }
                2 => text.truncate(at),
                3 => drop(text.drain(at..end)),
                4 => {
                    let copied: Vec<char> = text.iter().skip(at).take(end - at).copied().collect();
                    drop(text.splice(at..at, copied));
                }
                _ => {
                    let other = self.one::<str>(corpus).unwrap_or_default();
                    let from = self.below(other.chars().count() + 1);
                    text.truncate(at);
                    text.extend(other.chars().skip(from));
                }
            }
        }
        text.truncate(LONGEST);
        text.into_iter().collect()
    }
}

#[cfg(test)]
mod targets;
