//! `poolkeeper attach` and `detach` on a full pool, whose API resets whatever it is not given.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::pools::{POOL, Pools};

/// Settings that no update takes by itself, a trigger that has a version, and one that nobody here knows.
const FULL: &str = "      UserPoolTags: { team: identity }
      EmailVerificationSubject: Your code
      EnabledMfas: [SOFTWARE_TOKEN_MFA]
";
const UNKNOWN: &str = "      FutureConfiguration: { Mode: LOUD, Levels: [1, 2] }\n";

fn attached(pools: &Pools) -> Value {
    json!({
        "PreSignUp": pools.function("PreSignUp"),
        "PostConfirmation": pools.function("PostConfirmation"),
        "UserMigration": pools.function("UserMigration"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_a_full_pool_survives_and_comes_back() {
    let pools = Pools::start(FULL).await;
    let before = pools.settings().await;
    assert!(
        before["pool"].as_object().unwrap().len() >= 12,
        "{before:#}"
    );
    assert!(before["mfa"]["WebAuthnConfiguration"].is_object());

    let shown = pools.run("attach", &[]);
    assert_eq!((shown.code, shown.stderr.as_str()), (1, ""));
    assert_eq!(shown.stdout.lines().count(), 7, "{}", shown.stdout);
    assert_eq!(pools.triggers().await, json!({}), "changed without --yes");

    let backup = pools.folder.path("before.json");
    let backup = backup.to_str().unwrap();
    let run = pools.run("attach", &["--yes", "--backup", backup]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(pools.triggers().await, attached(&pools));
    assert_eq!(pools.settings().await, before);
    assert!(pools.may_invoke("PreSignUp") && pools.may_invoke("UserMigration"));
    let mode = fs::metadata(backup).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept: Value = serde_json::from_str(&fs::read_to_string(backup).unwrap()).unwrap();
    assert_eq!(kept["UserPool"]["Policies"], before["pool"]["Policies"]);

    let again = pools.run("attach", &["--yes"]);
    assert_eq!(again.stdout, format!("{POOL}: attached already\n"));

    let second = pools.folder.path("second.json");
    let second = second.to_str().unwrap();
    let detach = |more: &[&str]| {
        let arguments = [
            &["detach", POOL, "--from", backup, "--backup", second],
            more,
        ]
        .concat();
        pools.run_with(&arguments, "")
    };
    assert_eq!(detach(&[]).code, 1);
    assert_eq!(
        pools.triggers().await,
        attached(&pools),
        "changed without --yes"
    );
    let run = detach(&["--yes"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(pools.triggers().await, json!({}));
    assert_eq!(pools.settings().await, before);
    assert!(!pools.may_invoke("PreSignUp") && !pools.may_invoke("UserMigration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_setting_stops_it_or_survives() {
    let pools = Pools::start(UNKNOWN).await;
    let before = pools.settings().await;
    let run = pools.run("attach", &["--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("FutureConfiguration"), "{}", run.stderr);
    assert_eq!(pools.triggers().await, json!({}));

    let backup = pools.folder.path("before.json");
    let run = pools.run(
        "attach",
        &[
            "--yes",
            "--pass-unknown",
            "--backup",
            backup.to_str().unwrap(),
        ],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(pools.settings().await, before);
    assert_eq!(pools.triggers().await, attached(&pools));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_trigger_is_replaced_only_when_told_and_comes_back() {
    let pools = Pools::start("").await;
    let foreign = "arn:aws:lambda:us-east-1:123456789012:function:theirs";
    let versioned = json!({ "LambdaVersion": "V2_0", "LambdaArn": foreign });
    let theirs = json!({ "PreSignUp": foreign, "PreTokenGenerationConfig": versioned });
    pools.update(json!({ "LambdaConfig": theirs })).await;

    let run = pools.run("attach", &["--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--replace"), "{}", run.stderr);
    assert_eq!(pools.triggers().await, theirs);

    let backup = pools.folder.path("before.json");
    let backup = backup.to_str().unwrap();
    let run = pools.run("attach", &["--yes", "--replace", "--backup", backup]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let mut expected = attached(&pools);
    expected["PreTokenGenerationConfig"] = versioned;
    assert_eq!(pools.triggers().await, expected);

    let second = pools.folder.path("second.json");
    let second = second.to_str().unwrap();
    let arguments = [
        "detach", POOL, "--from", backup, "--yes", "--backup", second,
    ];
    let run = pools.run_with(&arguments, "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(pools.triggers().await, theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_backup_undoes_whatever_came_after_it() {
    let pools = Pools::start(FULL).await;
    let backup = pools.folder.path("before.json");
    let backup = backup.to_str().unwrap();
    assert_eq!(pools.run("attach", &["--yes", "--backup", backup]).code, 0);
    let before = pools.settings().await;
    // What a pipeline does that knows nothing of the rest.
    let bare = json!({ "UserPoolId": POOL });
    pools.ask("cognito-idp:UpdateUserPool", &bare).await;
    assert_ne!(pools.settings().await, before);
    let second = pools.folder.path("second.json");
    let second = second.to_str().unwrap();
    let arguments = [
        "detach", POOL, "--from", backup, "--whole", "--yes", "--backup", second,
    ];
    let run = pools.run_with(&arguments, "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(pools.settings().await, before);
    assert_eq!(pools.triggers().await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_and_nothing_half_done() {
    let pools = Pools::start("").await;
    let backup = pools.folder.path("before.json");
    fs::write(&backup, "mine").unwrap();
    let run = pools.run("attach", &["--yes", "--backup", backup.to_str().unwrap()]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("is there already"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(&backup).unwrap(), "mine");
    assert_eq!(pools.triggers().await, json!({}));
    assert!(!pools.may_invoke("PreSignUp"));

    let missing = "arn:aws:lambda:us-east-1:123456789012:function:nowhere:live";
    let run = pools.run("attach", &["--yes", "--pre-sign-up", missing]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains(missing), "{}", run.stderr);
    assert_eq!(pools.triggers().await, json!({}));
}
