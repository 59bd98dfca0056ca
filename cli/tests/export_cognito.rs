//! `poolkeeper export-cognito`, as an operator runs it.
use std::fs;

use crate::support::{Folder, Run, poolkeeper};
use serde_json::{Value, json};

pub(crate) const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
pub(crate) const HEADER: &str = "cognito:username,name,email,email_verified,phone_number,phone_number_verified,birthdate,cognito:mfa_enabled,custom:plan,password_hash";

pub(crate) fn export(folder: &Folder, arguments: &[&str], input: &str) -> Run {
    let out = folder.path("users");
    let out = ["export-cognito", "--out", out.to_str().unwrap()];
    poolkeeper(&[&out, arguments].concat(), input)
}

/// Exports and gives the summary.
pub(crate) fn summary(folder: &Folder, arguments: &[&str], input: &str) -> Value {
    let run = export(folder, &[arguments, &["--json"]].concat(), input);
    assert_eq!(run.stderr, "");
    run.json()
}

pub(crate) fn left(input_row: &str) -> String {
    let folder = Folder::new();
    let input = format!(
        "username,name,email,email_verified,phone_number,phone_number_verified,birthdate,cognito:mfa_enabled,password_hash\n{input_row}\n"
    );
    let summary = summary(&folder, &["--header", HEADER], &input);
    let left = summary["left"].as_object().unwrap();
    left.keys().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_user_becomes_a_row_of_the_pools_columns() {
    let folder = Folder::new();
    let input = format!(
        "username,email,email_verified,name,phone_number,birthdate,password_hash,plan\n\
         ana,ana@example.com,yes,\"Ana, \u{c1}vila\",+12345550100,1985-02-01,{BCRYPT},pro\n"
    );
    let arguments = ["--header", HEADER, "--map", "custom:plan=plan"];
    let run = export(&folder, &arguments, &input);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(
        folder.text("users-bcrypt-1.csv"),
        format!(
            "{HEADER}\nana,Ana\\, \u{c1}vila,ana@example.com,TRUE,+12345550100,,02/01/1985,FALSE,pro,{BCRYPT}\n"
        )
    );
    assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 1);
}

#[test]
fn the_columns_are_read_as_the_cli_and_the_console_give_them() {
    let input = format!("username,email,password_hash\nana,ana@example.com,{BCRYPT}\n");
    let columns = ["email", "email_verified", "cognito:username"];
    let cli = json!({ "CSVHeader": columns, "UserPoolId": "us-east-1_Poolkeepr" }).to_string();
    for text in [cli, format!("{}\n", columns.join(","))] {
        let folder = Folder::new();
        fs::write(folder.path("header"), text).unwrap();
        let file = folder.path("header");
        let arguments = [
            "--pool-attributes",
            file.to_str().unwrap(),
            "--set",
            "email_verified=true",
        ];
        export(&folder, &arguments, &input);
        assert_eq!(
            folder.text("users-bcrypt-1.csv"),
            format!(
                "email,email_verified,cognito:username,password_hash\nana@example.com,TRUE,ana,{BCRYPT}\n"
            )
        );
    }
}

#[test]
fn a_row_that_cognito_would_refuse_is_left_with_the_reason() {
    let row = |row: &str| left(&row.replace("HASH", BCRYPT));
    for (input, reason) in [
        ("ana,,ana@example.com,true,,,,,HASH", ""),
        ("ana,,,,+12345550100,1,,false,HASH", ""),
        (",,ana@example.com,true,,,,,HASH", "username-missing"),
        (
            "a b,,ana@example.com,true,,,,,HASH",
            "username-blank-inside",
        ),
        ("ana,,ana@example.com,,,,,,HASH", "nothing-verified"),
        ("ana,,ana@example.com,false,,,,,HASH", "nothing-verified"),
        ("ana,,,true,,,,,HASH", "email-missing"),
        (
            "ana,,ana@example.com,true,,true,,,HASH",
            "phone-number-missing",
        ),
        ("ana,,ana,true,,,,,HASH", "email-invalid"),
        (
            "ana,,ana@example.com,perhaps,,,,,HASH",
            "email-verified-not-boolean",
        ),
        (
            "ana,,ana@example.com,true,0171 1,,,,HASH",
            "phone-number-not-e164",
        ),
        (
            "ana,,ana@example.com,true,,,31.12.1985,,HASH",
            "birthdate-not-a-date",
        ),
        (
            "ana,,ana@example.com,true,,,,maybe,HASH",
            "mfa-enabled-not-boolean",
        ),
        (
            "ana,\"a \"\"quoted\"\" name\",ana@example.com,true,,,,,HASH",
            "name-unwritable",
        ),
        (
            "ana,back\\slash,ana@example.com,true,,,,,HASH",
            "name-unwritable",
        ),
        (
            "ana,\"two\nlines\",ana@example.com,true,,,,,HASH",
            "name-unwritable",
        ),
        ("ana,,HASH", "row-column-count"),
    ] {
        assert_eq!(row(input), reason, "{input}");
    }
    let long = "x".repeat(2049);
    let long = format!("ana,{long},ana@example.com,true,,,,,{BCRYPT}");
    assert_eq!(left(&long), "name-too-long");
}

#[test]
fn the_second_user_of_a_name_or_an_address_is_left() {
    let input = format!(
        "username,email,email_verified,password_hash\n\
         ana,ana@example.com,true,{BCRYPT}\n\
         Ana,ana2@example.com,true,{BCRYPT}\n\
         bob,ANA@example.com,true,{BCRYPT}\n"
    );
    let folder = Folder::new();
    let header = ["--header", HEADER];
    let left = summary(&folder, &header, &input)["left"].clone();
    assert_eq!(
        left,
        json!({ "email-duplicate": 1, "username-duplicate": 1 })
    );
    let folder = Folder::new();
    let allowed = [&header[..], &["--allow-same-email"]].concat();
    let left = summary(&folder, &allowed, &input)["left"].clone();
    assert_eq!(left, json!({ "username-duplicate": 1 }));
}

#[test]
fn the_rest_keeps_each_row_with_its_line_and_reason() {
    let folder = Folder::new();
    let input = format!(
        "username,email,email_verified,password_hash\n\
         ana,ana@example.com,true,$P$984478476IagS59wHZvyQMArzfx58u.\n\
         bob,bob@example.com,true,{BCRYPT}\n\
         \"eve, jr\",eve@example.com\n"
    );
    let run = export(&folder, &["--header", HEADER], &input);
    assert_eq!(run.code, 1);
    assert_eq!(
        folder.text("users-rest.csv"),
        "line,reason,username,email,email_verified,password_hash\n\
         2,hash-not-of-cognito,ana,ana@example.com,true,$P$984478476IagS59wHZvyQMArzfx58u.\n\
         4,row-column-count,\"eve, jr\",eve@example.com\n"
    );
    let folder = Folder::new();
    let arguments = ["--header", HEADER, "--format", "jsonl"];
    export(&folder, &arguments, "{\"username\": \"ana\"}\n{\n");
    assert_eq!(
        folder.text("users-rest.jsonl"),
        "{\"line\":1,\"reason\":\"hash-empty\",\"row\":{\"username\": \"ana\"}}\n\
         {\"line\":2,\"reason\":\"row-not-json\",\"row\":null}\n"
    );
}

#[test]
fn a_file_over_cognitos_limits_is_followed_by_another() {
    let folder = Folder::new();
    let users = (0..500_001).map(|index| format!("u{index},{BCRYPT}\n"));
    let input = format!("username,password_hash\n{}", users.collect::<String>());
    let arguments = [
        "--header",
        "cognito:username,phone_number,phone_number_verified",
        "--set",
        "phone_number=+12345550100",
        "--set",
        "phone_number_verified=true",
    ];
    let files = summary(&folder, &arguments, &input)["files"].clone();
    let rows: Vec<_> = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["rows"])
        .collect();
    assert_eq!(rows, [&json!(500_000), &json!(1)]);
    let second = folder.text("users-bcrypt-2.csv");
    assert!(second.starts_with("cognito:username,"));
    assert_eq!(second.lines().count(), 2);
}

#[test]
fn no_file_is_overwritten_and_none_is_for_other_eyes() {
    let folder = Folder::new();
    let input =
        format!("username,email,email_verified,password_hash\nana,ana@example.com,true,{BCRYPT}\n");
    export(&folder, &["--header", HEADER], &input);
    let before = folder.text("users-bcrypt-1.csv");
    let again = export(&folder, &["--header", HEADER], &input);
    assert_eq!((again.code, again.stdout.as_str()), (2, ""));
    assert!(
        again.stderr.contains("is there already"),
        "{}",
        again.stderr
    );
    assert_eq!(folder.text("users-bcrypt-1.csv"), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(folder.path("users-bcrypt-1.csv")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_the_options_miss_is_told_before_anything_is_written() {
    let folder = Folder::new();
    let input = "username,password_hash\n";
    for (arguments, says) in [
        (vec![], "--pool-attributes"),
        (vec!["--header", "email"], "cognito:username is missing"),
        (vec!["--header", "cognito:username,email,email"], "twice"),
        (vec!["--pool-attributes", "/nowhere"], "/nowhere"),
        (
            vec!["--header", HEADER, "--map", "name"],
            "ATTRIBUTE=COLUMN",
        ),
        (
            vec!["--header", HEADER, "--map", "name=nick"],
            "no column is called \"nick\"",
        ),
        (
            vec!["--header", HEADER, "--set", "custom:x=1"],
            "no \"custom:x\"",
        ),
        (
            vec!["--header", HEADER, "--username-column", "login"],
            "--username-column",
        ),
    ] {
        let run = export(&folder, &arguments, input);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    let run = poolkeeper(&["export-cognito", "--header", HEADER], input);
    assert!(run.stderr.contains("--out"), "{}", run.stderr);
    assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 0);
}
