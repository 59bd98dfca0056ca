//! The queries that docs/operations.md shows read fields that audit lines have.

use serde_json::Value;

use super::suite::Suite;
use crate::common::tree;

/// Words of CloudWatch Logs Insights; `m` ends a bin of so many minutes.
const WORDS: [&str; 11] = [
    "and", "bin", "by", "count", "desc", "fields", "filter", "in", "m", "sort", "stats",
];

/// The fenced blocks without a language, which are queries of CloudWatch Logs Insights.
fn insights(document: &str) -> Vec<&str> {
    // Between two fences: what lies outside of a block is each other part, the first one included.
    let blocks = document.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| block.strip_prefix('\n'))
        .collect()
}

/// What a query names outside of its texts.
fn names(query: &str) -> Vec<&str> {
    let outside = query.split('"').step_by(2);
    let words = outside.flat_map(|text| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)))
            .map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()))
    });
    words
        .filter(|word| !word.is_empty() && !WORDS.contains(word))
        .collect()
}

fn is_field(schema: &Value, path: &str) -> bool {
    let members = |object: &Value| object["properties"].clone();
    match path.split_once('.') {
        None => members(schema).get(path).is_some(),
        Some(("session", member)) => members(&schema["$defs"]["Session"]).get(member).is_some(),
        Some(_) => false,
    }
}

#[test]
fn a_query_in_the_documents_reads_fields_that_audit_lines_have() {
    let schema: Value = serde_json::from_str(&Suite::shipped().audit_schema).unwrap();
    let document = std::fs::read_to_string(tree("docs/operations.md")).unwrap();
    let queries = insights(&document);
    let named: Vec<&str> = queries.iter().flat_map(|query| names(query)).collect();
    assert!(named.contains(&"session.session_name"), "{named:?}");
    let unknown: Vec<&&str> = named
        .iter()
        .filter(|name| !is_field(&schema, name))
        .collect();
    assert!(unknown.is_empty(), "no audit line has {unknown:?}");
}
