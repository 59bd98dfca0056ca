//! `poolkeeper credentials`: what SDKs read, at the suite's own vendor and at one that answers what a test says.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use emulator::stack::Stack;
use serde_json::{Value, json};

use crate::support::{
    Folder, Run, poolkeeper_with,
    server::{Scripted, Server},
};

/// In the proof and in everything that is vended: nothing of it may be shown.
pub(crate) const PROOF: &str = "canaryHeader.canaryClaims.canarySignature";

/// What the vendor answers to an exchange for credentials.
pub(crate) fn vended(expires_in: i64) -> Scripted {
    let body = json!({
        "access_token": "canary-session-token",
        "expires_in": expires_in,
        "credentials": {
            "AccessKeyId": "ASIAEXAMPLE",
            "SecretAccessKey": "canary-secret",
            "SessionToken": "canary-session-token",
            "Expiration": "2020-01-01T00:00:00Z",
            "AccountId": "123456789012",
        },
    });
    ("200 OK", body.to_string())
}

pub(crate) fn denied(status: &'static str, error: &str) -> Scripted {
    let body =
        json!({ "error": error, "error_description": "the canary words", "request_id": "an-id" });
    (status, body.to_string())
}

/// Runs it with a proof in a variable and a cache in `folder`.
pub(crate) fn credentials(folder: &Folder, vendor: &str, more: &[&str]) -> Run {
    let arguments = ["credentials", "--vendor", vendor, "--proof-env", "PROOF"];
    let cache = folder.root().to_str().unwrap();
    let variables = [("PROOF", PROOF), ("XDG_CACHE_HOME", cache)];
    poolkeeper_with(&variables, &[&arguments, more].concat(), "")
}

/// The one line of a run that was not done. It shows nothing secret.
#[track_caller]
pub(crate) fn problem(run: &Run) -> String {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    let line = run.stderr.strip_prefix("poolkeeper: ").unwrap();
    let line = line.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    let shown = line.replace("the canary words", "");
    assert!(!shown.contains("canary"), "{line}");
    line.to_owned()
}

/// The suite, and how often its vendor has given something.
async fn suite(folder: &Folder) -> (Stack, Arc<AtomicU32>) {
    let programs = Path::new(env!("CARGO_BIN_EXE_poolkeeper"))
        .parent()
        .unwrap();
    let vendor = programs.join("identity-vendor");
    assert!(
        vendor.exists(),
        "the tests of the whole workspace are built together"
    );
    // The suite writes beside its binaries.
    std::os::unix::fs::symlink(vendor, folder.path("identity-vendor")).unwrap();
    let given = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&given);
    let mut options = local::Options::new(folder.root().to_owned());
    options.check_binaries = false;
    options.log_sink = Some(Arc::new(move |line| {
        if line.text.contains("\"outcome\":\"issued\"") {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }));
    (local::start(&options).await.unwrap(), given)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_s_credentials_are_printed_as_sdks_read_them_and_asked_for_once() {
    let folder = Folder::new();
    let (suite, given) = suite(&folder).await;
    let claims = json!({ "sub": "ana", "cognito:groups": ["publishers"] });
    std::fs::write(folder.path("proof"), suite.issuer.mint(claims).unwrap()).unwrap();
    let command = format!("cat '{}'", folder.path("proof").display());
    let cache = folder.path("cache");
    let run = || {
        let arguments = [
            "credentials",
            "--vendor",
            &suite.api_url,
            "--role",
            "publisher",
        ];
        let variables = [("XDG_CACHE_HOME", cache.to_str().unwrap())];
        let arguments = [&arguments[..], &["--proof-command", &command]].concat();
        poolkeeper_with(&variables, &arguments, "")
    };
    // As many SDKs as a build starts at the same time.
    let runs: Vec<Run> = thread::scope(|scope| {
        let started: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        started.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let first = runs[0].json();
    for run in &runs {
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert_eq!(run.json(), first);
    }
    assert_eq!(given.load(Ordering::Relaxed), 1);
    let mut members: Vec<&String> = first.as_object().unwrap().keys().collect();
    members.sort();
    let wanted = "AccessKeyId AccountId Expiration SecretAccessKey SessionToken Version";
    assert_eq!(members, wanted.split(' ').collect::<Vec<_>>());
    assert_eq!(first["Version"], 1);
    let expiration = first["Expiration"].as_str().unwrap();
    assert!(
        expiration.ends_with('Z') && expiration.len() == 20,
        "{expiration}"
    );
    suite.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_vendor_is_one_line_with_the_request_s_id() {
    let folder = Folder::new();
    let (suite, _) = suite(&folder).await;
    let proof = suite.issuer.mint(json!({ "sub": "ana" })).unwrap();
    let run = |proof: &str| {
        let arguments = [
            "credentials",
            "--vendor",
            &suite.api_url,
            "--role",
            "publisher",
        ];
        let cache = folder.path("cache");
        let variables = [
            ("PROOF", proof),
            ("XDG_CACHE_HOME", cache.to_str().unwrap()),
        ];
        poolkeeper_with(
            &variables,
            &[&arguments[..], &["--proof-env", "PROOF"]].concat(),
            "",
        )
    };
    let line = problem(&run(&proof));
    let start =
        "the vendor refuses: HTTP 400: invalid_target: no such role is granted to you (request ";
    assert!(line.starts_with(start), "{line}");
    assert!(line.ends_with(
        ": name another --role; `poolkeeper explain vend` says what the rules give to whom"
    ));
    let line = problem(&run(PROOF));
    let start =
        "the vendor refuses: HTTP 400: invalid_request: the token is not accepted (request ";
    assert!(line.starts_with(start), "{line}");
    suite.shutdown().await;
}

#[test]
fn the_proof_goes_in_the_body_of_a_form_with_the_role() {
    let (folder, server) = (Folder::new(), Server::start(vec![vended(3600)]));
    let run = credentials(
        &folder,
        &format!("{}/api/", server.url),
        &["--role", "deployer"],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let asked = server.asked().join("");
    assert!(asked.starts_with("POST /api/token HTTP/1.1\r\n"), "{asked}");
    let fields = asked.split("\r\n\r\n").nth(1).unwrap();
    let wanted = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={PROOF}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt\
         &requested_token_type=urn%3Apoolkeeper%3Aparams%3Aoauth%3Atoken-type%3Aaws-credentials&audience=deployer"
    );
    assert_eq!(fields, wanted);
}

#[test]
fn the_expiration_is_by_this_machine_s_clock() {
    let (folder, server) = (Folder::new(), Server::start(vec![vended(3600)]));
    let before = time::OffsetDateTime::now_utc().unix_timestamp();
    let printed = credentials(&folder, &server.url, &[]).json();
    let after = time::OffsetDateTime::now_utc().unix_timestamp();
    let format = &time::format_description::well_known::Rfc3339;
    let expiration = time::OffsetDateTime::parse(printed["Expiration"].as_str().unwrap(), format);
    let obtained = expiration.unwrap().unix_timestamp() - 3600;
    assert!((before..=after).contains(&obtained));
}

#[test]
fn the_vendor_is_asked_again_when_it_says_and_not_if_that_is_too_late() {
    let later = |seconds| match seconds {
        1 => denied(
            "503 Service Unavailable\r\nretry-after: 1",
            "temporarily_unavailable",
        ),
        _ => denied(
            "429 Too Many Requests\r\nretry-after: 60",
            "temporarily_unavailable",
        ),
    };
    let (folder, server) = (Folder::new(), Server::start(vec![later(1), vended(3600)]));
    assert_eq!(credentials(&folder, &server.url, &[]).code, 0);
    assert_eq!(server.asked().len(), 2);

    let server = Server::start(vec![later(60)]);
    let line = problem(&credentials(&folder, &server.url, &[]));
    let wanted = "the vendor cannot answer now: HTTP 429: temporarily_unavailable: the canary words (request an-id): \
                  try again in 60 s";
    assert_eq!(line, wanted);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_the_vendor_refuses_is_not_asked_again_and_tells_what_to_do() {
    for (answer, line) in [
        (
            denied("400 Bad Request", "invalid_target"),
            "the vendor refuses: HTTP 400: invalid_target: the canary words (request an-id): name another --role; \
             `poolkeeper explain vend` says what the rules give to whom",
        ),
        (
            denied("401 Unauthorized", "invalid_client"),
            "the vendor refuses: HTTP 401: invalid_client: the canary words (request an-id): by the request id, the \
             vendor's log tells why",
        ),
        (
            ("403 Forbidden", json!({ "message": "Forbidden" }).to_string()),
            "the vendor refuses: HTTP 403: Forbidden: is --vendor the stack's output VendorApiUrl?",
        ),
        (
            ("302 Found\r\nlocation: http://127.0.0.1:1/", String::new()),
            "the vendor refuses: HTTP 302: is --vendor the stack's output VendorApiUrl?",
        ),
        // Who answers with the proof, or with what a terminal obeys, is not repeated.
        (
            ("400 Bad Request", json!({ "error": "\u{1b}[31m", "error_description": format!("x {PROOF}{PROOF} y\n") }).to_string()),
            "the vendor refuses: HTTP 400: [31m: x … y: by the request id, the vendor's log tells why",
        ),
        (
            ("200 OK", "<html>canary</html>".to_owned()),
            "the answer is not a vendor's (HTTP 200): is --vendor the stack's output VendorApiUrl?",
        ),
        (
            vended(59),
            "the answer is not a vendor's (HTTP 200): is --vendor the stack's output VendorApiUrl?",
        ),
        (
            ("200 OK", "canary".repeat(20_000)),
            "the answer is not a vendor's (HTTP 200): is --vendor the stack's output VendorApiUrl?",
        ),
    ] {
        let (folder, server) = (Folder::new(), Server::start(vec![answer]));
        assert_eq!(problem(&credentials(&folder, &server.url, &[])), line);
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn a_vendor_that_fails_or_is_not_there_is_tried_a_few_times() {
    let failing = denied("500 Internal Server Error", "server_error");
    let (folder, server) = (Folder::new(), Server::start(vec![failing]));
    let line = problem(&credentials(&folder, &server.url, &[]));
    let start = "the vendor cannot answer now: HTTP 500: server_error: the canary words (request an-id): try again later";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(server.asked().len(), 3);
    // Nobody waits where nobody is to.
    let line = problem(&credentials(
        &folder,
        "http://127.0.0.1:1",
        &["--wait", "0"],
    ));
    assert!(
        line.starts_with("the vendor cannot answer now: no connection, or no answer: "),
        "{line}"
    );
}

/// The one credentials file of a cache, and its mode.
pub(crate) fn kept(folder: &Folder) -> (std::path::PathBuf, Value, u32) {
    let files = std::fs::read_dir(folder.path("poolkeeper/credentials")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let is_json = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "json");
    let [file] = &files.filter(is_json).collect::<Vec<_>>()[..] else {
        panic!("not one file");
    };
    let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o7777;
    let text = std::fs::read_to_string(file).unwrap();
    (
        file.clone(),
        serde_json::from_str(&text).unwrap_or_default(),
        mode,
    )
}
