//! `poolkeeper verify`, as an operator runs it.

use std::collections::BTreeSet;

use password::StoredHash;
use serde_json::{Value, json};

use crate::support::{poolkeeper, vectors};

/// bcrypt's own suite, cost 5.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn results(lines: &[Value]) -> Vec<String> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let run = poolkeeper(&["verify"], input);
    assert_eq!(run.stderr, "");
    let answers = run.lines();
    let result = |answer: &Value| answer["result"].as_str().unwrap().to_owned();
    answers.iter().map(result).collect()
}

/// The password crate verifies every vector; here is one a scheme and hint, through the program.
#[test]
fn a_vector_of_every_scheme_matches_and_no_bent_one_does() {
    let mut seen = BTreeSet::new();
    let mut vectors = vectors();
    vectors.retain(|vector| seen.insert(format!("{}{:?}", vector["scheme"], vector.get("hint"))));
    assert!(vectors.len() > 50, "{}", vectors.len());
    let mut lines = Vec::new();
    for vector in &vectors {
        let mut line = json!({ "password": vector["password"], "hash": vector["stored"] });
        if let Some(hint) = vector.get("hint") {
            let mut options = hint.as_object().unwrap().clone();
            line["scheme"] = options.remove("scheme").unwrap();
            line["options"] = options.into();
        }
        lines.push(line.clone());
        line["hash"] = vector.get("flipped_digest").unwrap_or(&json!("")).clone();
        lines.push(line);
    }
    let results = results(&lines);
    assert_eq!(results.len(), 2 * vectors.len());
    for (pair, vector) in results.chunks(2).zip(&vectors) {
        assert_eq!(pair[0], "match", "{vector}");
        assert_ne!(pair[1], "match", "{vector}");
    }
}

#[test]
fn an_answer_says_the_line_the_scheme_and_the_cost() {
    let input = json!({ "hash": BCRYPT, "password": "U*U" }).to_string();
    let run = poolkeeper(&["verify"], input);
    let cost = StoredHash::parse(BCRYPT.as_bytes(), None).unwrap().cost();
    let time_ms = cost.time.as_micros() as f64 / 1000.0;
    assert_eq!(
        run.stdout,
        format!(
            "{{\"line\":1,\"result\":\"match\",\"scheme\":\"bcrypt\",\"cost\":{{\"time_ms\":{time_ms},\"memory_bytes\":0}}}}\n"
        )
    );
    assert_eq!(run.code, 0);
}

#[test]
fn a_line_that_asks_nothing_is_answered_and_the_rest_goes_on() {
    let good = json!({ "hash": BCRYPT, "password": "U*U" });
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    let cases = [
        ("{", "not-json"),
        ("[]", "not-an-object"),
        ("\"text\"", "not-an-object"),
        ("\u{0}", "not-json"),
        ("{\"password\":\"x\"}", "hash-missing"),
        ("{\"hash\":7,\"password\":\"x\"}", "hash-not-a-string"),
        ("{\"hash\":\"x\"}", "password-missing"),
        ("{\"hash\":\"x\",\"password\":null}", "password-missing"),
        ("{\"hash\":\"x\",\"password\":7}", "password-not-a-string"),
        (
            "{\"hash\":\"x\",\"password\":\"a\\u0000b\"}",
            "password-contains-nul",
        ),
        (
            "{\"hash\":\"x\",\"password\":\"x\",\"scheme\":7}",
            "scheme-not-a-string",
        ),
        (
            "{\"hash\":\"x\",\"password\":\"x\",\"options\":7}",
            "options-not-an-object",
        ),
        (
            "{\"hash\":\"x\",\"password\":\"x\",\"options\":{\"a\":1}}",
            "options",
        ),
        (
            "{\"hash\":\"x\",\"password\":\"x\",\"scheme\":\"devise\",\"options\":{\"salt\":1}}",
            "options",
        ),
        (
            "{\"hash\":\"x\",\"password\":\"x\",\"pasword\":\"y\"}",
            "unknown-member",
        ),
        (&long, "too-long"),
    ];
    for (line, what) in cases {
        let run = poolkeeper(&["verify"], format!("{line}\n\n{good}\n"));
        let answers = run.lines();
        let invalid = json!({ "line": 1, "result": format!("invalid: {what}") });
        let shown: String = line.chars().take(80).collect();
        assert_eq!(answers[0], invalid, "{shown}");
        assert_eq!(answers[1]["line"], 3);
        assert_eq!(answers[1]["result"], "match");
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    }
}

#[test]
fn what_cannot_be_verified_says_why_and_of_which_scheme() {
    let question = |hash: &str| json!({ "hash": hash, "password": "x" });
    let input: String = [
        question("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        question("5f4dcc3b5aa765d61d8327deb882cf99"),
        question("$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        question("nothing known"),
    ]
    .iter()
    .map(|line| format!("{line}\n"))
    .collect();
    let answers = poolkeeper(&["verify"], input).lines();
    let told = |index: usize| {
        let answer: &Value = &answers[index];
        (
            answer["result"].as_str().unwrap(),
            answer["scheme"].as_str(),
        )
    };
    assert_eq!(
        told(0),
        ("unsupported: unsupported-variant", Some("bcrypt"))
    );
    assert_eq!(told(1), ("unsupported: ambiguous-format", None));
    assert_eq!(told(2), ("unsupported: cost-over-cap", Some("bcrypt")));
    assert!(answers[2]["cost"]["time_ms"].as_f64().unwrap() > 5000.0);
    assert_eq!(told(3), ("unsupported: unknown-format", None));
}

#[test]
fn a_scheme_that_needs_no_hint_must_be_the_one_that_the_syntax_tells() {
    let question = |scheme: &str| json!({ "hash": BCRYPT, "password": "U*U", "scheme": scheme });
    assert_eq!(
        results(&[question("bcrypt"), question("argon2id"), question("bcyrpt")]),
        [
            "match",
            "unsupported: another-scheme",
            "unsupported: unknown-scheme"
        ]
    );
}

#[test]
fn the_functions_memory_and_time_are_the_budget() {
    let scrypt =
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI";
    let line = json!({ "hash": scrypt, "password": "pleaseletmein" }).to_string();
    for (arguments, result) in [
        (vec!["verify"], "match"),
        // 109 ms on one core, 1.5 s on the share of one that 128 MB have.
        (vec!["verify", "--memory-mb", "128"], "match"),
        (
            vec!["verify", "--memory-mb", "128", "--time-ms", "1500"],
            "unsupported: time-over-budget",
        ),
        (
            vec!["verify", "--memory-mb", "31"],
            "unsupported: memory-over-budget",
        ),
        (
            vec!["verify", "--time-ms", "50"],
            "unsupported: time-over-budget",
        ),
    ] {
        let run = poolkeeper(&arguments, &line);
        assert_eq!(run.lines()[0]["result"], result);
    }
}

#[test]
fn arguments_that_there_are_not_are_told_and_nothing_is_done() {
    for arguments in [
        vec![],
        vec!["verfy"],
        vec!["verify", "--fast"],
        vec!["verify", "--time-ms", "soon"],
        vec!["verify", "file"],
        vec!["audit", "--format", "xml"],
        vec!["audit", "--scheme", "bcyrpt"],
    ] {
        let run = poolkeeper(&arguments, "password_hash\n");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with("poolkeeper: "), "{}", run.stderr);
    }
}

#[test]
fn help_is_no_error() {
    for arguments in [
        vec!["--help"],
        vec!["verify", "-h"],
        vec!["audit", "--help"],
        vec!["export-cognito", "--help"],
    ] {
        let run = poolkeeper(&arguments, "");
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.starts_with("poolkeeper "));
    }
}
