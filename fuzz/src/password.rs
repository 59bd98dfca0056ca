//! Fuzzes `password/`: one target a family.
//!
//!     cargo run --release --bin password -- [--family NAME] [--inputs N] [--seconds N] [--seed N] [--keep]
//!
//! Deterministic for a seed. Starts from the vectors of the tests and from `corpus/password.jsonl`, mutates them,
//! and keeps in memory what gives an outcome not seen before (scheme, reason, cost by powers of two), to mutate it
//! further; `--keep` writes the shortest of these to the corpus. Every input is parsed with its hint and without; what
//! fits into a small budget is verified as well. `--seconds` and `--inputs` are for each family, and as
//! many families run at a time as there are cores.
//! A panic, a match, a cost over the budget or a verification that takes far longer than it was estimated is
//! written to `corpus/password.jsonl`, where the tests find it from then on, and ends the run with status 1.

mod corpus;
mod families;

use std::{
    collections::BTreeSet,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use poolkeeper_password::{Budget, Password, Scheme, StoredHash};

use crate::{
    corpus::{CORPUS, Hints, Input, Random, VECTORS, append, line, mutate, seeds},
    families::FAMILIES,
};

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
    let seconds = seconds.or(inputs.is_none().then_some(5));
    let seed = number("--seed").unwrap_or(1);
    let keep = env::args().any(|argument| argument == "--keep");
    let only = option("--family");
    let families: Vec<_> = FAMILIES
        .iter()
        .filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
        .collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let share = Share {
        inputs,
        time: seconds.map(Duration::from_secs),
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
