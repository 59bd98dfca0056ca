//! `poolkeeper audit`, as an operator runs it.
use crate::support::poolkeeper;
use password::StoredHash;
use serde_json::{Value, json};

const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn audit(arguments: &[&str], input: &str) -> Value {
    let arguments = [&["audit", "--json"], arguments].concat();
    let run = poolkeeper(&arguments, input);
    assert_eq!(run.stderr, "");
    let report = run.json();
    let problems = report["findings"].as_array().unwrap();
    let problems = problems.iter().any(|found| found["level"] == "problem");
    assert_eq!(run.code, i32::from(problems));
    report
}

/// `about reason scheme rows lines` of each finding.
fn findings(report: &Value) -> Vec<String> {
    let text = |found: &Value| {
        let lines = found.get("same").unwrap_or(&found["lines"]);
        format!(
            "{} {} {} {} {lines}",
            found["about"].as_str().unwrap(),
            found["reason"].as_str().unwrap(),
            found["scheme"].as_str().unwrap_or("-"),
            found["rows"],
        )
    };
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(text).collect()
}

#[test]
fn schemes_are_counted_by_their_cost() {
    let argon2 =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let stronger = BCRYPT.replace("$05$", "$12$");
    let input = format!("password_hash\n{BCRYPT}\n{stronger}\n\"{argon2}\"\n{BCRYPT}\n");
    let report = audit(&[], &input);
    assert_eq!(report["rows"], 4);
    let class = |of: &Value| {
        let time = of["time_ms"].as_f64().unwrap();
        (
            of["scheme"].clone(),
            of["memory_bytes"].clone(),
            of["rows"].clone(),
            time,
        )
    };
    let schemes = report["schemes"].as_array().unwrap();
    let classes: Vec<_> = schemes.iter().map(class).collect();
    let [argon2, bcrypt, stronger] = &classes[..] else {
        panic!("{classes:?}");
    };
    let counted = |of: &(Value, Value, Value, f64)| json!([of.0, of.1, of.2]);
    assert_eq!(counted(argon2), json!(["argon2id", 262_144, 1]));
    assert_eq!(counted(bcrypt), json!(["bcrypt", 0, 2]));
    assert_eq!(counted(stronger), json!(["bcrypt", 0, 1]));
    // 2^5 and 2^12 rounds, rounded to two digits.
    let ratio = stronger.3 / bcrypt.3;
    assert!((120.0..136.0).contains(&ratio), "{ratio}");
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(report["not_checked"], json!(["username", "email", "phone"]));
}

#[test]
fn hashes_that_cannot_be_verified_are_listed_by_reason_scheme_and_line() {
    let truncated = BCRYPT.get(..50).unwrap();
    let over = BCRYPT.replace("$05$", "$15$");
    let big =
        "$argon2id$v=19$m=1000000,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let input = format!(
        "password_hash,id\n{truncated},1\nnothing,2\n,3\n{over},4\n\"{big}\",5\n{truncated},6\n\"{BCRYPT} \",7\n"
    );
    let report = audit(&["--memory-mb", "1024"], &input);
    assert_eq!(
        findings(&report),
        [
            "hash cost-over-cap bcrypt 1 [5]",
            "hash empty - 1 [4]",
            "hash malformed bcrypt 1 [8]",
            "hash memory-over-budget argon2id 1 [6]",
            "hash truncated-digest bcrypt 2 [2,7]",
            "hash unknown-format - 1 [3]",
        ]
    );
}

#[test]
fn a_row_that_names_the_scheme_of_the_hint_takes_the_options_of_the_hint() {
    let input = format!("password_hash,scheme\n{BCRYPT},devise\n{BCRYPT},bcrypt\n{BCRYPT},\n");
    let options = r#"{"pepper":{"literal":"x"}}"#;
    let arguments = ["--scheme", "devise", "--scheme-options", options];
    let report = audit(
        &[&arguments[..], &["--scheme-column", "scheme"]].concat(),
        &input,
    );
    let schemes = report["schemes"].as_array().unwrap();
    let counted = |of: &Value| format!("{} {}", of["scheme"].as_str().unwrap(), of["rows"]);
    let counted: Vec<String> = schemes.iter().map(counted).collect();
    assert_eq!(counted, ["bcrypt 1", "devise 2"]);
    assert_eq!(findings(&report), [""; 0]);
}

#[test]
fn weak_hashes_are_warnings_and_no_problem() {
    let input = "password_hash\n{noop}clear password here\n{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n";
    let report = audit(&[], input);
    assert_eq!(
        findings(&report),
        [
            "hash clear-password spring-noop 1 [2]",
            "hash fast-hash ldap-digest 1 [3]"
        ]
    );
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|found| found["level"] == "warning"));
}

#[test]
fn addresses_and_names_that_collide_are_told_from_those_that_differ_in_case_only() {
    let mut input = "username,email,password_hash\n".to_owned();
    for (username, email) in [
        ("ana", "ana@example.com"),
        ("Bob", "Ana@Example.com"),
        ("bob", "bob@bücher.example"),
        ("eve", "eve@example.com"),
        ("eve", "bob@xn--bcher-kva.example"),
        ("joe", "eve@example.com"),
        ("two words", "a@b@c"),
        ("", ""),
    ] {
        input.push_str(&format!("{username},{email},{BCRYPT}\n"));
    }
    let report = audit(&[], &input);
    assert_eq!(
        findings(&report),
        [
            "username blank-inside - 1 [8]",
            "username duplicate - 2 [[5,6]]",
            "username missing - 1 [9]",
            "username same-but-for-case - 2 [[3,4]]",
            "email duplicate - 2 [[5,7]]",
            "email invalid-at-sign - 1 [8]",
            "email same-but-for-case - 4 [[2,3],[4,6]]",
            "email missing - 1 [9]",
        ]
    );
    let report = audit(&["--skip-duplicates"], &input);
    assert!(!findings(&report).iter().any(|found| found.contains("[[")));
    assert_eq!(report["not_checked"], json!(["phone", "duplicates"]));
}

#[test]
fn phone_numbers_are_e_164() {
    let input = format!(
        "tel,password_hash\n+12345550100,{BCRYPT}\n0171 555,{BCRYPT}\n12345550100,{BCRYPT}\n,{BCRYPT}\n"
    );
    let report = audit(&["--phone-column", "tel"], &input);
    assert_eq!(
        findings(&report),
        ["phone not-e164 - 2 [3,4]", "phone missing - 1 [5]"]
    );
}

#[test]
fn a_row_may_name_its_scheme_and_the_operator_that_of_all() {
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99:salt";
    let input = format!(
        "password_hash,kind\n{BCRYPT},meteor\n{BCRYPT},bcrypt\n{BCRYPT},bcyrpt\n{BCRYPT},argon2id\n{md5},\n"
    );
    let report = audit(&["--scheme", "joomla", "--scheme-column", "kind"], &input);
    let schemes: Vec<_> = report["schemes"].as_array().unwrap().iter().collect();
    let names: Vec<_> = schemes.iter().map(|of| of["scheme"].as_str()).collect();
    assert_eq!(names, [Some("bcrypt"), Some("joomla"), Some("meteor")]);
    assert_eq!(
        findings(&report),
        [
            "hash another-scheme bcrypt 1 [5]",
            "hash unknown-scheme - 1 [4]",
            "hash fast-hash joomla 1 [6]",
        ]
    );
    let devise = [
        "--scheme",
        "devise",
        "--scheme-options",
        r#"{"pepper":{"literal":"x"}}"#,
    ];
    let report = audit(&devise, &format!("password_hash\n{BCRYPT}\n"));
    assert_eq!(report["schemes"][0]["scheme"], "devise");
}

#[test]
fn rows_that_are_none_are_listed_and_the_rest_goes_on() {
    let csv = format!("password_hash,id\n{BCRYPT}\n{BCRYPT},2,3\n\"{BCRYPT}\",4\n");
    let report = audit(&[], &csv);
    assert_eq!(findings(&report), ["row column-count - 2 [2,3]"]);
    assert_eq!(
        (&report["rows"], &report["schemes"][0]["rows"]),
        (&json!(3), &json!(1))
    );

    let good = json!({ "password_hash": BCRYPT, "email": "ana@example.com" });
    let lines = format!("{good}\n\n[]\n{{\n{good}\n");
    let report = audit(&["--format", "jsonl", "--list", "1"], &lines);
    let found = findings(&report);
    assert!(
        found.contains(&"row not-an-object - 1 [3]".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"row not-json - 1 [4]".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"email duplicate - 2 [[1,5]]".to_owned()),
        "{found:?}"
    );
}

#[test]
fn all_are_counted_and_only_the_first_are_listed() {
    let input = format!("password_hash\n{}", "x\n".repeat(1000));
    let report = audit(&["--list", "2"], &input);
    assert_eq!(findings(&report), ["hash unknown-format - 1000 [2,3]"]);
}

#[test]
fn a_missing_column_is_told_without_showing_the_first_line() {
    for (input, says) in [
        (format!("canary@example.com,{BCRYPT}\n"), "--hash-column"),
        (
            "password_hash,x,password_hash\na,b,c\n".to_owned(),
            "two columns",
        ),
        ("{\"password_hash\":\"x\"}\n".to_owned(), "--format jsonl"),
    ] {
        let run = poolkeeper(&["audit"], input);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(says), "{}", run.stderr);
        assert!(!run.stderr.contains("canary") && !run.stderr.contains(BCRYPT));
    }
    let run = poolkeeper(&["audit", "--email-column", "mail"], "password_hash\n");
    assert!(run.stderr.contains("--email-column"), "{}", run.stderr);
}

#[test]
fn a_quotation_mark_that_is_never_closed_does_not_take_the_memory() {
    let input = format!("password_hash\n{BCRYPT}\n\"{}", "a\n".repeat(2 << 20));
    let run = poolkeeper(&["audit"], input);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("stdin, line 3: a row of more than 1 MiB"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_table_says_what_the_json_says() {
    let input = format!("username;email;password_hash\nana;a@b@c;{BCRYPT}\nbob;ANA;{BCRYPT}\n");
    let run = poolkeeper(&["audit", "--delimiter", ";"], &input);
    let cost = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap().cost();
    assert_eq!(
        run.stdout,
        format!(
            "\
2 rows, {} bytes
budget of a verification: 3600 ms and 885 MiB

scheme                          time      memory        rows
bcrypt                  {:>9} ms           -           2

problems                                                rows  lines
email     invalid-at-sign                                  2  2, 3

no warnings

not checked: phone
",
            input.len(),
            cost.time.as_millis()
        )
    );
    let run = poolkeeper(&["audit", "--delimiter", ";", "--show"], &input);
    assert!(run.stdout.contains("line 2: a@b@c\n"), "{}", run.stdout);
}
