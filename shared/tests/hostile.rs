//! Mutated tokens, addresses, events and names: the parsers of `shared` refuse them or read them, and never panic.
//!
//! The seeds are true inputs; each mutation changes up to four places. Deterministic, so that a failure repeats. The
//! password parsers have a fuzzer of their own, `fuzz/`, which links no SDK.

use serde_json::value::RawValue;
use shared::{email::EmailAddress, jwt::UnverifiedJwt, phone, trigger::TriggerEvent};

const INPUTS: usize = 20_000;
/// What the parsers look for, and bytes that have surprised others.
const TOKENS: &[&str] = &[
    ".",
    "..",
    "=",
    "@",
    "@@",
    "%",
    "+",
    "-",
    "_",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "-0",
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
    "\"alg\":\"none\"",
    "\"crit\":[]",
    "\"iss\":",
    "triggerSource",
    "userAttributes",
    "18446744073709551616",
];

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(number).unwrap() % limit.max(1)
    }

    fn mutate(&mut self, seeds: &[String]) -> String {
        let mut text: Vec<char> = seeds[self.below(seeds.len())].chars().collect();
        for _ in 0..=self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(12)).min(text.len());
            match self.below(5) {
                0 => drop(text.splice(at..end, TOKENS[self.below(TOKENS.len())].chars())),
                1 => text.truncate(at),
                2 => drop(text.drain(at..end)),
                3 => {
                    let copied: Vec<char> = text[at..end].to_vec();
                    drop(text.splice(at..at, copied));
                }
                _ => {
                    let other: Vec<char> = seeds[self.below(seeds.len())].chars().collect();
                    text.truncate(at);
                    text.extend_from_slice(&other[self.below(other.len())..]);
                }
            }
        }
        text.into_iter().collect()
    }
}

/// Gives `read` every seed, which it must read, and mutations of them; says how many it read.
fn meet(seeds: &[String], read: impl Fn(&str) -> bool) -> usize {
    for seed in seeds {
        assert!(read(seed), "a seed is refused: {seed}");
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let inputs = (0..INPUTS).map(|_| random.mutate(seeds));
    let readable = inputs.filter(|input| read(input)).count();
    assert!(readable < INPUTS, "nothing is refused");
    readable
}

fn owned(seeds: &[&str]) -> Vec<String> {
    seeds.iter().map(|seed| (*seed).to_owned()).collect()
}

#[test]
fn no_mutated_token_panics() {
    // RFC 7515, appendix A.1, and the same with a key's name.
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let seeds = [
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{claims}.{signature}"),
        format!("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.{claims}.{signature}"),
    ];
    meet(&seeds, |text| {
        UnverifiedJwt::decode(text).is_ok_and(|jwt| !jwt.unverified_issuer().contains('\0'))
    });
}

#[test]
fn no_mutated_address_panics_and_what_is_read_is_read_again() {
    let seeds = owned(&[
        "ana@example.com",
        "ana.maria+tag@mail.example.co.uk",
        "bob@bücher.example",
        "o'brien@xn--bcher-kva.example",
    ]);
    meet(&seeds, |text| match text.parse::<EmailAddress>() {
        Ok(address) => {
            let canonical = address.canonical();
            let again: EmailAddress = canonical
                .parse()
                .unwrap_or_else(|_| panic!("{canonical:?}"));
            assert_eq!(again.canonical(), canonical);
            true
        }
        Err(_) => false,
    });
}

#[test]
fn no_mutated_event_panics() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let files = std::fs::read_dir(folder).unwrap();
    let events: Vec<String> = files
        .filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok())
        .filter(|text| text.contains("triggerSource"))
        .collect();
    assert!(events.len() > 3, "{}", events.len());
    let read = |text: &str| {
        let raw = RawValue::from_string(text.to_owned());
        raw.is_ok_and(|raw| TriggerEvent::parse(&raw).is_ok())
    };
    meet(&events, |text| {
        match serde_json::from_str::<Box<RawValue>>(text) {
            Ok(raw) => read(raw.get()),
            Err(_) => false,
        }
    });
}

#[test]
fn no_mutated_phone_number_panics() {
    let seeds = owned(&["+12345550100", "+491715550100"]);
    meet(&seeds, phone::is_e164);
}
