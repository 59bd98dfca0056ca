//! What Cargo knows of the packages that the functions link.

use std::process::Command;

use serde_json::Value;

use super::tree;

/// What the functions are deployed to by default.
const SHIPPED_TARGET: &str = "aarch64-unknown-linux-musl";

/// The packages of the lock file that the shipped target needs. Asked of every platform, Cargo would have to
/// download crates of Windows and macOS that no build here needs; what is missing of this one it downloads.
pub(crate) fn metadata() -> Vec<Value> {
    let text = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        SHIPPED_TARGET,
    ]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// `name version` of everything that the functions link as they ship, sorted.
pub(crate) fn linked() -> Vec<String> {
    linked_with("")
}

/// The same of functions that are built with these features, with commas between them.
pub(crate) fn linked_with(features: &str) -> Vec<String> {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--edges=normal",
        "--package=poolkeeper",
        "--features",
        features,
        "--prefix=none",
        "--no-dedupe",
        "--target",
        SHIPPED_TARGET,
    ]);
    let lines = tree.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines.dedup();
    lines
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(tree("."))
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}
