//! How long an answer takes does not tell why somebody stays out. `make alike` measures it here, in minutes, and compares
//! the durations by tools/alike.py.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    path::Path,
    sync::Mutex,
};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use shared::state::DirectoryKey;

use super::{BCRYPT, FUNCTION, put, row, sign_in};
use crate::common::{answer, audit_lines, invoke, log_text, stack_under};

/// Attempts of each kind, unless `POOLKEEPER_ATTEMPTS` says another number.
const ATTEMPTS: usize = 200;
/// Attempts at the same time, each in an environment of its own.
const ENVIRONMENTS: usize = 8;
/// Milliseconds before which no answer about a user leaves: more than a hash takes on a busy machine.
const FLOOR: u32 = 1000;

/// Why somebody stays out. Each row's password is right but where it is said to be wrong.
const KINDS: [&str; 7] = [
    "unknown-user",
    "wrong-password",
    "limited-name",
    "disabled",
    "moved-before",
    "unknown-format",
    "cost-over-cap",
];

/// The one name that was tried too often.
const LIMITED: &str = "limited@example.com";

/// The suite with one attempt for each name, and no answer about a user within `floor` milliseconds.
async fn stack(floor: u32) -> Stack {
    let rules = format!(
        "forgot_password = false\nanswer_floor_ms = {floor}\n\
         attempts_per_name = {{ burst = 1, period_seconds = 86400 }}"
    );
    stack_under("forgot_password = false", &rules).await
}

/// A name of its own for each attempt: a limit of one attempt a name keeps nobody else out.
fn user(kind: &str, attempt: usize) -> String {
    match kind {
        "limited-name" => LIMITED.to_owned(),
        kind => format!("{kind}-{attempt}@example.com"),
    }
}

/// The row and the records that keep `user` out.
async fn prepare(stack: &Stack, kind: &str, user: &str) {
    let mut row = row(user);
    match kind {
        "unknown-user" | "limited-name" => return,
        "disabled" => row.push(("enabled", AttributeValue::Bool(false))),
        "unknown-format" => row[1].1 = AttributeValue::S("plain".to_owned()),
        "cost-over-cap" => row[1].1 = AttributeValue::S(BCRYPT.replace("$05$", "$31$")),
        "moved-before" => has_moved(stack, user).await,
        _ => {}
    }
    put(stack, row).await;
}

async fn has_moved(stack: &Stack, user: &str) {
    let pool = stack.user_pool.settings().pool_id.clone();
    let key = DirectoryKey::moved(&pool, "old-users", user);
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .item("pk", AttributeValue::S(key.pk))
        .item("sk", AttributeValue::S(key.sk))
        .item("state", AttributeValue::S("moved".to_owned()))
        .send()
        .await
        .unwrap();
}

/// Microseconds of `attempts` of each of `kinds`: round by round, each round in an order of its own.
async fn measured(
    stack: &Stack,
    kinds: &[&'static str],
    attempts: usize,
) -> BTreeMap<&'static str, Vec<f64>> {
    let mut queue = VecDeque::new();
    for attempt in 0..attempts {
        let mut round: Vec<_> = kinds.iter().map(|kind| (random(), *kind)).collect();
        round.sort_unstable();
        for (_, kind) in round {
            let user = user(kind, attempt);
            prepare(stack, kind, &user).await;
            queue.push_back((kind, user));
        }
    }
    // The first use of each environment starts it; the name is limited from here on.
    let sent = sign_in(LIMITED, "U*U");
    let warm = (0..ENVIRONMENTS).map(|_| invoke(stack, FUNCTION, &sent));
    futures_util::future::join_all(warm).await;

    let (queue, measured) = (Mutex::new(queue), Mutex::new(BTreeMap::new()));
    let work = async || {
        loop {
            let next = queue.lock().unwrap().pop_front();
            let Some((kind, user)) = next else { return };
            let password = if kind == "wrong-password" {
                "U*V"
            } else {
                "U*U"
            };
            let sent = sign_in(&user, password);
            let done = invoke(stack, FUNCTION, &sent).await;
            assert_eq!(answer(&done), sent, "{kind}");
            let mut measured = measured.lock().unwrap();
            let of_kind: &mut Vec<f64> = measured.entry(kind).or_default();
            of_kind.push(done.duration.as_secs_f64() * 1e6);
        }
    };
    futures_util::future::join_all((0..ENVIRONMENTS).map(|_| work())).await;

    let lines = audit_lines(stack);
    for kind in kinds {
        let decided = lines.iter().filter(|line| line["reason"] == *kind).count();
        assert!(decided >= attempts, "{decided} of {attempts}: {kind}");
    }
    measured.into_inner().unwrap()
}

fn random() -> u64 {
    let mut octets = [0; 8];
    getrandom::fill(&mut octets).unwrap();
    u64::from_be_bytes(octets)
}

/// `run,kind,microseconds` of each attempt, for tools/alike.py.
fn lines(run: &str, measured: &BTreeMap<&'static str, Vec<f64>>) -> String {
    let mut text = String::new();
    for (kind, durations) in measured {
        for duration in durations {
            writeln!(text, "{run},{kind},{duration:.1}").unwrap();
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make alike runs it"]
async fn how_long_an_answer_takes_does_not_tell_why_somebody_stays_out() {
    let attempts = std::env::var("POOLKEEPER_ATTEMPTS");
    let attempts = attempts.map_or(ATTEMPTS, |attempts| attempts.parse().unwrap());
    // To show that a difference would be found: there is no floor, and who is limited costs no hash.
    let open = stack(0).await;
    let without = measured(&open, &["unknown-user", "limited-name"], 40).await;
    open.shutdown().await;

    let stack = stack(FLOOR).await;
    let with = measured(&stack, &KINDS, attempts).await;
    let text = lines("without-floor", &without) + &lines("with-floor", &with);
    std::fs::write(
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("alike.csv"),
        text,
    )
    .unwrap();
    let late = log_text(&stack)
        .matches("an answer took longer than its floor")
        .count();
    assert_eq!(late, 0, "this machine was too busy to tell: run it again");
}
