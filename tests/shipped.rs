//! What is linked into the functions, and what must never be.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::process::Command;

use common::tree;

/// `name version` of everything that the four functions link.
fn linked() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--package",
            "poolkeeper",
        ])
        .args([
            "--prefix",
            "none",
            "--no-dedupe",
            "--target",
            "aarch64-unknown-linux-musl",
        ])
        .current_dir(tree("."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn there_is_one_tls_and_one_http_stack_and_nothing_of_the_test_bed() {
    let linked = linked();
    assert!(
        linked.iter().any(|line| line.starts_with("ring v0.17")),
        "{linked:?}"
    );
    for forbidden in [
        "aws-lc",
        "rustls v0.20",
        "rustls v0.21",
        "rustls v0.22",
        "hyper v0",
        "h2 v0.3",
        "openssl v",
        "openssl-sys",
        "native-tls",
        "schemars",
        "dynoxide",
        "axum",
        "iam-rs",
        "poolkeeper-local",
        "regex v",
        "proptest",
        "saphyr",
    ] {
        let found: Vec<&String> = linked
            .iter()
            .filter(|line| line.starts_with(forbidden))
            .collect();
        assert!(found.is_empty(), "{found:?} must not ship");
    }
    for stack in ["rustls v", "hyper v", "tokio v", "ring v", "sha2 v"] {
        let versions: Vec<&String> = linked
            .iter()
            .filter(|line| line.starts_with(stack))
            .collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
    }
}
