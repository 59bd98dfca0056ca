//! The policy file that ships, and the schemas that are kept in the tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::Value;
use shared::policy::PolicyFile;

use crate::common::{error_message, event_text, invoke, log_text, stack_under};

fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a generated file with the one in the tree; `UPDATE_SNAPSHOTS=1` writes it where they differ.
/// As JSON, not as text: in which order members are written depends on what else is built.
fn assert_kept(path: &str, generated: &Value) {
    let kept = std::fs::read_to_string(tree(path)).unwrap_or_default();
    if serde_json::from_str::<Value>(&kept).is_ok_and(|kept| kept == *generated) {
        return;
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_none() {
        panic!(
            "{path} is not what the code says: run UPDATE_SNAPSHOTS=1 cargo test --test suite policy"
        );
    }
    let text = serde_json::to_string_pretty(generated).unwrap() + "\n";
    std::fs::write(tree(path), text).unwrap();
}

fn shipped() -> String {
    std::fs::read_to_string(tree("policy/policy.toml")).unwrap()
}

/// The lines of the policy that name a default: `# key = value`. An example has more space before it.
fn commented_defaults() -> Vec<(usize, String)> {
    let text = shipped();
    let lines = text.lines().enumerate();
    let defaults = lines.filter_map(|(number, line)| {
        let assignment = line.strip_prefix("# ")?;
        let key = assignment.split_once(" = ")?.0;
        let is_key = key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_key.then(|| (number, assignment.to_owned()))
    });
    defaults.collect()
}

/// The policy that ships, with one line switched on. Every other value keeps its place in the file.
fn shipped_with(number: usize, assignment: &str) -> PolicyFile {
    let text = shipped();
    let lines = text.lines().enumerate();
    let lines = lines.map(|(at, line)| match at == number {
        true => format!("{assignment}  "),
        false => line.to_owned(),
    });
    let text: Vec<String> = lines.collect();
    PolicyFile::parse("policy.toml", text.join("\n"))
}

#[test]
fn every_policy_that_the_documentation_of_hashes_shows_is_valid() {
    let page = std::fs::read_to_string(tree("docs/passwords.md")).unwrap();
    let snippets: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(!snippets.is_empty());
    for snippet in snippets {
        // There is no store of secrets here.
        let policy = format!(
            "version = 1\n{}",
            snippet.replace("{ name =", "{ literal =")
        );
        let file = PolicyFile::parse("docs/passwords.md", policy);
        if let Err(errors) = file.check_all() {
            panic!("{errors} in:\n{snippet}");
        }
    }
}

#[test]
fn the_policy_that_ships_is_valid() {
    let file = PolicyFile::read(&tree("policy/policy.toml")).unwrap();
    if let Err(errors) = file.check_all() {
        panic!("{errors}");
    }
}

#[test]
fn the_list_of_disposable_domains_is_of_the_version_that_is_pinned() {
    let lock = std::fs::read_to_string(tree("tools/disposable-domains.lock")).unwrap();
    let list = std::fs::read_to_string(tree("policy/disposable-domains.txt")).unwrap();
    let pinned = lock.trim().replace("==", " ");
    assert!(list.contains(&format!("from {pinned} (")), "{pinned}");
    assert!(list.lines().count() > 5_000);
}

#[test]
fn the_table_of_phone_countries_is_of_the_version_that_is_pinned() {
    let lock = std::fs::read_to_string(tree("tools/phone-countries.lock")).unwrap();
    let table = std::fs::read_to_string(tree("shared/src/phone/countries.txt")).unwrap();
    let pinned = lock.lines().next().unwrap().replace("==", " ");
    assert!(table.contains(&format!("from {pinned} (")), "{pinned}");
}

#[test]
fn every_default_that_a_comment_names_is_the_default() {
    let compiled = |file: &PolicyFile| shared::policy::compiled(file).map_err(|e| e.to_string());
    let plain = compiled(&PolicyFile::parse("policy.toml", shipped())).unwrap();
    let mut compared = Vec::new();
    for (number, assignment) in commented_defaults() {
        let key = assignment.split(' ').next().unwrap();
        let with_default = compiled(&shipped_with(number, &assignment));
        assert_eq!(with_default, Ok(plain.clone()), "{assignment}");
        compared.push(key.to_owned());
    }
    for key in [
        "mode",
        "on_failure",
        "claim_email",
        "dummy_hash",
        "leeway_seconds",
    ] {
        assert!(compared.iter().any(|it| it == key), "{key} is not compared");
    }
}

/// The text of each section: from its first header to the next section's.
fn section_texts() -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in shipped().lines() {
        if line.starts_with('[') {
            let header = line.trim_start_matches('[');
            name = header.split(['.', ']']).next().unwrap().to_owned();
        }
        let text = sections.entry(name.clone()).or_default();
        text.push_str(line);
        text.push('\n');
    }
    sections
}

/// The keys that a schema gives tables, at any depth.
fn keys(schema: &Value, root: &Value, seen: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref")
                && !seen.contains(reference)
            {
                seen.push(reference.clone());
                let path = reference.trim_start_matches('#');
                keys(root.pointer(path).unwrap(), root, seen, found);
            }
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            for member in members.values() {
                keys(member, root, seen, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                keys(element, root, seen, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_of_a_section_is_explained_in_that_section() {
    let schema = shared::policy::schema();
    let root = schema.as_value();
    let texts = section_texts();
    for (section, schema) in root["properties"].as_object().unwrap() {
        if section == "version" {
            continue;
        }
        let mut found = BTreeSet::new();
        keys(schema, root, &mut Vec::new(), &mut found);
        assert!(!found.is_empty(), "{section}");
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let words: BTreeSet<&str> = texts[section].split(|c| !is_part(c)).collect();
        let unexplained = found.iter().filter(|key| !words.contains(key.as_str()));
        let unexplained: Vec<&String> = unexplained.collect();
        assert!(unexplained.is_empty(), "{section}: {unexplained:?}");
    }
}

#[test]
fn the_schema_in_the_tree_is_the_code_s() {
    assert_kept(
        "policy/policy.schema.json",
        shared::policy::schema().as_value(),
    );
}

#[test]
fn the_schema_accepts_what_ships_and_refuses_a_typo() {
    let validator = jsonschema::validator_for(shared::policy::schema().as_value()).unwrap();
    let json = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    let shipped = shipped();
    if let Err(error) = validator.validate(&json(&shipped)) {
        panic!("{error}");
    }
    let typo = shipped.replace("forgot_password =", "forgot_pasword =");
    assert!(!validator.is_valid(&json(&typo)));
    let range = shipped.replace("forgot_password = false", "answer_floor_ms = 5000");
    assert!(!validator.is_valid(&json(&range)));
}

#[test]
fn the_audit_line_s_schema_in_the_tree_is_the_code_s() {
    assert_kept(
        "docs/audit-line.schema.json",
        shared::telemetry::audit_schema().as_value(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misplaced_secret_is_in_no_log_of_a_failing_start() {
    let bends = [
        "pepper = \"S3CRET\"",
        "S3CRET = \"pepper\"",
        "hash = \"S3CRET\"",
        "hash = { scheme = \"devise\", pepper = \"S3CRET\" }",
        "hash = { scheme = \"devise\", pepper = { S3CRET = \"literal\" } }",
        "hash = { scheme = \"devise\", pepper = \"S3CRET }",
    ];
    for bend in bends {
        let stack = stack_under(
            "[user-migration.stores.dynamodb]",
            &format!("[user-migration.stores.dynamodb]\n{bend}"),
        )
        .await;
        let event = event_text("user-migration.Authentication");
        error_message(&invoke(&stack, "UserMigrationFunction", &event).await);
        let log = log_text(&stack);
        assert!(log.contains("does not start"), "{bend}: {log}");
        assert!(!log.contains("S3CRET"), "{bend}: {log}");
    }
}
