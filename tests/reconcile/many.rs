//! A hundred thousand users, a run that is killed in the middle, and memory that does not grow with the pool.
//! It takes minutes: `make many-users`, a part of `make peers`, runs it with the function that ships.

use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use emulator::stack::Stack;
use serde_json::json;

use super::{FUNCTION, run, run_with};
use crate::{
    common::{error_message, invoke, options, shipped, signed::bent_template},
    post_confirmation::tables,
};

/// Users of the pool, unless `POOLKEEPER_MANY_USERS` says another number.
const USERS: u32 = 100_000;

/// How much more memory a run may have at its end than after a tenth of the users, in kB.
const GROWTH: u64 = 16 * 1024;

/// Items of the directory that `condition` holds for, by `:text`.
async fn count(stack: &Stack, condition: &str, text: &str) -> usize {
    let mut found = 0;
    let mut from = None;
    loop {
        let page = tables(stack)
            .scan()
            .table_name(stack.physical_name("DirectoryTable"))
            .select(Select::Count)
            .filter_expression(condition)
            .expression_attribute_values(":text", AttributeValue::S(text.to_owned()))
            .set_exclusive_start_key(from)
            .send()
            .await
            .unwrap();
        found += usize::try_from(page.count).unwrap();
        from = page.last_evaluated_key;
        if from.is_none() {
            return found;
        }
    }
}

/// What the running reconcile of this test has occupied at most, in kB; none while there is no such process.
fn occupied(binary: &Path) -> Option<u64> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let folders = processes.map(|entry| entry.path());
    let mut ours = folders.filter(|folder| {
        let exe = std::fs::read_link(folder.join("exe")).ok();
        let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1));
        exe.is_some_and(|exe| exe == binary) && parent == Some(&own)
    });
    let status = std::fs::read_to_string(ours.next()?.join("status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Says where the test is: it takes minutes.
fn say(began: Instant, what: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "{:>4} s: {what}",
        began.elapsed().as_secs()
    );
}

/// Where the pass is: the first digit that the cursor names, 16 once it sweeps.
async fn part(stack: &Stack) -> u32 {
    let key = shared::state::DirectoryKey::reconcile(super::POOL);
    let got = tables(stack)
        .get_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .set_key(Some(shared::state::key_item(&key)));
    let Some(cursor) = got.send().await.unwrap().item else {
        return 0;
    };
    let prefix = cursor.get("prefix").and_then(|prefix| prefix.as_s().ok());
    prefix.map_or(16, |prefix| u32::from_str_radix(&prefix[..1], 16).unwrap())
}

/// Waits until the pass is at `wanted`.
async fn reach(stack: &Stack, wanted: u32) {
    while part(stack).await < wanted {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make many-users runs it"]
async fn a_hundred_thousand_users_pass_and_a_kill_in_the_middle_costs_nothing() {
    let users = std::env::var("POOLKEEPER_MANY_USERS");
    let users: u32 = users.map_or(USERS, |users| users.parse().unwrap());
    // The embedded DynamoDB looks through all records of a table's stream at each write to it, and nobody
    // reads that stream here: with it, the time would grow with the square of the users.
    let stream = "      StreamSpecification:\n        StreamViewType: NEW_IMAGE\n";
    let mut options = options();
    options.template = bent_template(stream, "");
    let binary = shipped::binary("reconcile");
    options.binaries = shipped::folder_of(&binary, "reconcile");
    options.check_binaries = false;
    let stack = local::start(&options).await.unwrap();
    // For the same reason: each transaction would be compared with all that went before.
    stack.dynamodb.forget_tokens();
    // Spread over the parts as random ones are: an odd factor turns each number into another.
    let sub = |number: u32| {
        let first = number.wrapping_mul(2_654_435_761);
        format!("{first:08x}-aaaa-4bbb-8ccc-{number:012x}")
    };
    let made = (0..users).map(|number| (sub(number), format!("user{number}@example.com")));
    stack.user_pool.add_confirmed(made);

    let began = Instant::now();
    let asked = super::input();
    let input = asked.to_string();
    let mut first = std::pin::pin!(invoke(&stack, FUNCTION, &input));
    tokio::select! {
        ended = &mut first => unreachable!("it ended before it could be killed: {ended:?}"),
        () = reach(&stack, 8) => {}
    }
    say(
        began,
        "half of the parts are listed, and the function is killed",
    );
    stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    assert!(error_message(&first.await).contains("Runtime exited"));

    let mut second = std::pin::pin!(run_with(&stack, &asked));
    let early = tokio::select! {
        ended = &mut second => unreachable!("it ended before it could be measured: {ended}"),
        () = reach(&stack, 9) => occupied(&binary).unwrap(),
    };
    let late = tokio::select! {
        ended = &mut second => unreachable!("it ended before it could be measured: {ended}"),
        () = reach(&stack, 16) => occupied(&binary).unwrap(),
    };
    say(began, "all users are listed");
    let report = second.await;
    say(began, &format!("the second run: {report}"));
    let listed = report["counts"]["listed"].as_u64().unwrap();
    // Resumed in the middle: it has not listed those of the parts before.
    assert!(listed < u64::from(users) * 6 / 10, "{report}");
    assert_eq!(report["reason"], "pass-completed");
    let users = usize::try_from(users).unwrap();
    assert_eq!(count(&stack, "sk = :text", "PROFILE").await, users);
    assert_eq!(count(&stack, "sk = :text", "CLAIM").await, users);
    assert_eq!(
        count(&stack, "begins_with(sk, :text)", "EVENT#").await,
        users
    );
    assert!(
        late < early + GROWTH,
        "{early} kB after half of the users, {late} kB at the end"
    );
    say(began, "one profile, claim and event a user");
    let again = json!({"reason": "pass-completed", "counts": {"listed": users}});
    assert_eq!(run(&stack).await, again);
    let last = occupied(&binary).unwrap();
    assert!(
        last < early + GROWTH,
        "{early} kB at first, {last} kB after another pass"
    );
    say(
        began,
        &format!(
            "another pass; at most {early} kB at first, {late} kB with all users, {last} kB at the end"
        ),
    );
}
