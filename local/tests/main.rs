//! The program `poolkeeper-local`: what it prints, and how it ends.
#![cfg(test)]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const TEMPLATE: &str = include_str!("../../template.yaml");

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolkeeper-local"));
    command
        .args(["--no-tour", "--logs"])
        .arg(folder("logs").join("functions.log"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("program")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with a file for every function of the template: who is not invoked need not be a program.
fn binaries() -> PathBuf {
    let folder = folder("binaries");
    let functions = TEMPLATE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: "));
    let mut found = 0;
    for uri in functions {
        let name = uri.trim_end_matches('/').rsplit('/').next().unwrap();
        fs::write(folder.join(name), "").unwrap();
        found += 1;
    }
    assert!(found >= 4, "{found} functions");
    folder
}

/// The status of a program that must end by itself, and what it said about it.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    match Running::try_start(command) {
        Ok(running) => panic!("it started: {:#?}", running.printed),
        Err(output) => {
            let told = String::from_utf8(output.stderr).unwrap();
            (output.status.code(), told)
        }
    }
}

/// Ends with this value.
struct Running {
    child: Child,
    printed: Vec<String>,
}

impl Running {
    /// The program, once it has printed everything; or how it ended.
    fn try_start(command: &mut Command) -> Result<Self, Output> {
        let mut child = command.spawn().unwrap();
        let mut printed = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let last = line.contains("Messages to users appear here");
            printed.push(line);
            if last {
                return Ok(Self { child, printed });
            }
        }
        Err(child.wait_with_output().unwrap())
    }

    fn start(command: &mut Command) -> Self {
        Self::try_start(command).unwrap_or_else(|output| {
            panic!("it ended: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    fn position(&self, words: &str) -> usize {
        let found = self.printed.iter().position(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("{words:?} is not in {:#?}", self.printed))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_function_without_a_binary_is_told_at_start() {
    let empty = folder("empty");
    let (status, told) = ended(program().arg("--binaries").arg(&empty));
    assert_eq!(status, Some(1));
    let expected = empty.join("identity-vendor").display().to_string();
    assert!(told.contains("IdentityVendorFunction: "), "{told}");
    assert!(told.contains(&expected), "{told}");
    assert!(told.contains("build the functions first"), "{told}");
}

#[test]
fn a_parameter_is_set_and_held_to_its_declaration() {
    let with = |parameter: &str| {
        let mut command = program();
        command.arg("--binaries").arg(binaries());
        command.args(["--parameter", parameter]);
        command
    };
    for (parameter, expected) in [
        (
            "PasswordMinimumLength=5",
            "parameter PasswordMinimumLength: expected a number of at least 6",
        ),
        ("PasswordMinimumLength", "--parameter: expected NAME=VALUE"),
    ] {
        let (status, told) = ended(&mut with(parameter));
        assert_eq!(status, Some(1));
        assert!(told.contains(expected), "{told}");
    }
    let running = Running::start(&mut with("UserPoolTier=PLUS"));
    running.position("user pool      us-east-1_");
}

#[test]
fn the_ids_come_first_and_the_commands_clear_what_would_go_before_them() {
    let running = Running::start(program().arg("--binaries").arg(binaries()));
    for id in [
        "AWS APIs ",
        "vendor ",
        "user pool ",
        "app client ",
        "identity pool ",
    ] {
        assert!(
            running.position(id) < running.position("functions' log"),
            "{id}"
        );
    }
    let cleared = running
        .position("unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN");
    let set = running.position("export AWS_CONTAINER_CREDENTIALS_FULL_URI=");
    assert!(cleared < set, "{cleared}, {set}");
}

#[test]
fn whoever_reads_no_further_causes_no_panic() {
    let mut child = program().arg("--binaries").arg(binaries()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.as_str()), (Some(0), ""));
}
