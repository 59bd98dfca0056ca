//! Nothing of a password or a hash, nor of a person, is printed, whatever a row looks like.

use std::fs;

use crate::support::{Folder, poolkeeper};
use serde_json::json;

/// In every text that a store could hold.
const CANARY: &str = "canary";
/// bcrypt's salt and digest may spell it too.
const HASH: &str = "$2a$05$canaryCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMcanaryO";

fn hashes() -> Vec<String> {
    vec![
        HASH.to_owned(),
        HASH.replace("$05$", "$15$"),
        HASH.replace("$05$", "$x5$"),
        HASH.replace("$2a$", "$2x$"),
        HASH[..40].to_owned(),
        "canary".to_owned(),
        "{noop}canary".to_owned(),
        "{canary}canary".to_owned(),
        "$canary$canary".to_owned(),
        "pbkdf2:canary:1$canary$canary".to_owned(),
        "$argon2id$v=19$m=canary,t=2,p=1$canary$canary".to_owned(),
        "{\"canary\":1}".to_owned(),
        "canary".repeat(1000),
        "canary\u{0}\u{1b}[31m".to_owned(),
    ]
}

#[test]
fn verify_prints_no_hash_no_password_and_no_line() {
    let mut lines: Vec<String> = hashes()
        .iter()
        .map(|hash| json!({ "hash": hash, "password": CANARY }).to_string())
        .collect();
    for scheme in ["meteor", "canary", "django"] {
        lines.push(json!({ "hash": HASH, "password": CANARY, "scheme": scheme }).to_string());
    }
    let options = json!({ "canary": "canary", "pepper": { "literal": "canary" } });
    lines.push(
        json!({ "hash": HASH, "password": CANARY, "scheme": "devise", "options": options })
            .to_string(),
    );
    for line in [
        "canary",
        "{\"hash\":\"canary",
        "{\"canary\":\"canary\"}",
        "\"canary\"",
        "{\"hash\":[\"canary\"],\"password\":\"canary\"}",
        "{\"hash\":\"canary\",\"password\":{\"canary\":1}}",
        "{\"hash\":\"canary\",\"password\":\"canary\\u0000\"}",
        "{\"hash\":\"canary\",\"password\":\"canary\",\"scheme\":[\"canary\"]}",
        "{\"hash\":\"canary\",\"password\":\"canary\",\"options\":\"canary\"}",
    ] {
        lines.push(line.to_owned());
    }
    let count = lines.len();
    let run = poolkeeper(&["verify"], lines.join("\n"));
    assert_eq!(run.lines().len(), count);
    assert!(!run.stdout.contains(CANARY), "{}", run.stdout);
    assert_eq!(run.stderr, "");
}

/// An export of rows that are wrong in every way, as CSV and as lines of JSON.
fn exports() -> [(Vec<&'static str>, Vec<u8>); 2] {
    let mut csv = b"username,email,phone_number,scheme,password_hash\n".to_vec();
    let mut lines = Vec::new();
    for hash in hashes() {
        for (username, email, phone, scheme) in [
            ("canary", "canary@canary.example", "+canary", "canary"),
            ("can ary canary", "canary@canary@canary", "canary", ""),
        ] {
            let quoted = hash.replace('"', "\"\"");
            csv.extend(format!("{username},{email},{phone},{scheme},\"{quoted}\"\n").bytes());
            let row = json!({ "username": username, "email": email, "phone_number": phone, "scheme": scheme, "password_hash": hash });
            lines.extend(format!("{row}\n").bytes());
        }
    }
    csv.extend(b"canary,\xff canary,,,canary\ncanary\ncanary,canary,canary,canary,canary,canary\n");
    lines.extend(
        b"canary\n[\"canary\"]\n{\"canary\xff\n{\"password_hash\":{\"canary\":\"canary\"}}\n",
    );
    [
        (vec!["--format", "csv", "--scheme-column", "scheme"], csv),
        (
            vec!["--format", "jsonl", "--scheme-column", "scheme"],
            lines,
        ),
    ]
}

#[test]
fn the_audit_names_rows_by_their_lines_only() {
    for (format, export) in exports() {
        for report in [vec![], vec!["--json"]] {
            let run = poolkeeper(&[vec!["audit"], format.clone(), report].concat(), &export);
            assert_eq!((run.code, run.stderr.as_str()), (1, ""));
            assert!(!run.stdout.contains(CANARY), "{}", run.stdout);
        }
    }
}

#[test]
fn the_audit_shows_no_hash_even_where_it_shows_values() {
    let hidden = HASH.replace("canary", "hiddenhash");
    let input =
        format!("username,password_hash\ncanary canary,hiddenhash\ncanary canary,{hidden}\n");
    let run = poolkeeper(&["audit", "--show"], input);
    assert!(run.stdout.contains(CANARY), "{}", run.stdout);
    assert!(!run.stdout.contains("hiddenhash"), "{}", run.stdout);
}

#[test]
fn the_export_prints_nothing_of_what_it_writes() {
    for (format, export) in exports() {
        for summary in [vec![], vec!["--json"]] {
            let folder = Folder::new();
            let out = folder.path("users");
            let arguments = vec![
                "export-cognito",
                "--out",
                out.to_str().unwrap(),
                "--header",
                "cognito:username,email,email_verified,phone_number",
                "--set",
                "email_verified=true",
            ];
            let run = poolkeeper(&[arguments, format.clone(), summary].concat(), &export);
            assert_eq!((run.code, run.stderr.as_str()), (1, ""));
            assert!(!run.stdout.contains(CANARY), "{}", run.stdout);
            let files = fs::read_dir(folder.root()).unwrap();
            let rest = files.map(|file| fs::read(file.unwrap().path()).unwrap());
            let rest = rest.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(rest.collect::<String>().contains(CANARY));
        }
    }
}

#[test]
fn options_that_may_hold_a_secret_are_not_repeated() {
    for options in [
        "canary",
        "{\"pepper\":{\"literal\":\"canary\"},\"canary\":1}",
        "{\"canary",
    ] {
        let arguments = ["audit", "--scheme", "devise", "--scheme-options", options];
        let run = poolkeeper(&arguments, "password_hash\n");
        assert_eq!(run.code, 2);
        assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    }
}
