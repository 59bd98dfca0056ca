//! The policy file that ships, and the schemas that are kept in the tree.

use std::path::{Path, PathBuf};

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

/// The policy file with every commented-out default switched on.
fn shipped_with_defaults() -> String {
    let uncommented = |line: &str| {
        let assignment = line.strip_prefix("# ").filter(|rest| {
            let key = rest.split(" = ").next().unwrap_or_default();
            rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        // Its text is an ellipsis, and issuer is bound by the wiring.
        let example = line.contains('…') || line.starts_with("# issuer =");
        assignment
            .filter(|_| !example)
            .map_or(line.to_owned(), str::to_owned)
    };
    shipped()
        .lines()
        .map(uncommented)
        .collect::<Vec<_>>()
        .join("\n")
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
fn the_defaults_that_the_comments_name_are_valid_and_are_the_defaults() {
    let text = shipped_with_defaults();
    assert!(text.matches(" = ").count() > shipped().matches("\n").count() / 4);
    let with_defaults = PolicyFile::parse("policy.toml", text);
    if let Err(errors) = with_defaults.check_all() {
        panic!("{errors}");
    }
    let plain = PolicyFile::parse("policy.toml", shipped());
    let debug = |file: &PolicyFile| {
        let migration = file.section::<shared::policy::UserMigration>().unwrap();
        let confirmation = file.section::<shared::policy::PostConfirmation>().unwrap();
        (format!("{confirmation:?}"), format!("{migration:?}"))
    };
    assert_eq!(debug(&plain), debug(&with_defaults));
}

#[test]
fn every_key_of_the_schema_is_explained_in_the_policy_that_ships() {
    fn keys(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = members.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                members.values().for_each(|member| keys(member, found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| keys(element, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    keys(shared::policy::schema().as_value(), &mut found);
    let text = shipped();
    let unexplained: Vec<&String> = found
        .iter()
        .filter(|key| !text.contains(key.as_str()))
        .collect();
    assert!(
        found.len() > 30 && unexplained.is_empty(),
        "{unexplained:?}"
    );
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
