//! Stored passwords that other programs wrote (`vectors.jsonl`, by
//! `tools/password-vectors/generate.py`), and the same ones damaged.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use poolkeeper_password::{Budget, Password, Scheme, SchemeHint, StoredHash, UnsupportedHash};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    scheme: String,
    source: String,
    hint: Option<SchemeHint>,
    password: String,
    stored: String,
    flipped_salt: Option<String>,
    flipped_digest: Option<String>,
    #[serde(default)]
    truncated: Vec<String>,
}

impl Vector {
    fn parse(&self, stored: &str) -> Result<StoredHash, UnsupportedHash> {
        StoredHash::parse(stored.as_bytes(), self.hint.as_ref())
    }

    fn verify(&self, stored: &str, password: &str) -> bool {
        let budget = Budget {
            memory_bytes: 256 << 20,
            time: Duration::from_secs(5),
        };
        let password = Password::parse(password.to_owned()).unwrap();
        self.parse(stored)
            .is_ok_and(|stored| stored.verify(&password, &budget).unwrap())
    }
}

fn vectors() -> impl Iterator<Item = Vector> {
    let lines = include_str!("vectors.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap())
}

fn none_of(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn every_vector_is_of_its_scheme_and_matches_its_password_and_no_other() {
    let mut failures = Vec::new();
    for vector in vectors() {
        let name = format!("{} ({}): {}", vector.scheme, vector.source, vector.stored);
        match vector.parse(&vector.stored) {
            Err(error) => failures.push(format!("{name}: {error}")),
            Ok(stored) if stored.scheme().name() != vector.scheme => {
                failures.push(format!("{name}: read as {}", stored.scheme()));
            }
            Ok(_) => {}
        }
        if !vector.verify(&vector.stored, &vector.password) {
            failures.push(format!("{name}: {:?} does not match", vector.password));
        }
        let wrong = format!("wrong{}", vector.password);
        if vector.verify(&vector.stored, &wrong) {
            failures.push(format!("{name}: {wrong:?} matches"));
        }
    }
    none_of(&failures);
}

#[test]
fn no_vector_matches_with_a_flipped_bit_or_a_digest_cut_short() {
    let mut failures = Vec::new();
    let mut damaged = 0;
    for vector in vectors() {
        let flipped = vector.flipped_salt.iter().chain(&vector.flipped_digest);
        for stored in flipped.chain(&vector.truncated) {
            damaged += 1;
            if stored == &vector.stored || vector.verify(stored, &vector.password) {
                failures.push(format!("{}: {stored}", vector.scheme));
            }
        }
    }
    none_of(&failures);
    assert!(damaged > 3000, "{damaged}");
}

#[test]
fn a_digest_cut_short_is_refused_without_computing() {
    let mut failures = Vec::new();
    for vector in vectors() {
        for stored in &vector.truncated {
            // Argon2's digest is no prefix of a longer one: it has to be computed. LDAP's salt follows the
            // digest, and fills the gap.
            if let Ok(read) = vector.parse(stored)
                && !matches!(
                    read.scheme(),
                    Scheme::Argon2d | Scheme::Argon2i | Scheme::Argon2id
                )
                && !matches!(
                    read.scheme(),
                    Scheme::KeycloakArgon2
                        | Scheme::LdapSaltedDigest
                        | Scheme::Generic
                        | Scheme::Meteor
                )
            {
                failures.push(format!("{}: {stored}", vector.scheme));
            }
        }
    }
    none_of(&failures);
}

#[test]
fn every_scheme_has_vectors_of_ascii_utf_8_72_73_and_no_bytes() {
    let mut seen = BTreeMap::<String, BTreeSet<usize>>::new();
    for vector in vectors() {
        let kinds = seen.entry(vector.scheme).or_default();
        kinds.insert(vector.password.len());
    }
    // Too slow at their fixed cost for more than two passwords; and Spring's `{noop}` has no original.
    let slow = [Scheme::BetterAuth, Scheme::SpringPbkdf2];
    for scheme in Scheme::ALL
        .iter()
        .filter(|scheme| **scheme != Scheme::SpringNoop)
    {
        let lengths = seen
            .get(scheme.name())
            .unwrap_or_else(|| panic!("no {scheme}"));
        let wanted: &[usize] = if slow.contains(scheme) {
            &[11, 18]
        } else {
            &[11, 18, 72, 73, 0]
        };
        for length in wanted {
            assert!(
                lengths.contains(length),
                "{scheme} lacks {length} in {lengths:?}"
            );
        }
    }
}

#[test]
fn no_prefix_of_a_vector_matches_its_password() {
    for vector in vectors().filter(|vector| vector.password.len() == 11) {
        let stored = &vector.stored;
        for end in (0..stored.len()).filter(|end| stored.is_char_boundary(*end)) {
            if stored[end..].chars().all(|character| character == '=') {
                // Padding of base64 says nothing.
                continue;
            }
            // What is left parses where a salt, which may be short, ends the string. Four systems have
            // prefixes of their own: ASP.NET's subkey of 32 bytes begins with the one of 16, which it has too, and
            // which is long enough; Magento 1 wrote what Magento 2 writes, without the version; Firebase's
            // columns are Clerk's without the settings, which the hint has too; and SQL Server 2000 wrote what 2005
            // writes, and another digest behind it.
            let own = [
                Scheme::AspnetIdentityV3,
                Scheme::FirebaseScrypt,
                Scheme::Magento,
                Scheme::Mssql,
            ];
            if vector
                .parse(&stored[..end])
                .is_ok_and(|read| !own.contains(&read.scheme()))
            {
                assert!(!vector.verify(&stored[..end], &vector.password), "{stored}");
            }
        }
    }
}
