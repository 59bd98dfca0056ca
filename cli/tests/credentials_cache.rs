//! `poolkeeper credentials`: what is kept, for whom, how long, and what becomes of it when something is wrong with it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    credentials::{PROOF, credentials, denied, kept, problem, vended},
    support::{Folder, poolkeeper_with, server::Server},
};

/// A cache with credentials that were vended for an hour, and whose times are then as `expires_in` and `age` say.
pub(crate) fn cache_of(
    age: i64,
    expires_in: i64,
    then: Vec<crate::support::server::Scripted>,
) -> (Folder, Server) {
    let (folder, server) = (
        Folder::new(),
        Server::start([vec![vended(3600)], then].concat()),
    );
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let (file, mut text, mode) = kept(&folder);
    assert_eq!(mode, 0o600);
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    text["obtained_at"] = json!(now - age);
    text["expires_at"] = json!(now + expires_in);
    fs::write(file, text.to_string()).unwrap();
    (folder, server)
}

#[test]
fn they_are_kept_until_an_sdk_would_ask_for_others() {
    for (age, left, more, asked) in [
        (2300, 1300, vec![], 1),
        (2410, 1190, vec![], 2),
        (2410, 1190, vec!["--refresh-before", "600"], 1),
        (2300, 1300, vec!["--refresh-before", "1800"], 2),
        // Half of a session that is shorter.
        (440, 460, vec![], 1),
        (460, 440, vec![], 2),
        (5000, -1400, vec![], 2),
        // Whoever keeps nothing asks each time.
        (0, 3600, vec!["--no-cache"], 2),
        // The clock has gone back, or the file is of another world.
        (-3600, 7200, vec![], 2),
        (0, 43_300, vec![], 2),
    ] {
        let (folder, server) = cache_of(age, left, vec![]);
        assert_eq!(credentials(&folder, &server.url, &more).code, 0);
        assert_eq!(server.asked().len(), asked, "{age} {left} {more:?}");
    }
}

#[test]
fn other_roles_vendors_and_proofs_have_others() {
    let (folder, server) = cache_of(0, 3600, vec![]);
    let others = Server::start(vec![vended(3600)]);
    assert_eq!(
        credentials(&folder, &server.url, &["--role", "deployer"]).code,
        0
    );
    assert_eq!(server.asked().len(), 2);
    assert_eq!(credentials(&folder, &others.url, &[]).code, 0);
    assert_eq!(others.asked().len(), 1);
    // Another proof in the same variable is perhaps somebody else's.
    let cache = folder.root().to_str().unwrap();
    let arguments = [
        "credentials",
        "--vendor",
        &server.url,
        "--proof-env",
        "PROOF",
    ];
    let run = poolkeeper_with(
        &[("PROOF", "an.other.one"), ("XDG_CACHE_HOME", cache)],
        &arguments,
        "",
    );
    assert_eq!(run.code, 0);
    assert_eq!(server.asked().len(), 3);
    // A command is run when there is something to ask only.
    let file = folder.path("times");
    let command = format!("echo >> '{}'; printenv PROOF", file.display());
    for _ in 0..2 {
        let arguments = [
            "credentials",
            "--vendor",
            &server.url,
            "--proof-command",
            &command,
        ];
        let run = poolkeeper_with(
            &[("PROOF", PROOF), ("XDG_CACHE_HOME", cache)],
            &arguments,
            "",
        );
        assert_eq!(run.code, 0);
    }
    assert_eq!(folder.text("times"), "\n");
}

#[test]
fn a_cache_that_cannot_be_read_is_none() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{\"obtained_at\":\"canary\"}",
        &"canary".repeat(20_000),
        "\u{0}",
    ] {
        let (folder, server) = cache_of(0, 3600, vec![]);
        fs::write(kept(&folder).0, text).unwrap();
        let run = credentials(&folder, &server.url, &[]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert_eq!(kept(&folder).1["AccessKeyId"], "ASIAEXAMPLE");
        assert_eq!(server.asked().len(), 2);
    }
}

#[test]
fn what_others_could_write_is_not_believed_and_closed_to_them() {
    let (folder, server) = cache_of(0, 3600, vec![]);
    let (file, mut text, _) = kept(&folder);
    text["AccessKeyId"] = json!("ASIAPLANTED");
    fs::write(&file, text.to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let place = file.parent().unwrap();
    fs::set_permissions(place, fs::Permissions::from_mode(0o777)).unwrap();
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    let said = ": not believed and replaced, for others could read or write it\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
    assert_eq!(kept(&folder).2, 0o600);
    assert_eq!(
        fs::metadata(place).unwrap().permissions().mode() & 0o777,
        0o700
    );
    // A link leads where somebody else may write.
    let elsewhere = folder.path("elsewhere.json");
    fs::write(&elsewhere, text.to_string()).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    assert!(folder.text("elsewhere.json").contains("ASIAPLANTED"));
}

#[test]
fn a_cache_that_cannot_be_had_costs_no_credentials() {
    let (folder, server) = (Folder::new(), Server::start(vec![vended(3600)]));
    // A file is where the folder would be; and there is no home at all.
    fs::write(folder.path("poolkeeper"), "").unwrap();
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    assert!(
        run.stderr
            .starts_with("poolkeeper: nothing is kept, for the cache cannot be used: "),
        "{}",
        run.stderr
    );
    let arguments = [
        "credentials",
        "--vendor",
        &server.url,
        "--proof-env",
        "PROOF",
    ];
    let run = poolkeeper_with(
        &[
            ("PROOF", PROOF),
            ("XDG_CACHE_HOME", "relative"),
            ("HOME", ""),
        ],
        &arguments,
        "",
    );
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    let said =
        "nothing is kept, for the cache cannot be used: neither XDG_CACHE_HOME nor HOME is set";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn a_full_disk_costs_no_credentials_and_leaves_what_was_there() {
    let (folder, server) = cache_of(2410, 1190, vec![]);
    let before = fs::read(kept(&folder).0).unwrap();
    // No file may grow, and the signal that says so is ignored: what is written fails, as on a full disk.
    let output = Command::new("/bin/sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 0; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_poolkeeper"),
        ])
        .args([
            "credentials",
            "--vendor",
            &server.url,
            "--proof-env",
            "PROOF",
        ])
        .envs([
            ("PROOF", PROOF),
            ("XDG_CACHE_HOME", folder.root().to_str().unwrap()),
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("ASIAEXAMPLE")
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(".json: not kept: ") && !said.contains("canary"),
        "{said}"
    );
    let (file, _, _) = kept(&folder);
    assert_eq!(fs::read(&file).unwrap(), before);
    // Credentials and lock; nothing half written.
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn what_is_still_good_serves_while_the_vendor_cannot_and_not_once_it_refuses() {
    let failing = || {
        denied(
            "503 Service Unavailable\r\nretry-after: 99",
            "temporarily_unavailable",
        )
    };
    let (folder, server) = cache_of(3000, 600, vec![failing()]);
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    let start = "poolkeeper: the vendor cannot answer now: HTTP 503: ";
    assert!(
        run.stderr.starts_with(start) && run.stderr.contains("; those of before serve until 20"),
        "{}",
        run.stderr
    );
    // Too old to serve anybody.
    let (folder, server) = cache_of(3550, 50, vec![failing()]);
    problem(&credentials(&folder, &server.url, &[]));
    let (folder, server) = cache_of(
        3000,
        600,
        vec![denied("400 Bad Request", "invalid_target"), failing()],
    );
    problem(&credentials(&folder, &server.url, &[]));
    // And they are gone.
    problem(&credentials(&folder, &server.url, &[]));
}
