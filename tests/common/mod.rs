//! What the tests of the functions share: the suite with the binaries just built, events, audit lines,
//! and servers that misbehave.

pub(crate) mod crashing;
pub(crate) mod faulty;
pub(crate) mod packages;
pub(crate) mod reasons;
pub(crate) mod shipped;
pub(crate) mod signed;
pub(crate) mod signer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use emulator::{lambda::Invocation, stack::Stack};
use local::{AppIssuer, Options};
use serde_json::Value;

/// A folder of the tree.
pub(crate) fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The suite's options, with the functions that Cargo built for this test; the source `app` is the development issuer,
/// which signs whatever claims a test needs.
pub(crate) fn options() -> Options {
    let binaries = Path::new(env!("CARGO_BIN_EXE_pre-sign-up"))
        .parent()
        .unwrap();
    Options {
        app_issuer: AppIssuer::Development,
        ..Options::new(binaries.to_path_buf())
    }
}

/// The suite as it ships.
pub(crate) async fn stack() -> Stack {
    local::start(&options()).await.unwrap()
}

/// The suite with variables of one function changed.
pub(crate) async fn stack_with(function: &str, variables: &[(&str, &str)]) -> Stack {
    let mut options = options();
    options.environment = environment(function, variables);
    local::start(&options).await.unwrap()
}

/// The suite under another policy: the one that ships, with `from` replaced by `to`.
pub(crate) async fn stack_under(from: &str, to: &str) -> Stack {
    let mut options = options();
    options.policy = bent_policy(from, to);
    local::start(&options).await.unwrap()
}

/// The policy that ships, bent once, in a file of its own.
pub(crate) fn bent_policy(from: &str, to: &str) -> PathBuf {
    let shipped = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    assert!(
        shipped.contains(from),
        "the policy that ships has no {from:?}"
    );
    policy_file(&shipped.replace(from, to))
}

/// A policy in a file of its own.
pub(crate) fn policy_file(text: &str) -> PathBuf {
    let mut name = [0; 8];
    getrandom::fill(&mut name).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policies");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{:016x}.toml", u64::from_be_bytes(name)));
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn environment(
    function: &str,
    variables: &[(&str, &str)],
) -> BTreeMap<String, BTreeMap<String, String>> {
    let variables = variables.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    BTreeMap::from([(function.to_owned(), variables.collect())])
}

/// A sample of events/, as text.
pub(crate) fn event_text(name: &str) -> String {
    std::fs::read_to_string(tree("events").join(format!("{name}.json"))).unwrap()
}

/// A sample of events/, bent.
pub(crate) fn event(name: &str, bend: impl FnOnce(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(&event_text(name)).unwrap();
    bend(&mut event);
    event.to_string()
}

/// Invokes a function by the template's name for it.
pub(crate) async fn invoke(stack: &Stack, function: &str, payload: &str) -> Invocation {
    let name = stack.physical_name(function);
    stack
        .lambda
        .invoke(&name, payload.as_bytes().to_vec())
        .await
        .unwrap()
}

/// The answer of an invocation that succeeded, as text.
pub(crate) fn answer(invocation: &Invocation) -> String {
    let text = String::from_utf8(invocation.payload.clone()).unwrap();
    assert_eq!(invocation.function_error, None, "{text}");
    text
}

/// The `errorMessage` of an invocation that failed.
pub(crate) fn error_message(invocation: &Invocation) -> String {
    assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"));
    let error: Value = serde_json::from_slice(&invocation.payload).unwrap();
    error["errorMessage"].as_str().unwrap().to_owned()
}

/// The audit lines of all functions so far, each checked against the schema in the tree.
pub(crate) fn audit_lines(stack: &Stack) -> Vec<Value> {
    let schema = std::fs::read_to_string(tree("docs/audit-line.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let lines = stack.lambda.logs().into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
    let lines: Vec<Value> = lines
        .filter(|line| line["type"] == "poolkeeper.audit")
        .collect();
    let listed = reasons::listed();
    for line in &lines {
        if let Err(error) = schema.validate(line) {
            panic!("{error}: {line}");
        }
        let reports = line["reports"].as_array().into_iter().flatten();
        for said in reports.chain([line]) {
            let reason = said["reason"].as_str().unwrap();
            assert!(listed.contains(reason), "LOGGING.md does not list {reason}");
        }
    }
    lines
}

/// `outcome reason` of the last decision.
pub(crate) fn last_decision(stack: &Stack) -> String {
    let lines = audit_lines(stack);
    let line = lines.last().expect("an audit line");
    let word = |member: &str| line[member].as_str().unwrap().to_owned();
    format!("{} {}", word("outcome"), word("reason"))
}

/// Everything that the functions logged, as one text.
pub(crate) fn log_text(stack: &Stack) -> String {
    let lines: Vec<String> = stack
        .lambda
        .logs()
        .into_iter()
        .map(|line| line.text)
        .collect();
    lines.join("\n")
}
