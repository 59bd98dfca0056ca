//! The inputs: read from the vectors and the corpus, mutated, and kept.

use std::{fs, io::Write as _};

use poolkeeper_password::SchemeHint;
use serde_json::{Value, json};

use crate::families::TOKENS;

pub(crate) const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/password.jsonl");
pub(crate) const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../password/tests/vectors.jsonl"
);

#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) hint: Option<usize>,
    pub(crate) stored: Vec<u8>,
}

/// xorshift64*: seeded, so that a finding can be repeated.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }
}

pub(crate) struct Hints {
    pub(crate) json: Vec<Value>,
    pub(crate) parsed: Vec<SchemeHint>,
}

impl Hints {
    pub(crate) fn add(&mut self, hint: &Value) -> usize {
        if let Some(known) = self.json.iter().position(|known| known == hint) {
            return known;
        }
        self.parsed
            .push(serde_json::from_value(hint.clone()).expect("a hint of the corpus"));
        self.json.push(hint.clone());
        self.json.len() - 1
    }
}

pub(crate) fn seeds(path: &str, schemes: &[&str], hints: &mut Hints) -> Vec<Input> {
    let lines = fs::read_to_string(path).unwrap_or_default();
    let values = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON lines"));
    let mut inputs = Vec::new();
    for value in values {
        let scheme = value["scheme"].as_str().unwrap_or_default();
        if scheme.is_empty() || schemes.iter().any(|prefix| scheme.starts_with(prefix)) {
            let stored = match (&value["stored"], &value["bytes"]) {
                (Value::String(stored), _) => stored.clone().into_bytes(),
                (_, Value::Array(bytes)) => bytes
                    .iter()
                    .map(|byte| byte.as_u64().unwrap_or(0) as u8)
                    .collect(),
                _ => continue,
            };
            let hint = value.get("hint").map(|hint| hints.add(hint));
            inputs.push(Input { hint, stored });
        }
    }
    inputs
}

pub(crate) fn mutate(random: &mut Random, corpus: &[Input], hints: usize) -> Input {
    let mut input = corpus[random.below(corpus.len())].clone();
    let bytes = &mut input.stored;
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(12) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => drop(bytes.splice(at..at, [random.next() as u8])),
            5 | 6 => {
                let token = TOKENS[random.below(TOKENS.len())].bytes();
                drop(bytes.splice(at..end, token));
            }
            // A number becomes one at the edge.
            7 => {
                if let Some(start) = bytes[at..]
                    .iter()
                    .position(u8::is_ascii_digit)
                    .map(|offset| at + offset)
                {
                    let digits = bytes[start..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .count();
                    let token = TOKENS[21 + random.below(26)].bytes();
                    drop(bytes.splice(start..start + digits, token));
                }
            }
            8 => {
                let copied = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copied));
            }
            9 => {
                let other = &corpus[random.below(corpus.len())].stored;
                let from = random.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            10 if hints > 0 => input.hint = Some(random.below(hints)),
            11 => input.hint = None,
            _ => {}
        }
    }
    bytes.truncate(5000);
    input
}

/// A line of the corpus: text where it is text.
pub(crate) fn line(scheme: &str, input: &Input, hints: &Hints) -> Value {
    let mut line = json!({ "scheme": scheme });
    match str::from_utf8(&input.stored) {
        Ok(text) => line["stored"] = text.into(),
        Err(_) => line["bytes"] = input.stored.as_slice().into(),
    }
    if let Some(hint) = input.hint {
        line["hint"] = hints.json[hint].clone();
    }
    line
}

pub(crate) fn append(line: &Value) {
    let file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(CORPUS);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
        eprintln!("not kept: {error}");
    }
}
