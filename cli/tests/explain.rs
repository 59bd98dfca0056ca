//! `poolkeeper explain`, as an operator runs it.
use std::path::Path;

use crate::support::{Folder, Run, poolkeeper};

fn tree(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    path.to_str().unwrap().to_owned()
}

/// Explains a sample of events/ under the policy that ships.
fn explain(event: &str) -> Run {
    let event = std::fs::read_to_string(tree(&format!("events/{event}.json"))).unwrap();
    let policy = tree("policy/policy.toml");
    poolkeeper(&["explain", "pre-sign-up", "--policy", &policy], event)
}

#[test]
fn a_refused_sign_up_names_the_check_and_what_the_person_reads() {
    let run = explain("pre-sign-up.SignUp.refused");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(
        lines[0].starts_with("company-addresses: objection email-domain-not-allowed: refuses ("),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "refused: PreSignUp failed with error please sign up with your company's e-mail address \
         [email-domain-not-allowed]."
    );
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
}

#[test]
fn an_admitted_sign_up_is_explained_too() {
    let run = explain("pre-sign-up.SignUp");
    assert!(run.stdout.starts_with("company-addresses: clear: passes ("));
    assert!(run.stdout.ends_with("\nallowed: no-objection\n"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn another_trigger_s_event_or_no_event_is_not_explained_and_not_repeated() {
    let policy = tree("policy/policy.toml");
    for (event, expected) in [
        ("cAnArY", "poolkeeper: stdin: expected one event in JSON\n"),
        (
            "[\"cAnArY\"]",
            "poolkeeper: event: expected a JSON object\n",
        ),
        (
            "{\"triggerSource\": \"cAnArY\"}",
            "poolkeeper: event.triggerSource: expected one of PreSignUp's\n",
        ),
    ] {
        let run = poolkeeper(&["explain", "pre-sign-up", "--policy", &policy], event);
        assert_eq!((run.code, run.stderr.as_str()), (2, expected));
    }
}

#[test]
fn checks_that_ask_something_are_shown_and_not_asked() {
    let policy = std::env::temp_dir().join(format!("explain-{}.toml", std::process::id()));
    let text = "version = 1\n[pre-sign-up.clients.office]\nids = [\"1example23456789poolkeeper\"]\n\
        confidential = true\n[[pre-sign-up.checks]]\nname = \"invited\"\ninvitation = {}\n\
        [[pre-sign-up.checks]]\nname = \"person\"\ncaptcha = { provider = \"hcaptcha\", secret = \"c\" }\n\
        [[pre-sign-up.checks]]\nname = \"names\"\nuser_name = { min_length = 1 }\n\
        [[pre-sign-up.auto_confirm]]\nname = \"by-office\"\nclients = [\"office\"]\nverify_email = true\n";
    std::fs::write(&policy, text).unwrap();
    let event = std::fs::read_to_string(tree("events/pre-sign-up.SignUp.json")).unwrap();
    let path = policy.to_str().unwrap();
    let explain = |event: &str| poolkeeper(&["explain", "pre-sign-up", "--policy", path], event);
    let run = explain(&event);
    // A way in that nobody knows is confirmed as Cognito does.
    let unknown = explain(&event.replace("PreSignUp_SignUp", "PreSignUp_FromTheFuture"));
    std::fs::remove_file(&policy).unwrap();
    assert!(
        unknown.stdout.ends_with("\nallowed: no-objection\n"),
        "{}",
        unknown.stdout
    );
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("names: clear: passes ("), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "person: needs AWS: not asked",
            "invited: needs AWS: not asked",
            "allowed: no-objection",
            "confirmed without a code by by-office, unless what it verifies is another user's: not asked",
        ]
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn every_kind_of_check_is_explained() {
    let kinds = [
        (
            "domain",
            "email_domain = { allow = [\"example.com\"] }",
            true,
        ),
        ("throwaway", "disposable_domain = {}", true),
        ("names", "user_name = { min_length = 1 }", true),
        (
            "locale",
            "attribute = { name = \"locale\", max_length = 5 }",
            true,
        ),
        ("prefix", "phone_number = { deny = [\"+1876\"] }", true),
        (
            "country",
            "phone_number = { allow = [\"AT\", \"US\"] }",
            true,
        ),
        ("invited", "invitation = {}", false),
        ("mailbox", "unique_email = {}", false),
        ("stopped", "blocked = {}", false),
        (
            "often",
            "velocity = { by = \"email\", burst = 3, period_seconds = 60 }",
            false,
        ),
        (
            "person",
            "captcha = { provider = \"hcaptcha\", secret = \"c\" }",
            false,
        ),
        (
            "own",
            "https = { url = \"https://checks.example.com/\", hmac = \"own\" }",
            false,
        ),
        ("legacy", "legacy_user = {}", false),
    ];
    let providers = "[[pre-sign-up.checks]]\nname = \"providers\"\napplies_to = [\"sign_up\"]\n\
        federation = { providers = { Google = { any_domain = true } } }\n";
    let folder = Folder::new();
    std::fs::copy(
        tree("policy/disposable-domains.txt"),
        folder.path("disposable-domains.txt"),
    )
    .unwrap();
    let policy = folder.path("policy.toml");
    let mut text = format!("version = 1\n{providers}");
    for (name, kind, _) in kinds {
        text += &format!("[[pre-sign-up.checks]]\nname = \"{name}\"\n{kind}\nmode = \"report\"\n");
    }
    std::fs::write(
        &policy,
        text.replace(
            "any_domain = true } } }",
            "any_domain = true } } }\nmode = \"report\"",
        ),
    )
    .unwrap();
    let event = std::fs::read_to_string(tree("events/pre-sign-up.SignUp.json")).unwrap();
    let event = event.replace(
        "\"email\"",
        "\"phone_number\": \"+436601234567\", \"email\"",
    );
    let run = poolkeeper(
        &[
            "explain",
            "pre-sign-up",
            "--policy",
            policy.to_str().unwrap(),
        ],
        event,
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let of = |name: &str| {
        let mut lines = run.stdout.lines();
        let line = lines.find(|line| line.starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name}: {}", run.stdout))
    };
    for (name, _, local) in kinds {
        let line = of(name);
        match local {
            true => {
                assert!(
                    line.starts_with(&format!("{name}: clear: passes (")),
                    "{line}"
                );
                assert!(line.ends_with(" µs)"), "{line}");
            }
            false => assert_eq!(line, format!("{name}: needs AWS: not asked")),
        }
    }
    assert!(
        of("providers").contains("(") && run.stdout.ends_with("\nallowed: reported\n"),
        "{}",
        run.stdout
    );
}
