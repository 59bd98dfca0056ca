//! `poolkeeper credentials`: arguments and proofs that are not as they should be.

use crate::{
    credentials::{PROOF, problem, vended},
    support::{Folder, poolkeeper_with, server::Server},
};

#[test]
fn a_proof_comes_from_a_command_a_file_or_a_variable_and_is_a_jwt() {
    let (folder, server) = (Folder::new(), Server::start(vec![vended(3600)]));
    let file = folder.path("proof");
    std::fs::write(&file, format!("{PROOF}\n")).unwrap();
    let long = folder.path("long");
    std::fs::write(&long, format!("{PROOF}{}", "c".repeat(20_000))).unwrap();
    let file = file.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let first = ["credentials", "--vendor", &server.url, "--no-cache"];
        let variables = [("PROOF", PROOF), ("HTML", "<html>canary</html>")];
        poolkeeper_with(&variables, &[&first, arguments].concat(), "")
    };
    for good in [
        ["--proof-command", "printf '%s\\n' \"$PROOF\""],
        ["--proof-file", file],
        ["--proof-env", "PROOF"],
    ] {
        assert_eq!(run(&good).json()["AccessKeyId"], "ASIAEXAMPLE");
    }
    let asked = server.asked().len();
    for (bad, line) in [
        (
            ["--proof-command", "echo canary >&2; exit 3"],
            "--proof-command: the command ended with exit status: 3: run it by hand to see why",
        ),
        (
            ["--proof-command", "echo canary"],
            "--proof-command: the command prints no JWT: expected three parts of base64url between dots, and nothing else",
        ),
        (
            ["--proof-command", "exec yes canary"],
            "--proof-command: the command ended with signal: 13 (SIGPIPE): run it by hand to see why",
        ),
        (
            ["--proof-file", "/none"],
            "--proof-file: /none: No such file or directory (os error 2)",
        ),
        (
            ["--proof-file", "/"],
            "--proof-file: cannot be read: expected a JWT of 16 KiB at most",
        ),
        (
            ["--proof-file", long.to_str().unwrap()],
            "--proof-file: the file holds no JWT: expected three parts of base64url between dots, and nothing else",
        ),
        (["--proof-env", "NONE"], "--proof-env: NONE is not set"),
        (
            ["--proof-env", "HTML"],
            "--proof-env: the variable holds no JWT: expected three parts of base64url between dots, and nothing else",
        ),
    ] {
        assert_eq!(problem(&run(&bad)), line);
    }
    assert_eq!(
        server.asked().len(),
        asked,
        "what is no JWT was shown to the vendor"
    );
}

#[test]
fn what_a_command_leaves_running_is_not_waited_for() {
    let (folder, server) = (Folder::new(), Server::start(vec![vended(3600)]));
    let pid = folder.path("pid");
    let command = format!("sleep 600 & echo $! > '{}'; printenv PROOF", pid.display());
    let arguments = [
        "credentials",
        "--vendor",
        &server.url,
        "--no-cache",
        "--proof-command",
    ];
    let run = poolkeeper_with(
        &[("PROOF", PROOF)],
        &[&arguments[..], &[&command]].concat(),
        "",
    );
    let left = std::process::Command::new("kill")
        .arg(folder.text("pid").trim())
        .status();
    assert!(left.unwrap().success(), "it has ended before");
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_anybody_is_asked() {
    let proof = ["--proof-env", "PROOF"];
    let url = ["--vendor", "https://vendor.example"];
    let base = [&url[..], &proof].concat();
    let with = |more: &[&'static str]| [&base[..], more].concat();
    for (arguments, said) in [
        (proof.to_vec(), "--vendor: is needed"),
        (
            url.to_vec(),
            "--proof-command: give this, --proof-file or --proof-env, one of them and once",
        ),
        (with(&["--proof-file", "f"]), "--proof-command: give this"),
        (
            with(&["--vendor", "http://vendor.example"]),
            "--vendor: takes an https URL",
        ),
        (
            with(&["--vendor", "https://vendor.example/?a=b"]),
            "--vendor: takes an https URL",
        ),
        (
            with(&["--vendor", "https://canary@vendor.example"]),
            "--vendor: takes an https URL",
        ),
        (
            with(&["--role", "Not an alias"]),
            "--role: a name is 1 to 64 of a-z",
        ),
        (with(&["--wait", "301"]), "--wait: takes seconds, 0 to 300"),
        (with(&["--wait", "soon"]), "--wait: takes seconds, 0 to 300"),
        (
            with(&["--refresh-before", "-1"]),
            "--refresh-before: takes seconds, 0 to 43200",
        ),
        (
            with(&["--stay"]),
            "--stay: goes with --web-identity-file only",
        ),
        (
            with(&["--web-identity-file", "f", "--no-cache"]),
            "--no-cache: --web-identity-file has no cache",
        ),
        (with(&["--proof", "x"]), "invalid option '--proof'"),
        (with(&["x"]), "unexpected argument"),
    ] {
        let run = poolkeeper_with(
            &[("PROOF", PROOF)],
            &[&["credentials"], &arguments[..]].concat(),
            "",
        );
        let line = problem(&run);
        assert!(line.starts_with(said), "{line}");
    }
    let help = poolkeeper_with(&[], &["credentials", "--help"], "");
    assert!(
        help.code == 0 && help.stdout.contains("--proof-command"),
        "{}",
        help.stdout
    );
}
