//! The promises of this crate that hold for every scheme.

use std::time::Duration;

use poolkeeper_password::{
    Budget, DummyHash, FunctionMemory, MAX_STORED_BYTES, Password, Refused, Scheme, SchemeHint,
    StoredHash,
};

/// python-bcrypt 4.3.0.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC";
/// argon2-cffi 25.1.0.
const ARGON2ID: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$jbNYBvNGMfE4ooQ4N2RD57GnV/j1XOvCxE0AFKHjQxs";

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

fn budget() -> Budget {
    Budget::for_function(FunctionMemory::ONE_CORE, Duration::from_secs(4))
}

fn hint(json: &str) -> SchemeHint {
    serde_json::from_str(json).unwrap()
}

fn reason(stored: &str) -> &'static str {
    StoredHash::parse(stored.as_bytes(), None)
        .unwrap_err()
        .reason_code()
}

#[test]
fn the_password_matches_and_another_does_not() {
    for (stored, scheme) in [(BCRYPT, Scheme::Bcrypt), (ARGON2ID, Scheme::Argon2id)] {
        let stored = StoredHash::parse(stored.as_bytes(), None).unwrap();
        assert_eq!(stored.scheme(), scheme);
        assert_eq!(stored.verify(&password("pässwörd"), &budget()), Ok(true));
        assert_eq!(stored.verify(&password("password"), &budget()), Ok(false));
    }
}

#[test]
fn neither_the_hash_nor_the_error_shows_what_was_stored() {
    let stored = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap();
    assert_eq!(format!("{stored:?}"), "StoredHash { scheme: Bcrypt, .. }");
    let error = StoredHash::parse(&BCRYPT.as_bytes()[..50], None).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("abcdef"));
    assert_eq!(error.scheme(), Some(Scheme::Bcrypt));
}

#[test]
fn what_cannot_be_read_has_a_reason_code() {
    assert_eq!(reason(""), "empty");
    assert_eq!(reason(&"a".repeat(MAX_STORED_BYTES + 1)), "too-long");
    assert_eq!(reason("what is this"), "unknown-format");
    assert_eq!(reason("!disabled by Django"), "disabled-account");
    assert_eq!(reason(&BCRYPT[..59]), "truncated-digest");
    assert_eq!(reason(&BCRYPT.replace("$04$", "$32$")), "malformed");
    assert_eq!(
        reason(&BCRYPT.replace("$2b$", "$2x$")),
        "unsupported-variant"
    );
    assert_eq!(reason(&ARGON2ID.replace("p=1", "p=9")), "malformed");
    assert_eq!(
        reason(&ARGON2ID.replace("p=1", "p=1,keyid=x")),
        "unsupported-variant"
    );
    let (before, _) = ARGON2ID.rsplit_once('$').unwrap();
    assert_eq!(reason(&format!("{before}$jQ")), "truncated-digest");
}

#[test]
fn costs_are_refused_before_anything_is_computed_or_allocated() {
    let refused = |stored: &str, budget: &Budget| {
        let stored = StoredHash::parse(stored.as_bytes(), None).unwrap();
        assert_eq!(
            stored.check(budget).unwrap_err(),
            stored.verify(&password("x"), budget).unwrap_err()
        );
        stored.check(budget).unwrap_err()
    };
    let unlimited = Budget {
        memory_bytes: u64::MAX,
        time: Duration::MAX,
    };
    for stored in [
        BCRYPT.replace("$04$", "$31$"),
        ARGON2ID.replace("m=64", "m=4294967295"),
        ARGON2ID.replace("t=1", "t=4294967295"),
    ] {
        assert_eq!(refused(&stored, &unlimited), Refused::CostOverCap);
    }
    let small = Budget {
        memory_bytes: 32 << 20,
        time: Duration::from_secs(1),
    };
    assert_eq!(
        refused(&ARGON2ID.replace("m=64", "m=65536"), &small),
        Refused::MemoryOverBudget
    );
    assert_eq!(
        refused(&BCRYPT.replace("$04$", "$13$"), &small),
        Refused::TimeOverBudget
    );
}

#[test]
fn a_hint_speaks_only_of_its_own_syntax() {
    let devise = hint(r#"{"scheme":"devise","pepper":{"literal":"x"}}"#);
    let parsed = |stored: &str| StoredHash::parse(stored.as_bytes(), Some(&devise)).unwrap();
    assert_eq!(parsed(BCRYPT).scheme(), Scheme::Devise);
    assert_eq!(parsed(ARGON2ID).scheme(), Scheme::Argon2id);
}

#[test]
fn a_hint_is_refused_where_it_says_more_than_its_scheme_knows() {
    for json in [
        r#"{"scheme":"meteor","pepper":{"literal":"x"}}"#,
        r#"{"scheme":"devise"}"#,
        r#"{"scheme":"devise","pepper":{"literal":"x","name":"y"}}"#,
        r#"{"scheme":"rot13"}"#,
    ] {
        assert!(serde_json::from_str::<SchemeHint>(json).is_err(), "{json}");
    }
}

#[test]
fn a_named_secret_is_resolved_before_it_is_used_and_never_shown() {
    let mut devise = hint(r#"{"scheme":"devise","pepper":{"name":"legacy/pepper"}}"#);
    let parse = |hint: &SchemeHint| StoredHash::parse(BCRYPT.as_bytes(), Some(hint));
    assert_eq!(parse(&devise).unwrap_err().reason_code(), "secret-missing");
    assert!(devise.resolve_secrets(|_| None).is_err());
    devise
        .resolve_secrets(|name| (name == "legacy/pepper").then(|| "wörd".into()))
        .unwrap();
    let stored = parse(&devise).unwrap();
    assert_eq!(stored.verify(&password("päss"), &budget()), Ok(true));
    assert_eq!(stored.verify(&password("pässwörd"), &budget()), Ok(false));
    assert!(!format!("{devise:?}").contains("wörd"));
    let error =
        serde_json::from_str::<SchemeHint>(r#"{"scheme":"devise","pepper":{"literal":815}}"#)
            .unwrap_err();
    assert!(!error.to_string().contains("815"));
}

#[test]
fn a_dummy_costs_what_its_model_costs_and_matches_nothing() {
    let dummy: DummyHash = serde_json::from_str(r#"{"scheme":"bcrypt","cost":4}"#).unwrap();
    let dummy = dummy.stored().unwrap();
    let model = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap();
    assert_eq!(dummy.cost(), model.cost());
    assert_eq!(dummy.verify(&password(""), &budget()), Ok(false));
}

#[tokio::test]
async fn a_verification_runs_off_the_async_thread() {
    let stored = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap();
    let matched = stored
        .verify_off_thread(password("pässwörd"), budget())
        .await;
    assert_eq!(matched, Ok(true));
}

#[test]
fn a_row_a_hint_and_the_syntax_are_weighed_in_one_place() {
    let devise = hint(r#"{"scheme":"devise","pepper":{"literal":"x"}}"#);
    let spring = hint(r#"{"scheme":"spring","secret":{"literal":"x"}}"#);
    let django = hint(r#"{"scheme":"django"}"#);
    let sha1 = "sha1$salt$02d5916550edf7fc8c886f044887f4b1abf9b013";
    let read = |stored: &str, row: Option<&str>, hint: Option<&SchemeHint>| {
        StoredHash::parse_row(stored.as_bytes(), row, hint)
            .map(|read| read.scheme().name())
            .map_err(|unsupported| unsupported.reason_code())
    };
    // The row says nothing, or what the hint says: the hint brings its options.
    assert_eq!(read(BCRYPT, None, Some(&devise)), Ok("devise"));
    assert_eq!(read(BCRYPT, Some("devise"), Some(&devise)), Ok("devise"));
    // The row names a hint that needs no options.
    assert_eq!(read(BCRYPT, Some("meteor"), Some(&devise)), Ok("meteor"));
    assert_eq!(read(sha1, Some("django"), None), Ok("django-sha1"));
    // The row names a scheme, which the hint reads, or else the syntax.
    assert_eq!(
        read(sha1, Some("django-sha1"), Some(&django)),
        Ok("django-sha1")
    );
    assert_eq!(read(BCRYPT, Some("bcrypt"), Some(&devise)), Ok("bcrypt"));
    assert_eq!(read(BCRYPT, Some("bcrypt"), None), Ok("bcrypt"));
    // Without its options, or of another syntax, a named scheme is not guessed.
    assert_eq!(read(BCRYPT, Some("devise"), None), Err("another-scheme"));
    assert_eq!(read(BCRYPT, Some("argon2id"), None), Err("another-scheme"));
    assert_eq!(
        read(sha1, Some("django-sha1"), None),
        Err("ambiguous-format")
    );
    assert_eq!(
        read(ARGON2ID, Some("argon2"), Some(&spring)),
        Err("another-scheme")
    );
    assert_eq!(
        read(BCRYPT, Some("md6"), Some(&spring)),
        Err("unknown-scheme")
    );
}

#[test]
fn the_secret_of_a_hint_is_used_for_a_row_that_names_the_scheme() {
    let secret = "x".repeat(200);
    let spring = hint(&format!(
        r#"{{"scheme":"spring","secret":{{"literal":"{secret}"}}}}"#
    ));
    let stored = format!("{{sha256}}{}", "00".repeat(40));
    let cost = |row, hint| {
        StoredHash::parse_row(stored.as_bytes(), row, hint)
            .unwrap()
            .cost()
    };
    // The secret makes the message, and so the estimate, longer.
    assert!(cost(Some("spring-sha256"), Some(&spring)) != cost(Some("spring-sha256"), None));
    assert_eq!(
        cost(Some("spring-sha256"), Some(&spring)),
        cost(None, Some(&spring))
    );
}

#[test]
fn a_hint_says_what_it_costs_where_the_stored_string_does_not() {
    let cost = |json: &str| hint(json).cost().map(|cost| cost.time);
    let generic = |rounds: u32| {
        let json = format!(
            r#"{{"scheme":"generic","digest":"sha256","encoding":"hex","rounds":{rounds}}}"#
        );
        cost(&json).unwrap()
    };
    assert!(generic(1_000_000) > 400_000 * generic(1));
    let symfony = cost(r#"{"scheme":"symfony"}"#).unwrap();
    assert!(symfony > Duration::from_millis(1), "{symfony:?}");
    let better_auth = hint(r#"{"scheme":"better-auth"}"#).cost().unwrap();
    let stored = format!("{}:{}", "00".repeat(16), "00".repeat(64));
    let better = hint(r#"{"scheme":"better-auth"}"#);
    let stored = StoredHash::parse(stored.as_bytes(), Some(&better)).unwrap();
    assert_eq!(better_auth, stored.cost());
    assert_eq!(cost(r#"{"scheme":"meteor"}"#), None);
    let dummy: DummyHash = serde_json::from_str(r#"{"scheme":"bcrypt","cost":12}"#).unwrap();
    let one_core = dummy.cost().unwrap();
    let eighth = one_core.on(FunctionMemory::from_megabytes(221)).time;
    assert!(eighth > 8 * one_core.time, "{eighth:?}");
}
