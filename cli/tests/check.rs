//! `poolkeeper check`, as an operator and a deployment run it.

use std::fs;

use crate::support::{Folder, poolkeeper};

fn check(folder: &Folder, policy: &str) -> (i32, String) {
    let file = folder.path("policy.toml");
    fs::write(&file, policy).unwrap();
    let run = poolkeeper(&["check", file.to_str().unwrap()], "");
    assert_eq!(run.stderr, "");
    (run.code, run.stdout)
}

#[test]
fn the_policy_that_ships_is_valid() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../policy/policy.toml");
    let run = poolkeeper(&["check", shipped], "");
    assert_eq!((run.code, run.stdout), (0, format!("{shipped}: valid\n")));
}

#[test]
fn all_that_is_wrong_in_any_section_is_listed_with_its_line() {
    let folder = Folder::new();
    let policy = "version = 1\n[post-confirmation]\nprofil = true\n[nothing]\n";
    let (code, told) = check(&folder, policy);
    assert_eq!(code, 1);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(
        told.contains("policy.toml:3") && told.contains("policy.toml:4"),
        "{told}"
    );
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let run = poolkeeper(&["check", "/nowhere/policy.toml"], "");
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("/nowhere/policy.toml"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_file_of_keys_that_the_policy_names_must_be_there_and_hold_keys() {
    let folder = Folder::new();
    let policy = "version = 1\n[identity-vendor.sources.app]\njwks_file = \"app.jwks.json\"\n\
        audiences = [\"poolkeeper\"]\n";
    let (code, told) = check(&folder, policy);
    assert_eq!(code, 1);
    assert!(
        told.ends_with("identity-vendor.sources.app: jwks_file: the file cannot be read\n"),
        "{told}"
    );
    fs::write(folder.path("app.jwks.json"), "{\"keys\":[]}").unwrap();
    let (code, told) = check(&folder, policy);
    assert_eq!(code, 1);
    assert!(told.contains("expected at least one key"), "{told}");
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    fs::write(
        folder.path("app.jwks.json"),
        format!("{{\"keys\":[{key}]}}"),
    )
    .unwrap();
    assert_eq!(check(&folder, policy).0, 0);
}

#[test]
fn a_list_of_domains_that_the_policy_names_must_be_there_and_hold_domains() {
    let folder = Folder::new();
    let policy = |mode: &str| {
        format!(
            "version = 1\n[[pre-sign-up.checks]]\nname = \"throwaway\"\nmode = \"{mode}\"\n\
             disposable_domain = {{ list = \"throwaway.txt\" }}\n"
        )
    };
    let (code, told) = check(&folder, &policy("report"));
    assert_eq!(code, 1);
    let said = "policy.toml: pre-sign-up: the list of disposable domains cannot be read: ";
    assert!(
        told.contains(said) && told.contains("throwaway.txt"),
        "{told}"
    );
    assert_eq!(check(&folder, &policy("off")).0, 0);
    fs::write(
        folder.path("throwaway.txt"),
        "# a list\nexample.com\nno domain\n",
    )
    .unwrap();
    let (code, told) = check(&folder, &policy("enforce"));
    assert_eq!(code, 1);
    assert!(told.contains("line 3: expected a domain"), "{told}");
    fs::write(folder.path("throwaway.txt"), "example.com\n").unwrap();
    assert_eq!(check(&folder, &policy("enforce")).0, 0);
}

#[test]
fn invitations_that_are_asked_for_are_redeemed_and_the_other_way_round() {
    let folder = Folder::new();
    for (mode, redeems, code, told) in [
        ("enforce", "redeem_invitations = true", 0, "valid"),
        ("enforce", "", 1, "redeem_invitations: expected true"),
        (
            "report",
            "redeem_invitations = false",
            1,
            "redeem_invitations: expected true",
        ),
        ("off", "", 0, "valid"),
        (
            "off",
            "redeem_invitations = true",
            1,
            "expected a check `invitation`",
        ),
    ] {
        let policy = format!(
            "version = 1\n[[pre-sign-up.checks]]\nname = \"invited\"\nmode = \"{mode}\"\ninvitation = {{}}\n\
             [post-confirmation]\n{redeems}\n"
        );
        let (found, output) = check(&folder, &policy);
        assert_eq!(
            (found, output.contains(told)),
            (code, true),
            "{policy}: {output}"
        );
    }
    // A section that is not there says nothing.
    let (found, output) = check(
        &folder,
        "version = 1\n[post-confirmation]\nredeem_invitations = true\n",
    );
    assert_eq!(found, 0, "{output}");
}
