//! The promises of this crate that hold for every scheme.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::Duration;

use poolkeeper_password::{
    Budget, DummyHash, MAX_STORED_BYTES, Password, Refused, Scheme, SchemeHint, StoredHash,
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
    Budget::for_function(512 << 20, Duration::from_secs(4))
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
    assert_eq!(reason(&"a".repeat(MAX_STORED_BYTES + 1)), "too_long");
    assert_eq!(reason("what is this"), "unknown_format");
    assert_eq!(reason("!disabled by Django"), "disabled_account");
    assert_eq!(reason(&BCRYPT[..59]), "truncated_digest");
    assert_eq!(reason(&BCRYPT.replace("$04$", "$32$")), "malformed");
    assert_eq!(
        reason(&BCRYPT.replace("$2b$", "$2x$")),
        "unsupported_variant"
    );
    assert_eq!(reason(&ARGON2ID.replace("p=1", "p=9")), "malformed");
    assert_eq!(
        reason(&ARGON2ID.replace("p=1", "p=1,keyid=x")),
        "unsupported_variant"
    );
    let (before, _) = ARGON2ID.rsplit_once('$').unwrap();
    assert_eq!(reason(&format!("{before}$jQ")), "truncated_digest");
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
    let small = Budget::for_function(64 << 20, Duration::from_secs(1));
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
    assert_eq!(parse(&devise).unwrap_err().reason_code(), "secret_missing");
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
    assert_eq!(dummy.dummy(&password(""), &budget()), Ok(()));
}

#[tokio::test]
async fn a_verification_runs_off_the_async_thread() {
    let stored = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap();
    let matched = stored
        .verify_off_thread(password("pässwörd"), budget())
        .await;
    assert_eq!(matched, Ok(true));
}
