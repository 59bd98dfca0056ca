//! A policy that parses is one that the JSON Schema allows, and means the same when it is written another way.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};
use shared::policy::{PolicyFile, compiled};

use crate::common::tree;

/// The policy that ships, with what it only mentions.
fn seed() -> Value {
    let text = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let mut policy: Value = toml::from_str(&text).unwrap();
    let vendor = &mut policy["identity-vendor"];
    vendor["sources"]["github"] = json!({
        "preset": "github-actions",
        "audiences": ["a", "b"],
        "algorithms": ["RS256", "EdDSA"],
        "required_claims": ["ref"],
        "authorized_parties": ["w"],
        "max_token_age_seconds": 300,
        "leeway_seconds": 0,
        "default_role": "member",
    });
    vendor["roles"]["tenant"] = json!({
        "flow": "credentials",
        "duration_seconds": 900,
        "tags": {"tenant": {"claim": "/org/tenant"}, "app": {"value": "reports"}},
        "session_policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}",
    });
    let conditions = json!([
        {"claim": "/realm_access/roles", "has_element": "a"},
        {"claim": "scope", "has_word": "a"},
        {"claim": "ref", "matches": "a|b"},
        {"claim": "n", "one_of": [1, true, "a"]},
        {"claim": "v", "not_equals": 7},
    ]);
    let rule = json!({"name": "more", "source": "github", "when": conditions, "role": "tenant"});
    vendor["rules"].as_array_mut().unwrap().push(rule);
    policy
}

/// The path of every value in `value`.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                pointers(member, &format!("{at}/{}", escaped(key)), all);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
    if !at.is_empty() {
        all.push(at.to_owned());
    }
}

/// Takes a value away, puts another in its place, or doubles it.
fn bend(policy: &mut Value, (how, at, with): &(u8, Index, Value)) {
    let mut all = Vec::new();
    pointers(policy, "", &mut all);
    let pointer = at.get(&all).clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (how, policy.pointer_mut(parent).unwrap()) {
        (0, Value::Object(members)) => drop(members.remove(&key)),
        (0, Value::Array(elements)) => drop(elements.remove(key.parse().unwrap())),
        (1, Value::Array(elements)) => elements.push(with.clone()),
        (1, Value::Object(members)) => drop(members.insert("unknown".to_owned(), with.clone())),
        (_, Value::Object(members)) => drop(members.insert(key, with.clone())),
        (_, Value::Array(elements)) => elements[key.parse::<usize>().unwrap()] = with.clone(),
        _ => {}
    }
}

fn value() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "a",
        "member",
        "token",
        "credentials",
        "enforce",
        "report",
        "off",
        "RS256",
        "ES384",
        "allow",
        "deny",
        "google",
        "aws",
        "id",
        "https://a.example",
        "http://a.example",
        "x-y",
        "X Y",
        "é",
        "(",
        "\u{7f}\n",
    ];
    prop_oneof![
        proptest::sample::select(words.map(|word| json!(word)).to_vec()),
        proptest::sample::select(vec![
            json!(0),
            json!(1),
            json!(-1),
            json!(60),
            json!(900),
            json!(43_200),
            json!(4_294_967_296_i64),
            json!(1.5),
            json!(true),
            json!(false),
            json!([]),
            json!({}),
            json!(["a"]),
            json!([1]),
            json!([["a"]]),
            json!({"a": 1}),
        ]),
    ]
}

/// In TOML, in another spelling than people write: one line for each section, quoted keys, inline tables.
fn toml_of(value: &Value) -> String {
    let text = |text: &str| Value::from(text).to_string().replace('\u{7f}', "\\u007f");
    match value {
        Value::Object(members) => {
            let member =
                |(key, value): (&String, &Value)| format!("{} = {}", text(key), toml_of(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(toml_of).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

fn document(policy: &Value) -> String {
    let sections = policy.as_object().unwrap().iter();
    let lines: Vec<String> = sections
        .map(|(key, value)| format!("\"{key}\" = {}", toml_of(value)))
        .collect();
    lines.join("\n")
}

/// What the policy comes to, if it is one.
fn meaning(text: String) -> Option<Vec<(&'static str, String)>> {
    let file = PolicyFile::parse("policy.toml", text);
    file.check_all().ok()?;
    compiled(&file).ok()
}

#[test]
fn a_policy_that_parses_round_trips_through_its_schema() {
    let schema = std::fs::read_to_string(tree("policy/policy.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let seed = seed();
    let shipped = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    assert!(meaning(document(&seed)).is_some(), "the seed is a policy");
    let plain: Value = toml::from_str(&shipped).unwrap();
    assert_eq!(meaning(shipped), meaning(document(&plain)));

    let config = ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let bends = vec((0..3_u8, any::<Index>(), value()), 1..3);
    let (read, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&bends, |bends| {
        let mut policy = seed.clone();
        bends.iter().for_each(|how| bend(&mut policy, how));
        let text = document(&policy);
        let Some(meant) = meaning(text.clone()) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        read.set(read.get() + 1);
        let errors: Vec<String> = schema
            .iter_errors(&policy)
            .map(|error| error.to_string())
            .collect();
        prop_assert!(
            errors.is_empty(),
            "the schema refuses what parses: {errors:?}\n{text}"
        );
        let again: Value = toml::from_str(&text).unwrap();
        prop_assert_eq!(&again, &policy);
        prop_assert_eq!(meaning(document(&again)), Some(meant));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let counts = (read.get(), refused.get());
    assert!(counts.0 > 50 && counts.1 > 50, "{counts:?}");
}
