//! Fuzzes `password/`: one target a family.
//!
//!     cargo run --release --bin password -- [--family NAME] [--inputs N] [--seconds N] [--seed N] [--keep]
//!
//! Deterministic for a seed. Starts from the vectors of the tests and from `corpus/password.jsonl`, mutates them,
//! and keeps in memory what gives an outcome not seen before (scheme, reason, cost by powers of two), to mutate it
//! further; `--keep` writes the shortest of these to the corpus. Every input is parsed with its hint and without; what
//! fits into a small budget is verified as well. `--seconds` is the time of the whole run: the families share it, as
//! many at a time as there are cores.
//! A panic, a match, a cost over the budget or a verification that takes far longer than it was estimated is
//! written to `corpus/password.jsonl`, where the tests find it from then on, and ends the run with status 1.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use poolkeeper_password::{Budget, Password, Scheme, SchemeHint, StoredHash};
use serde_json::{Value, json};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/password.jsonl");
const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../password/tests/vectors.jsonl"
);
/// Enough for the cheapest parameters of each scheme.
const BUDGET: Budget = Budget {
    memory_bytes: 1 << 20,
    time: Duration::from_millis(10),
};
/// A verification may be this much slower than estimated, on a slow and busy machine, before it is a finding.
const LATE: Duration = Duration::from_millis(500);
/// How many inputs `--keep` keeps of a family.
const KEPT: usize = 40;
/// A family's verifications may take this share of its time; parsing is a thousand times faster.
const VERIFY_SHARE: f64 = 0.7;

/// The families, and the schemes whose vectors are their seeds.
const FAMILIES: &[(&str, &[&str])] = &[
    ("argon2", &["argon2"]),
    ("aspnet", &["aspnet"]),
    (
        "bcrypt",
        &[
            "bcrypt",
            "django-bcrypt",
            "passlib-bcrypt",
            "wordpress",
            "meteor",
            "devise",
        ],
    ),
    ("database", &["mysql", "mssql"]),
    ("des-crypt", &["des-crypt", "bsdi-crypt"]),
    ("django", &["django", "clerk"]),
    ("dovecot", &["dovecot", "nt-hash"]),
    ("firebase", &["firebase"]),
    ("generic", &["generic"]),
    ("keycloak", &["keycloak"]),
    ("ldap", &["ldap"]),
    ("md5-crypt", &["md5-crypt", "apr1"]),
    ("ory", &["ory"]),
    (
        "pbkdf2",
        &["pbkdf2", "ldap-pbkdf2", "atlassian", "grub", "cta", "dlitz"],
    ),
    ("phpass", &["phpass", "drupal7"]),
    ("scram", &["scram"]),
    ("scrypt", &["scrypt", "better-auth"]),
    ("sha-crypt", &["sha1-crypt", "sha256-crypt", "sha512-crypt"]),
    ("shop", &["magento", "joomla"]),
    ("spring", &["spring"]),
    ("symfony", &["symfony"]),
    ("werkzeug", &["werkzeug"]),
    ("yescrypt", &["yescrypt"]),
    ("any", &[""]),
];

/// What parsers look for, and numbers at their edges.
const TOKENS: &[&str] = &[
    "$",
    "$$",
    ":",
    ",",
    "=",
    "{",
    "}",
    ".",
    "/",
    "+",
    "-",
    "_",
    "!",
    "*",
    "\"",
    "\\",
    "\0",
    "é",
    "𝄞",
    "U",
    "==",
    "0",
    "1",
    "00",
    "3",
    "4",
    "31",
    "32",
    "63",
    "64",
    "127",
    "128",
    "255",
    "256",
    "999",
    "1000",
    "65535",
    "65536",
    "1048576",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "-1",
    "+1",
    "v=19",
    "v=16",
    "m=",
    "t=",
    "p=",
    "ln=",
    "r=",
    "i=",
    "l=",
    "rounds=",
    "keyid=",
    "data=",
    "$1$",
    "$2b$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$P$",
    "$S$",
    "$apr1$",
    "$sha1$",
    "$argon2id$",
    "$scrypt$",
    "$pbkdf2-sha256$",
    "$md5$pf=",
    "$hmac-sha1$",
    "$p5k2$",
    "{PASSWORD}",
    "{SALT}",
    "SCRAM-SHA-256$",
    "{SCRAM-SHA-1}",
    "0x0100",
    "0x0200",
    "{NTLM}",
    ".HEX}",
    "{CRYPT}",
    "{SSHA}",
    "{MD5}",
    "{noop}",
    "{pbkdf2}",
    "{scrypt}",
    "{sha256}",
    "{ldap}",
    "pbkdf2:sha256:",
    "pbkdf2_sha256$",
    "3_32_2_8192",
    "/....",
];

#[derive(Clone)]
struct Input {
    hint: Option<usize>,
    stored: Vec<u8>,
}

/// xorshift64*: seeded, so that a finding can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }
}

struct Hints {
    json: Vec<Value>,
    parsed: Vec<SchemeHint>,
}

impl Hints {
    fn add(&mut self, hint: &Value) -> usize {
        if let Some(known) = self.json.iter().position(|known| known == hint) {
            return known;
        }
        self.parsed
            .push(serde_json::from_value(hint.clone()).expect("a hint of the corpus"));
        self.json.push(hint.clone());
        self.json.len() - 1
    }
}

fn seeds(path: &str, schemes: &[&str], hints: &mut Hints) -> Vec<Input> {
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

fn mutate(random: &mut Random, corpus: &[Input], hints: usize) -> Input {
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

/// The outcome, for the corpus; or a finding.
fn meet(
    input: &Input,
    hints: &Hints,
    wrong: &Password,
    verify: bool,
) -> Result<(u64, bool), String> {
    let hint = input.hint.map(|hint| &hints.parsed[hint]);
    let bare = StoredHash::parse(&input.stored, None);
    let stored = match StoredHash::parse(&input.stored, hint) {
        Ok(stored) => stored,
        Err(error) => {
            let scheme = error.scheme().map_or(0, |scheme| scheme as u64 + 1);
            return Ok((1 << 32 | scheme << 8 | error.reason() as u64, false));
        }
    };
    let cost = stored.cost();
    let magnitude = u64::from(cost.time.as_micros().max(1).ilog2()) << 8
        | u64::from(cost.memory_bytes.max(1).ilog2());
    let outcome =
        2 << 32 | (stored.scheme() as u64) << 16 | magnitude | u64::from(bare.is_ok()) << 31;
    if !verify || stored.check(&BUDGET).is_err() {
        return Ok((outcome, false));
    }
    let start = Instant::now();
    let verified = stored.verify(wrong, &BUDGET);
    let took = start.elapsed();
    if verified == Ok(true) && stored.scheme() != Scheme::SpringNoop {
        return Err("matches a password that nobody set".to_owned());
    }
    if took > LATE {
        return Err(format!("took {took:?}, estimated {:?}", cost.time));
    }
    Ok((outcome, true))
}

fn report(scheme: &str, input: &Input, hints: &Hints, finding: &str) {
    eprintln!(
        "FINDING: {finding}\n  {:?}",
        String::from_utf8_lossy(&input.stored)
    );
    let mut line = line(scheme, input, hints);
    line["finding"] = finding.into();
    append(&line);
}

/// A line of the corpus: text where it is text.
fn line(scheme: &str, input: &Input, hints: &Hints) -> Value {
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

fn append(line: &Value) {
    let file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(CORPUS);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
        eprintln!("not kept: {error}");
    }
}

fn option(name: &str) -> Option<String> {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

/// What a family came to.
#[derive(Default)]
struct Tally {
    parsed: u64,
    verified: u64,
    findings: u64,
}

/// When a family has had its share.
#[derive(Clone, Copy)]
struct Share {
    inputs: Option<u64>,
    time: Option<Duration>,
}

fn fuzz(name: &str, schemes: &[&str], share: Share, seed: u64, keep: bool) -> Tally {
    let mut hints = Hints {
        json: Vec::new(),
        parsed: Vec::new(),
    };
    let mut corpus = seeds(VECTORS, schemes, &mut hints);
    corpus.extend(seeds(CORPUS, schemes, &mut hints));
    let start = Instant::now();
    let wrong = Password::parse("nobody's password".to_owned()).expect("valid");
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut seen = BTreeSet::new();
    let (mut tally, mut spent) = (Tally::default(), Duration::ZERO);
    let seeds = corpus.len();
    loop {
        let (count, elapsed) = (tally.parsed, start.elapsed());
        if share.inputs.is_some_and(|inputs| count >= inputs)
            || share.time.is_some_and(|time| elapsed >= time)
        {
            break;
        }
        // The seeds themselves first.
        let input = match corpus.get(count as usize) {
            Some(seed) if (count as usize) < seeds => seed.clone(),
            _ => mutate(&mut random, &corpus, hints.parsed.len()),
        };
        // Every input in the first thousand, then as many as the share of the time allows.
        let verify = count < 1000
            || count % 4 == 0 && spent.as_secs_f64() < elapsed.as_secs_f64() * VERIFY_SHARE;
        let before = Instant::now();
        tally.parsed += 1;
        match catch_unwind(AssertUnwindSafe(|| meet(&input, &hints, &wrong, verify))) {
            Ok(Ok((outcome, was_verified))) => {
                tally.verified += u64::from(was_verified);
                if was_verified {
                    spent += before.elapsed();
                }
                if seen.insert(outcome) && count as usize >= seeds {
                    corpus.push(input);
                }
            }
            Ok(Err(finding)) => {
                tally.findings += 1;
                report(schemes[0], &input, &hints, &finding);
            }
            Err(_) => {
                tally.findings += 1;
                report(schemes[0], &input, &hints, "panics");
            }
        }
    }
    if keep {
        // The shortest first: they are quick to mutate and to read.
        let mut kept = corpus.split_off(seeds);
        kept.sort_by_key(|input| input.stored.len());
        for input in kept.iter().take(KEPT) {
            append(&line(schemes[0], input, &hints));
        }
    }
    println!(
        "{name}: {} inputs, {} verified, {} outcomes, {:.1?}",
        tally.parsed,
        tally.verified,
        seen.len(),
        start.elapsed()
    );
    tally
}

fn main() -> ExitCode {
    let number = |name: &str| option(name).map(|value| value.parse::<u64>().expect("a number"));
    let (inputs, seconds) = (number("--inputs"), number("--seconds"));
    let seconds = seconds.or(inputs.is_none().then_some(60));
    let seed = number("--seed").unwrap_or(1);
    let keep = env::args().any(|argument| argument == "--keep");
    let only = option("--family");
    let families: Vec<_> = FAMILIES
        .iter()
        .filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
        .collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let count = families.len().max(1);
    let share = Share {
        inputs: inputs.map(|inputs| inputs.div_ceil(count as u64)),
        time: seconds.map(|seconds| {
            Duration::from_secs_f64(seconds as f64 * workers.min(count) as f64 / count as f64)
        }),
    };
    let next = AtomicUsize::new(0);
    let tallies = thread::scope(|scope| {
        let work = || {
            let mut tallies = Vec::new();
            while let Some((name, schemes)) = families.get(next.fetch_add(1, Ordering::Relaxed)) {
                tallies.push(fuzz(name, schemes, share, seed, keep));
            }
            tallies
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .expect("a worker catches the panics of parsers")
            })
            .collect::<Vec<_>>()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (parsed, findings) = (sum(|tally| tally.parsed), sum(|tally| tally.findings));
    println!(
        "{parsed} inputs parsed, {} verified, {findings} findings, seed {seed}",
        sum(|tally| tally.verified)
    );
    if findings == 0 && parsed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
