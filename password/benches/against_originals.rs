//! The costly functions against their original libraries, on the same machine, as ratios:
//!
//!     PYTHON=tools/password-vectors/venv/bin/python cargo bench -p poolkeeper-password
//!
//! Each is the best of several runs. The others run through Python (`hashlib` is OpenSSL, `bcrypt`, `argon2-cffi`) and
//! perl (libxcrypt), which time themselves; one that is not installed is left out. Above 1.3 the run fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::{
    env,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use poolkeeper_password::{Budget, DummyHash, HashFunction, Password};

const RUNS: u32 = 5;
/// None slower than this against the fastest well-kept one.
const LIMIT: f64 = 1.3;

struct Case {
    name: &'static str,
    ours: DummyHash,
    /// Python that computes it once, after its imports.
    python: &'static [(&'static str, &'static str)],
    /// A setting for perl's crypt().
    perl: Option<&'static str>,
}

fn main() -> ExitCode {
    let cases = [
        Case {
            name: "pbkdf2-sha256, 600000",
            ours: DummyHash::Pbkdf2 {
                digest: HashFunction::Sha256,
                iterations: 600_000,
            },
            python: &[(
                "import hashlib",
                "hashlib.pbkdf2_hmac('sha256', b'a password', bytes(16), 600000)",
            )],
            perl: None,
        },
        Case {
            name: "pbkdf2-sha1, 185000",
            ours: DummyHash::Pbkdf2 {
                digest: HashFunction::Sha1,
                iterations: 185_000,
            },
            python: &[(
                "import hashlib",
                "hashlib.pbkdf2_hmac('sha1', b'a password', bytes(16), 185000)",
            )],
            perl: None,
        },
        Case {
            name: "pbkdf2-sha512, 210000",
            ours: DummyHash::Pbkdf2 {
                digest: HashFunction::Sha512,
                iterations: 210_000,
            },
            python: &[(
                "import hashlib",
                "hashlib.pbkdf2_hmac('sha512', b'a password', bytes(16), 210000)",
            )],
            perl: None,
        },
        Case {
            name: "bcrypt, 10",
            ours: DummyHash::Bcrypt { cost: 10 },
            python: &[(
                "import bcrypt",
                "bcrypt.hashpw(b'a password', b'$2b$10$abcdefghijklmnopqrstuu')",
            )],
            perl: Some("$2b$10$abcdefghijklmnopqrstuu"),
        },
        Case {
            name: "argon2id, 19 MiB, 2 passes",
            ours: DummyHash::Argon2id {
                memory_kib: 19456,
                passes: 2,
                lanes: 1,
            },
            python: &[(
                "import argon2.low_level as a",
                "a.hash_secret_raw(b'a password', bytes(16), 2, 19456, 1, 32, a.Type.ID)",
            )],
            perl: None,
        },
        Case {
            name: "scrypt, N 2^15, r 8",
            ours: DummyHash::Scrypt {
                log_n: 15,
                r: 8,
                p: 1,
            },
            python: &[(
                "import hashlib",
                "hashlib.scrypt(b'a password', salt=bytes(16), n=2**15, r=8, p=1, maxmem=2**26, dklen=32)",
            )],
            perl: Some("$7$D6..../....saltsalt$"),
        },
        Case {
            name: "sha512-crypt, 656000",
            ours: DummyHash::Sha512Crypt { rounds: 656_000 },
            python: &[(
                "import passlib.hash as p",
                "p.sha512_crypt.using(rounds=656000, salt='saltsalt').hash('a password')",
            )],
            perl: Some("$6$rounds=656000$saltsalt$"),
        },
    ];
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut slow = false;
    println!(
        "{:<28} {:>9} {:>9} {:>6}  estimated",
        "", "ours", "fastest", "ratio"
    );
    for case in cases {
        let stored = case.ours.stored().unwrap();
        let password = Password::parse("a password".to_owned()).unwrap();
        let budget = Budget {
            memory_bytes: u64::MAX,
            time: Duration::MAX,
        };
        let ours = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                let _ = stored.verify(&password, &budget).unwrap();
                start.elapsed()
            })
            .min()
            .unwrap();
        let by_python = case.python.iter().filter_map(|(imports, code)| {
            let script = format!(
                "import timeit\n{imports}\nprint(min(timeit.repeat(lambda: {code}, number=1, repeat={RUNS})))"
            );
            seconds(Command::new(&python).args(["-c", &script]))
        });
        let by_perl = case.perl.and_then(|setting| {
            let script = "use Time::HiRes 'time'; my $best; for (1..$ARGV[1]) { my $start = time; \
                 my $hash = crypt('a password', $ARGV[0]); exit 1 if length($hash) < 9; \
                 my $took = time - $start; $best = $took if !defined $best || $took < $best } print $best";
            seconds(Command::new("perl").args(["-e", script, setting, &RUNS.to_string()]))
        });
        let fastest = by_python.chain(by_perl).min();
        let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        let ratio = fastest.map(|fastest| ours.as_secs_f64() / fastest.as_secs_f64());
        println!(
            "{:<28} {:>9} {:>9} {:>6}  {}",
            case.name,
            milliseconds(ours),
            fastest.map_or_else(|| "-".to_owned(), milliseconds),
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            milliseconds(stored.cost().time),
        );
        slow |= ratio.is_some_and(|ratio| ratio > LIMIT);
    }
    if slow {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn seconds(command: &mut Command) -> Option<Duration> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let seconds = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(seconds))
}
