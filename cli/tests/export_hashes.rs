//! `poolkeeper export-cognito`: which hashes it exports, in which form.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::json;

use crate::{
    export_cognito::{BCRYPT, HEADER, export, left, summary},
    support::{Folder, poolkeeper, vectors},
};

/// Written by Django 5.2.19, password `Tr0ub4dor&3`.
const DJANGO_SCRYPT: &str = "scrypt$16$SaltOfDjango$8$1$M6o65QptpQdz+rI03aOrpFYPReO8wkEoDcsHJ+biOCu0CaA4Y51uEyXZTE/kkmncSv2mtWN4O4tHfQqDHlQ5uQ==";
/// Written by Werkzeug 3.1.9, password `Tr0ub4dor&3`.
const WERKZEUG_SCRYPT: &str = "scrypt:1024:8:1$saltOfFlask$158e70ad8006206ed394fe2f8c8cebed981b78a2e76de8b1d0aaffea4fbc2a45c643847f9991393531eacbf04df532bd2bd416b423cdcecbf20cdc51ef792503";

/// Every hash that is exported is verified in its new form, against the password of the old one.
#[test]
fn every_vector_that_is_exported_still_matches_its_password() {
    // Without those that look like others unless the operator names their scheme.
    let mut vectors = vectors();
    vectors.retain(|vector| vector.get("hint").is_none());
    // Those of the data have lanes that Cognito does not take.
    for (scheme, stored) in [
        ("django-scrypt", DJANGO_SCRYPT),
        ("werkzeug-scrypt", WERKZEUG_SCRYPT),
    ] {
        vectors.push(json!({ "scheme": scheme, "password": "Tr0ub4dor&3", "stored": stored }));
    }
    let input: String = (0..)
        .zip(&vectors)
        .map(|(index, vector): (u32, _)| {
            let user = json!({
                "username": format!("u{index}"),
                "email": format!("u{index}@example.com"),
                "password_hash": vector["stored"],
            });
            format!("{user}\n")
        })
        .collect();
    let folder = Folder::new();
    let arguments = [
        "--format",
        "jsonl",
        "--header",
        "cognito:username,email,email_verified",
        "--set",
        "email_verified=true",
    ];
    let summary = summary(&folder, &arguments, &input);
    let mut questions = String::new();
    let mut exported = Vec::new();
    for file in summary["files"].as_array().unwrap() {
        let Some(algorithm) = file["algorithm"].as_str() else {
            continue;
        };
        let text = fs::read_to_string(file["path"].as_str().unwrap()).unwrap();
        for row in text.lines().skip(1) {
            let index: usize = row.split(',').next().unwrap()[1..].parse().unwrap();
            let hash = row.splitn(4, ',').last().unwrap().replace("\\,", ",");
            let question = json!({
                "hash": if algorithm == "SCRYPT" { phc(&hash) } else { hash },
                "password": vectors[index]["password"],
            });
            questions.push_str(&format!("{question}\n"));
            exported.push(vectors[index]["scheme"].as_str().unwrap());
        }
    }
    for answer in poolkeeper(&["verify"], questions).lines() {
        assert_eq!(answer["result"], "match", "{answer}");
    }
    exported.sort_unstable();
    exported.dedup();
    assert_eq!(
        exported,
        [
            "argon2id",
            "bcrypt",
            "django-pbkdf2",
            "django-scrypt",
            "ldap-pbkdf2",
            "pbkdf2",
            "scrypt",
            "werkzeug-pbkdf2",
            "werkzeug-scrypt"
        ]
    );
}

/// Cognito's `N$r$p$hexSalt$hexHash` in the PHC format.
fn phc(hash: &str) -> String {
    let fields: Vec<&str> = hash.split('$').collect();
    let [n, r, p, salt, digest] = fields[..] else {
        panic!("{hash}");
    };
    let base64 = |hex: &str| {
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        BASE64_STANDARD_NO_PAD.encode(bytes)
    };
    let log_n = n.parse::<u64>().unwrap().ilog2();
    format!(
        "$scrypt$ln={log_n},r={r},p={p}${}${}",
        base64(salt),
        base64(digest)
    )
}

#[test]
fn a_hash_is_written_in_the_form_of_cognitos_guide() {
    let cases = [
        (
            "{bcrypt}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "bcrypt",
            BCRYPT.to_owned(),
        ),
        (
            "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "argon2id",
            "$argon2id$v=19$m=256\\,t=2\\,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
                .to_owned(),
        ),
        (
            "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
            "pbkdf2-sha256",
            "$pbkdf2-sha256$1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw".to_owned(),
        ),
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
            "scrypt",
            // RFC 7914, section 12: the first half.
            "16384$8$1$536f6469756d43686c6f72696465$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                .to_owned(),
        ),
    ];
    for (stored, file, written) in cases {
        let folder = Folder::new();
        let input = format!("username,email,password_hash\nana,ana@example.com,\"{stored}\"\n");
        let header = "cognito:username,email,email_verified,password_hash";
        let arguments = ["--header", header, "--set", "email_verified=true"];
        let run = export(&folder, &arguments, &input);
        assert_eq!(
            folder.text(&format!("users-{file}-1.csv")),
            format!("{header}\nana,ana@example.com,TRUE,{written}\n")
        );
        let unverified = run.stdout.contains("not verified on a real pool");
        assert_eq!(unverified, file != "bcrypt", "{}", run.stdout);
    }
}

#[test]
fn what_cognito_does_not_take_is_left_with_the_reason() {
    let hash = |hash: &str| left(&format!("ana,,ana@example.com,true,,,,,\"{hash}\""));
    let bcrypt = |from: &str, to: &str| hash(&BCRYPT.replace(from, to));
    assert_eq!(hash(BCRYPT), "");
    assert_eq!(bcrypt("$05$", "$12$"), "");
    assert_eq!(bcrypt("$05$", "$13$"), "hash-over-cognito-maximum");
    assert_eq!(bcrypt("$2a", "$wp$2a"), "hash-not-of-cognito");
    assert_eq!(bcrypt("$2a", "$2x"), "hash-unsupported-variant");
    assert_eq!(hash(""), "hash-empty");
    let argon2 = |parameters: &str| {
        hash(&format!(
            "$argon2id${parameters}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        ))
    };
    assert_eq!(argon2("v=19$m=19456,t=2,p=1"), "");
    assert_eq!(argon2("v=19$m=19457,t=2,p=1"), "hash-over-cognito-maximum");
    assert_eq!(argon2("v=19$m=19456,t=3,p=1"), "hash-over-cognito-maximum");
    assert_eq!(argon2("v=19$m=19456,t=2,p=2"), "hash-over-cognito-maximum");
    assert_eq!(argon2("m=19456,t=2,p=1"), "hash-variant-not-of-cognito");
    let scrypt = |parameters: &str| {
        hash(&format!(
            "$scrypt${parameters}$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
        ))
    };
    assert_eq!(scrypt("ln=16,r=8,p=1"), "");
    assert_eq!(scrypt("ln=17,r=8,p=1"), "hash-over-cognito-maximum");
    assert_eq!(scrypt("ln=10,r=9,p=1"), "hash-over-cognito-maximum");
    assert_eq!(scrypt("ln=10,r=8,p=2"), "hash-over-cognito-maximum");
    let pbkdf2 = |name: &str, iterations: u32| {
        hash(&format!(
            "{name}${iterations}$saltOfDjango$8eby4dl4Ts+t4eDA0MXKa6ITOtOPn/c3R6pb2ZDXoas="
        ))
    };
    assert_eq!(pbkdf2("pbkdf2_sha256", 600_000), "");
    assert_eq!(
        pbkdf2("pbkdf2_sha256", 600_001),
        "hash-over-cognito-maximum"
    );
}

#[test]
fn a_bcrypt_over_something_else_is_left_where_the_operator_names_its_scheme() {
    let folder = Folder::new();
    let input =
        format!("username,email,email_verified,password_hash\nana,a@example.com,true,{BCRYPT}\n");
    let left =
        summary(&folder, &["--header", HEADER, "--scheme", "meteor"], &input)["left"].clone();
    assert_eq!(left, json!({ "hash-not-of-cognito": 1 }));
}
