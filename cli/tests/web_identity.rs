//! `poolkeeper credentials --web-identity-file`: a Cognito token in a file.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use serde_json::json;

use crate::{
    credentials::{PROOF, credentials, denied, problem},
    support::{
        Folder,
        server::{Scripted, Server},
    },
};

fn token(token: &str, expires_in: i64) -> Scripted {
    let body = json!({ "access_token": token, "expires_in": expires_in, "token_type": "N_A" });
    ("200 OK", body.to_string())
}

#[test]
fn a_token_is_put_in_a_file_that_only_its_owner_reads() {
    let (folder, server) = (
        Folder::new(),
        Server::start(vec![token("a.cognito.token", 900)]),
    );
    let file = folder.path("token");
    // In the place of one that everybody read.
    fs::write(&file, "before").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let run = credentials(
        &folder,
        &server.url,
        &["--web-identity-file", file.to_str().unwrap()],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let said = format!("{}: good until 20", file.display());
    assert!(
        run.stdout.starts_with(&said) && !run.stdout.contains("cognito"),
        "{}",
        run.stdout
    );
    // To the octet: SDKs send a line break too.
    assert_eq!(folder.text("token"), "a.cognito.token");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 1);
    let asked = server.asked().join("");
    let wanted = "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
    assert!(asked.ends_with(wanted), "{asked}");
}

#[test]
fn a_file_that_cannot_be_written_stays_as_it_was() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    for (file, said) in [
        ("/none/token", "/none/token: No such file or directory"),
        (folder.path("folder").to_str().unwrap(), ": Is a directory"),
        ("..", "..: is a directory"),
    ] {
        let server = Server::start(vec![token("canary.cognito.token", 900)]);
        let line = problem(&credentials(
            &folder,
            &server.url,
            &["--web-identity-file", file],
        ));
        assert!(line.contains(said), "{line}");
    }
    assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 1);
    // What is no token is not written.
    let file = folder.path("token");
    for answer in [
        token("", 900),
        token("a b", 900),
        token("a.b.c", 0),
        ("200 OK", "{}".to_owned()),
    ] {
        fs::write(&file, "before").unwrap();
        let server = Server::start(vec![answer]);
        let run = credentials(
            &folder,
            &server.url,
            &["--web-identity-file", file.to_str().unwrap()],
        );
        assert!(problem(&run).starts_with("the answer is not a vendor's"));
        assert_eq!(folder.text("token"), "before");
    }
}

/// A program that stays, and ends with the test.
struct Staying(Child, BufReader<std::process::ChildStdout>);

impl Staying {
    fn start(vendor: &str, file: &str, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_poolkeeper"))
            .args([
                "credentials",
                "--vendor",
                vendor,
                "--proof-env",
                "PROOF",
                "--stay",
                "--web-identity-file",
                file,
            ])
            .args(more)
            .env("PROOF", PROOF)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self(child, lines)
    }

    /// Waits until a token is written.
    fn written(&mut self) {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        assert!(line.contains(": good until "), "{line:?}");
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_program_that_stays_writes_the_next_token_before_this_one_expires() {
    let (folder, file) = (Folder::new(), Folder::new());
    let server = Server::start(vec![
        token("first.of.them", 10),
        token("second.of.them", 900),
    ]);
    let path = file.path("token");
    let mut staying = Staying::start(
        &server.url,
        path.to_str().unwrap(),
        &["--refresh-before", "43200"],
    );
    staying.written();
    staying.written();
    assert_eq!(file.text("token"), "second.of.them");
    drop((staying, folder));
}

#[test]
fn a_program_that_stays_goes_on_until_its_token_has_expired() {
    let file = Folder::new();
    let failing = || {
        denied(
            "503 Service Unavailable\r\nretry-after: 99",
            "temporarily_unavailable",
        )
    };
    let refusing = denied("400 Bad Request", "invalid_request");
    let answers = vec![
        token("first.of.them", 4),
        failing(),
        token("second.of.them", 2),
        refusing,
    ];
    let server = Server::start(answers);
    let path = file.path("token");
    let mut staying = Staying::start(&server.url, path.to_str().unwrap(), &[]);
    staying.written();
    staying.written();
    assert_eq!(file.text("token"), "second.of.them");
    // There is no third: it says why, at each try, and ends.
    assert_eq!(staying.0.wait().unwrap().code(), Some(2));
    let mut said = String::new();
    staying
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    let starts = [
        "poolkeeper: the vendor cannot answer now: HTTP 503",
        "poolkeeper: the vendor refuses: HTTP 400",
    ];
    for start in starts {
        assert!(said.lines().any(|line| line.starts_with(start)), "{said}");
    }
    assert!(
        !said.replace("the canary words", "").contains("canary"),
        "{said}"
    );
}
