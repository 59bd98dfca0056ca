//! Any bytes at all as a stored hash: a reason, never a panic, and nothing over the budget.

use std::{sync::LazyLock, time::Duration};

use poolkeeper_password::{Budget, Password, Refused, Scheme, SchemeHint, StoredHash};
use proptest::prelude::*;
use serde_json::Value;

/// Enough for the cheapest parameters of each scheme.
const SMALL: Budget = Budget {
    memory_bytes: 1 << 20,
    time: Duration::from_millis(3),
};
const UNLIMITED: Budget = Budget {
    memory_bytes: u64::MAX,
    time: Duration::MAX,
};

type Seed = (Option<SchemeHint>, String);

static VECTORS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let lines = include_str!("vectors.jsonl").lines();
    lines
        .map(|line| {
            let vector: Value = serde_json::from_str(line).unwrap();
            let hint = vector.get("hint").map(|hint| {
                let hint = serde_json::from_value(hint.clone());
                hint.unwrap()
            });
            (hint, vector["stored"].as_str().unwrap().to_owned())
        })
        .collect()
});

fn password() -> Password {
    Password::parse("hunter2".to_owned()).unwrap()
}

/// Whatever it is: parsed, and verified if the budget allows it.
fn meet(stored: &[u8], hint: Option<&SchemeHint>) {
    match StoredHash::parse(stored, hint) {
        Ok(stored) => {
            let cost = stored.cost();
            let checked = stored.check(&SMALL);
            if let Ok(matched) = stored.verify(&password(), &SMALL) {
                assert_eq!(checked, Ok(()));
                assert!(cost.time <= SMALL.time && cost.memory_bytes <= SMALL.memory_bytes);
                // `{noop}` alone can be guessed.
                assert!(!matched || stored.scheme() == Scheme::SpringNoop);
            }
        }
        Err(error) => assert!(!error.reason_code().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(
        stored in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            proptest::collection::vec(b' '..=b'~', 0..200),
            "\\PC{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        meet(&stored, None);
    }

    #[test]
    fn no_text_behind_a_known_prefix_panics(
        prefix in prop::sample::select(vec![
            "$1$", "$2b$", "$5$", "$6$rounds=", "$7$", "$P$", "$S$", "U$S$", "$y$", "$apr1$", "$argon2id$v=19$",
            "$bcrypt-sha256$", "$fbscrypt$", "$firescrypt$", "$pbkdf2-sha256$", "$scrypt$ln=", "$sha1$", "$wp$2y$",
            "{MD5}", "{SSHA}", "{PBKDF2}", "{PKCS5S2}", "{CRYPT}", "{pbkdf2}", "{scrypt}$", "{sha256}", "{noop}",
            "{\"credentialData\":", "_", "grub.pbkdf2.sha512.", "pbkdf2:sha256:", "pbkdf2_sha256$", "scrypt:",
            "scrypt$", "argon2$", "bcrypt_sha256$", "AQAAAAEAA",
        ]),
        rest in "[$=,:.0-9a-zA-Z/+{}\"]{0,80}",
    ) {
        meet(format!("{prefix}{rest}").as_bytes(), None);
    }

    #[test]
    fn no_damaged_vector_panics(
        at in any::<prop::sample::Index>(),
        position in any::<prop::sample::Index>(),
        removed in 0_usize..8,
        inserted in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let (hint, stored) = at.get(&VECTORS);
        let mut stored = stored.clone().into_bytes();
        let start = position.index(stored.len());
        let end = (start + removed).min(stored.len());
        stored.splice(start..end, inserted);
        meet(&stored, hint.as_ref());
        meet(&stored, None);
    }

    #[test]
    fn no_hint_panics_on_what_another_scheme_wrote(
        hinted in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let hints: Vec<_> = VECTORS.iter().filter_map(|(hint, _)| hint.clone()).collect();
        meet(at.get(&VECTORS).1.as_bytes(), Some(hinted.get(&hints)));
    }
}

/// `fuzz/src/password.rs` writes its findings there, and the inputs that it mutates further.
#[test]
fn nothing_in_the_corpus_of_the_fuzzer_panics_or_matches() {
    let mut inputs = 0;
    for line in include_str!("../../fuzz/corpus/password.jsonl").lines() {
        let input: Value = serde_json::from_str(line).unwrap();
        let hint = input.get("hint").cloned();
        let hint = hint.map(|hint| serde_json::from_value::<SchemeHint>(hint).unwrap());
        let stored = match input.get("bytes") {
            Some(bytes) => serde_json::from_value(bytes.clone()).unwrap(),
            None => input["stored"].as_str().unwrap().as_bytes().to_vec(),
        };
        meet(&stored, hint.as_ref());
        meet(&stored, None);
        inputs += 1;
    }
    assert!(inputs > 300, "{inputs}");
}

#[test]
fn every_family_has_a_cap_that_no_budget_lifts() {
    let digest = "A".repeat(86);
    let (d22, d31, d43) = (&digest[..22], &digest[..31], &digest[..43]);
    for (stored, hint) in [
        (format!("$2b$31${d22}{d31}"), None),
        (
            format!("$argon2id$v=19$m=4294967295,t=1,p=1${d22}${d22}"),
            None,
        ),
        (
            format!("$argon2id$v=19$m=8,t=4294967295,p=1${d22}${d22}"),
            None,
        ),
        (
            format!("$scrypt$ln=63,r=4294967295,p=4294967295${d22}${d43}"),
            None,
        ),
        (format!("$scrypt$ln=1,r=8,p=1073741824${d22}${d43}"), None),
        (
            format!("$7$zzzzzzzzzzzsalt${d43}").replacen("$7$z", "$7$w", 1),
            None,
        ),
        (
            format!("$fbscrypt$v=1,n=40,r=8,p=1,ss=Bw==,sk={d22}${d22}${d22}"),
            None,
        ),
        (
            format!("$pbkdf2-sha256$i=4294967295,l=32${d22}${d43}"),
            None,
        ),
        (format!("$pbkdf2-sha512$4294967295${d22}${digest}"), None),
        (format!("pbkdf2_sha256$4294967295$salt${d43}="), None),
        (
            format!("scrypt:9223372036854775808:8:1$salt${}", "a".repeat(128)),
            None,
        ),
        (format!("$P$Ssaltsalt{d22}"), None),
        (format!("$S$Ssaltsalt{d43}"), None),
        (format!("$5$rounds=999999999$salt${d43}"), None),
        (format!("$6$rounds=999999999$salt${digest}"), None),
        (format!("$sha1$4294967295$salt${}", &digest[..28]), None),
        (format!("$y$jU5$saltsalt${d43}"), None),
        (format!("_zzzz{}", &digest[..15]), None),
        (format!("{{scrypt}}$3fffff${d22}${d43}"), None),
        (
            format!("{}:salt:3_32_2_99999999999", "a".repeat(64)),
            Some(r#"{"scheme":"magento"}"#),
        ),
        (
            "a".repeat(64),
            Some(r#"{"scheme":"generic","digest":"sha256","encoding":"hex","rounds":4294967295}"#),
        ),
        (
            format!("{digest}=="),
            Some(r#"{"scheme":"symfony","iterations":4294967295}"#),
        ),
    ] {
        let hint = hint.map(|hint| serde_json::from_str::<SchemeHint>(hint).unwrap());
        let parsed = StoredHash::parse(stored.as_bytes(), hint.as_ref());
        let parsed = parsed.unwrap_or_else(|error| panic!("{stored}: {error}"));
        let verified = parsed.verify(&password(), &UNLIMITED);
        assert_eq!(verified, Err(Refused::CostOverCap), "{stored}");
    }
}

#[test]
fn a_long_password_costs_more_where_every_round_hashes_it() {
    // 300000 rounds of a usual password are within a second; of 1024 bytes they are not.
    let stored = format!("$6$rounds=300000$salt${}", "A".repeat(86));
    let stored = StoredHash::parse(stored.as_bytes(), None).unwrap();
    let budget = Budget {
        time: Duration::from_secs(1),
        ..SMALL
    };
    assert_eq!(stored.check(&budget), Ok(()));
    let long = Password::parse("x".repeat(1024)).unwrap();
    assert_eq!(stored.verify(&long, &budget), Err(Refused::TimeOverBudget));
}

#[test]
fn ambiguous_strings_are_not_guessed() {
    for stored in [
        "sha1$salt$02d5916550edf7fc8c886f044887f4b1abf9b013",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "19e0e8d91c722e7091ca7a6a6fb0f4fa:54718031842521651757785603028777",
        "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1",
        "48c/R8JAv757A",
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
    ] {
        let error = StoredHash::parse(stored.as_bytes(), None).unwrap_err();
        assert_eq!(error.reason_code(), "ambiguous-format", "{stored}");
    }
}

#[test]
fn nothing_is_verified_without_a_digest() {
    for stored in [
        "{noop}",
        "{SHA}",
        "{SSHA}",
        "{MD5}",
        "{CRYPT}",
        "{pbkdf2}",
        "{sha256}",
        "{SHA-1}",
        "$1$salt$",
        "$6$salt$",
        "$P$Bsaltsalt",
        "$y$j75$salt$",
        "sha1$salt$",
        "grub.pbkdf2.sha512.1.00.",
        "pbkdf2:sha256:1$salt$",
        "pbkdf2_sha256$1$salt$",
        "$pbkdf2-sha256$i=1,l=0$AAAA$",
        "$scrypt$ln=1,r=1,p=1$AAAA$",
        ":",
        ":salt",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
        "_/...salt",
        "$fbscrypt$v=1,n=1,r=1,p=1,ss=,sk=$AAAA$",
    ] {
        for (hint, _) in VECTORS.iter() {
            assert!(
                StoredHash::parse(stored.as_bytes(), hint.as_ref()).is_err(),
                "{stored} {hint:?}"
            );
        }
    }
}
