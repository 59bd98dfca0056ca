//! Policies, sections and the errors that a reader of them gets.

use super::*;
use crate::jwt::IssuerUrl;

/// A file in which nothing is wrong; each test bends it once.
pub(super) const GOOD: &str = r#"version = 1

[pre-sign-up]
[[pre-sign-up.checks]]
name = "company"
email_domain = { allow = ["example.com", "*.example.org"] }

[post-confirmation]




[identity-vendor]
[identity-vendor.sources.app]
issuer = "https://auth.example.com/"
audiences = ["poolkeeper"]
[identity-vendor.roles.member]
flow = "token"
[[identity-vendor.rules]]
name = "everybody"
source = "app"
role = "member"
[user-migration]
[[user-migration.stores]]
name = "old"
attributes = { email = "mail" }
dynamodb.lookup = "as_typed"
"#;

fn errors(text: &str) -> Vec<String> {
    let file = PolicyFile::parse("policy.toml", text.to_owned());
    match file.check_all() {
        Ok(()) => Vec::new(),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    }
}

fn bent(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    errors(&GOOD.replace(from, to))
}

#[test]
fn a_good_file_is_good() {
    assert_eq!(errors(GOOD), Vec::<String>::new());
    let file = PolicyFile::parse("policy.toml", GOOD.to_owned());
    let vendor: IdentityVendor = file.section().unwrap();
    let issuer = vendor.sources.get("app").unwrap().issuers.first().unwrap();
    assert_eq!(issuer.as_str(), "https://auth.example.com");
}

#[test]
fn every_error_is_reported_at_once_with_its_line_and_path() {
    let text = GOOD
        .replace(
            "name = \"company\"",
            "name = \"Company\"\nmoed = \"report\"",
        )
        .replace("\"*.example.org\"", "\"*.exa mple\", 7")
        .replace("flow = \"token\"", "flow = \"tokens\"")
        .replace("role = \"member\"", "role = \"admin\"\ndeny = 1");
    let expected = [
        "policy.toml:5: pre-sign-up.checks[].name: a name is 1 to 64 of a-z, 0-9, - and _, beginning with a letter",
        "policy.toml:6: pre-sign-up.checks[]: unknown key, expected one of `name`, `mode`, `on_undecided`, `applies_to`, `clients`, `message`, `email_domain`, `disposable_domain`, `user_name`, `attribute`, `phone_number`, `invitation`, `unique_email`, `blocked`, `velocity`, `federation`, `captcha`, `https`, `legacy_user`",
        "policy.toml:7: pre-sign-up.checks[].email_domain.allow[]: expected a domain such as example.com, or *.example.com for all below it",
        "policy.toml:7: pre-sign-up.checks[].email_domain.allow[]: expected a string",
        "policy.toml:19: identity-vendor.roles.member.flow: expected one of `token`, `credentials`, `direct`",
        "policy.toml:24: identity-vendor.rules[].deny: expected a boolean",
    ];
    let mut found = errors(&text);
    found.sort_by_key(|line| {
        let number = line.split(':').nth(1).and_then(|n| n.parse::<u32>().ok());
        (number, line.clone())
    });
    assert_eq!(found, expected);
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    assert_eq!(
        bent("flow = \"token\"\n", ""),
        ["policy.toml:17: identity-vendor.roles.member: the key `flow` is missing"]
    );
}

#[test]
fn what_only_several_values_show_is_checked_too() {
    assert_eq!(
        bent("role = \"member\"", "role = \"owner\""),
        ["policy.toml:22: identity-vendor: the role owner is not defined"]
    );
    assert_eq!(
        bent("source = \"app\"", "source = \"pool\""),
        [
            "policy.toml:21: identity-vendor: the rule everybody names the source pool, which is not defined"
        ]
    );
    assert_eq!(
        bent(
            "role = \"member\"",
            "role = \"member\"\nwhen = [{ claim = \"a\" }]"
        ),
        [
            "policy.toml:23: identity-vendor: a condition has exactly one of equals, not_equals, one_of, starts_with, has_element, has_word, has_substring, matches"
        ]
    );
    assert_eq!(
        bent("{ email = \"mail\" }", "{ sub = \"id\" }"),
        [
            "policy.toml:26: user-migration: Cognito makes the sub itself and refuses one that is sent"
        ]
    );
}

#[test]
fn a_hash_that_cannot_be_computed_is_told() {
    let found = bent(
        "dynamodb.lookup = \"as_typed\"",
        "dynamodb.dummy_hash = { scheme = \"bcrypt\", cost = 99 }",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found
            .iter()
            .all(|line| line.contains("dummy_hash cannot be computed")),
        "{found:?}"
    );
}

#[test]
fn a_misplaced_secret_is_not_repeated() {
    const SECRET: &str = "S3CRET";
    for hash in [
        r#"{ scheme = "devise", pepper = "S3CRET" }"#,
        r#"{ scheme = "devise", pepper = ["S3CRET"] }"#,
        r#"{ scheme = "devise", pepper = { S3CRET = "literal" } }"#,
        r#"{ scheme = "devise", pepper = { literal = ["S3CRET"] } }"#,
        r#"{ scheme = "devise", pepper = { literal = { S3CRET = 1 } } }"#,
        r#"{ scheme = "devise", pepper = { litteral = "S3CRET" } }"#,
        r#"{ scheme = "devise", pepper = { literal = "a", S3CRET = "b" } }"#,
        r#"{ scheme = "devise", peper = "S3CRET" }"#,
        r#"{ scheme = "devise", S3CRET = "pepper" }"#,
        r#"{ scheme = "S3CRET" }"#,
        r#"{ scheme = ["S3CRET"] }"#,
        r#"{ pepper = "S3CRET" }"#,
        r#"{ scheme = "argon2", secret = "S3CRET" }"#,
        r#"{ scheme = "spring", secret = "S3CRET" }"#,
        r#"{ scheme = "firebase-scrypt", signer_key = "S3CRET" }"#,
        r#"{ scheme = "firebase-scrypt", signer_key = { literal = "a" }, salt_separator = { literal = "S3CRET" } }"#,
        r#"{ scheme = "generic", digest = "sha256", encoding = "hex", hmac_key = "S3CRET" }"#,
        r#"{ scheme = "generic", digest = "S3CRET", encoding = "hex" }"#,
        r#"{ scheme = "generic", digest = "sha256", encoding = "hex", pepper = { secret = "S3CRET", position = "prefix" } }"#,
        r#"{ scheme = "generic", digest = "sha256", encoding = "hex", salt = "S3CRET" }"#,
        r#""S3CRET""#,
        r#"["S3CRET"]"#,
        // Broken syntax.
        r#"{ scheme = "devise", pepper = S3CRET }"#,
        r#"{ scheme = "devise", pepper = "S3CRET }"#,
        r#"{ scheme = "devise", pepper = "\S3CRET" }"#,
        r#"{ scheme = "devise", pepper = { literal: "S3CRET" } }"#,
        r#"{ scheme = "devise", pepper = { literal = "a", literal = "S3CRET" } }"#,
        "S3CRET",
        "1S3CRET",
    ] {
        let found = bent(
            "dynamodb.lookup = \"as_typed\"",
            &format!("dynamodb.hash = {hash}"),
        );
        // A string that does not end makes errors of the lines below it too.
        let told = found
            .iter()
            .any(|error| error.starts_with("policy.toml:27"));
        assert!(told, "{hash}: {found:?}");
        for error in &found {
            assert!(!error.contains(SECRET), "{hash}: {error}");
        }
    }
    for (from, to) in [
        ("[post-confirmation]", "[S3CRET]\n[post-confirmation]"),
        ("version = 1", "version = \"S3CRET\""),
        ("version = 1", "version = 1\nS3CRET = \"pepper\""),
        ("[user-migration]", "[user-migration]\nS3CRET = \"pepper\""),
        (
            "[user-migration]",
            "[user-migration.S3CRET]\n[user-migration]",
        ),
        ("[user-migration]", "user-migration = \"S3CRET\""),
    ] {
        let found = bent(from, to);
        assert!(!found.is_empty(), "{to} is accepted");
        assert!(!found.concat().contains(SECRET), "{to}: {found:?}");
    }
}

#[test]
fn the_form_of_a_secret_is_told() {
    for pepper in [r#""S3CRET""#, "7", r#"{ litteral = "S3CRET" }"#, "{}"] {
        let hash = format!("dynamodb.hash = {{ scheme = \"devise\", pepper = {pepper} }}");
        assert_eq!(
            bent("dynamodb.lookup = \"as_typed\"", &hash),
            [
                "policy.toml:27: user-migration.stores[].dynamodb.hash: a secret is { name = \"…\" } or { literal = \"…\" }"
            ],
            "{pepper}"
        );
    }
}

#[test]
fn what_would_be_lost_with_the_token_is_refused() {
    let found = bent(
        "flow = \"token\"",
        "flow = \"token\"\nduration_seconds = 3600\nsession_policy = '{\"Statement\":[]}'",
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|line| line.contains("would be lost")),
        "{found:?}"
    );
    let found = bent(
        "flow = \"token\"",
        "flow = \"credentials\"\nduration_seconds = 60",
    );
    assert_eq!(
        found,
        [
            "policy.toml:19: identity-vendor.roles.member.duration_seconds: expected a whole number from 900 to 43200"
        ]
    );
}

#[test]
fn what_would_check_nothing_or_mean_two_things_is_refused() {
    let rule =
        "[[identity-vendor.rules]]\nname = \"everybody\"\nsource = \"app\"\nrole = \"member\"\n";
    let check =
        "[[pre-sign-up.checks]]\nname = \"company\"\nemail_domain = { deny = [\"a.example\"] }\n";
    let credentials = "flow = \"credentials\"\n";
    for (from, to, expected) in [
        (
            "allow = [\"example.com\", \"*.example.org\"]",
            "",
            "5: pre-sign-up: the check company looks at nothing: expected allow or deny",
        ),
        (
            "[post-confirmation]",
            &format!("{check}[post-confirmation]"),
            "9: pre-sign-up: a second check is called company",
        ),
        (
            "[\"poolkeeper\"]",
            "[]",
            "16: identity-vendor: the source app accepts no audience: expected at least one",
        ),
        (
            "role = \"member\"",
            "",
            "20: identity-vendor: the rule everybody needs one of role, role_from_token = true and deny = true",
        ),
        (
            "role = \"member\"",
            "role = \"member\"\ndeny = true",
            "20: identity-vendor: the rule everybody needs one of role, role_from_token = true and deny = true",
        ),
        (
            "[[identity-vendor.rules]]",
            &format!("{rule}[[identity-vendor.rules]]"),
            "24: identity-vendor: a second rule is called everybody",
        ),
        (
            "flow = \"token\"\n",
            &format!("{credentials}token_seconds = 60\n"),
            "19: identity-vendor: member: token_seconds has no effect: no token leaves",
        ),
        (
            "flow = \"token\"\n",
            &format!("{credentials}session_policy = '{{\"Version\":\"2012-10-17\"}}'\n"),
            "19: identity-vendor: member: session_policy: expected an IAM policy document in JSON of at most 2048 characters",
        ),
    ] {
        assert_eq!(bent(from, to), [format!("policy.toml:{expected}")]);
    }
}

#[test]
fn a_typo_in_one_section_does_not_stop_another() {
    let semantic = GOOD.replace("flow = \"token\"", "flow = \"tokens\"");
    let syntactic = GOOD.replace("flow = \"token\"", "flow = \"token");
    for text in [semantic, syntactic] {
        let file = PolicyFile::parse("policy.toml", text);
        assert!(file.section::<UserMigration>().is_ok());
        assert!(file.section::<PreSignUp>().is_ok());
        assert!(file.section::<IdentityVendor>().is_err());
        assert!(file.check_all().is_err());
    }
}

#[test]
fn syntax_errors_say_where() {
    let found = bent("attributes = { email = \"mail\" }", "attributes = \"mail");
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|line| line.starts_with("policy.toml:26")),
        "{found:?}"
    );
}

#[test]
fn a_missing_section_or_version_is_said() {
    let file = PolicyFile::parse("policy.toml", "version = 1".to_owned());
    let error = file.section::<PreSignUp>().unwrap_err().to_string();
    assert_eq!(error, "policy.toml: the section [pre-sign-up] is missing");
    let rules: PostConfirmation = file.section().unwrap();
    assert_eq!(rules, PostConfirmation::default());
    assert_eq!(
        bent("version = 1", "version = 2"),
        ["policy.toml:1: version: expected version = 1, the format that this release reads"]
    );
    assert_eq!(
        errors(&format!("{GOOD}[typo]")),
        [
            "policy.toml:28: no such section: expected version, pre-sign-up, post-confirmation, user-migration or identity-vendor"
        ]
    );
}

#[test]
fn http_is_for_loopback_only() {
    for (url, good) in [
        ("https://a.example", true),
        ("http://127.0.0.1:4000/oidc", true),
        ("http://localhost", true),
        ("http://a.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("https://user@a.example", false),
        ("https://a.example/?x", false),
        ("https://a.example#x", false),
        ("ftp://a.example", false),
        ("a.example", false),
    ] {
        assert_eq!(IssuerUrl::try_from(url.to_owned()).is_ok(), good, "{url}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(\\PC|\n|\\[|\"|=){0,200}", place in 0usize..600) {
        let mut bent = GOOD.to_owned();
        let place = (0..=place.min(bent.len())).rev().find(|at| bent.is_char_boundary(*at)).unwrap();
        bent.insert_str(place, &text);
        drop(errors(&bent));
        drop(errors(&text));
    }
}

#[test]
fn a_store_is_one_thing_and_an_endpoint_knows_who_asks() {
    let https = |keys: &str| {
        bent(
            "dynamodb.lookup = \"as_typed\"",
            &format!("https = {{ {keys} }}"),
        )
    };
    let found = bent("dynamodb.lookup = \"as_typed\"\n", "");
    assert_eq!(
        found,
        [
            "policy.toml:25: user-migration: expected one of dynamodb, https, cognito and sql: what the store is"
        ]
    );
    let url = "url = \"https://legacy.example.com/\"";
    let proof = "policy.toml:25: user-migration: expected one of bearer and hmac: passwords go to nobody who cannot \
                 tell us apart";
    assert_eq!(https(url)[0], proof);
    assert_eq!(
        https(&format!("{url}, bearer = \"a\", hmac = \"b\""))[0],
        proof
    );
    assert_eq!(https(&format!("{url}, hmac = \"b\"")), Vec::<String>::new());
    assert_eq!(
        https("url = \"http://127.0.0.1:4000/\""),
        Vec::<String>::new()
    );
    let remote = https("url = \"http://legacy.example.com/\", hmac = \"b\"");
    assert!(remote[0].contains("expected an https URL"), "{remote:?}");
}
