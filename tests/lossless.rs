//! Promise 1: of a trigger event only `response` changes; what nobody here knows passes through.

use std::path::PathBuf;

use crate::common::{answer, invoke, last_decision, packages, stack, tree};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};
use shared::trigger::TriggerEvent;

const TRIGGERS: [&str; 3] = [
    "PreSignUpFunction",
    "PostConfirmationFunction",
    "UserMigrationFunction",
];

/// The Cognito fixtures that the crate `aws_lambda_events` publishes with its source.
fn published_fixtures() -> Vec<PathBuf> {
    let metadata = packages::metadata();
    let package = metadata
        .iter()
        .find(|package| package["name"] == "aws_lambda_events")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let fixtures = manifest.parent().unwrap().join("src/fixtures");
    let entries = std::fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.to_string_lossy().contains("cognito-event-userpools"))
        .collect()
}

fn samples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tree("events"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let triggers = ["pre-sign-up.", "post-confirmation.", "user-migration."];
            triggers.iter().any(|trigger| name.starts_with(trigger))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_fixture_and_every_sample_comes_back_from_every_trigger() {
    let stack = stack().await;
    let (published, samples) = (published_fixtures(), samples());
    assert!(
        published.len() >= 20 && samples.len() >= 8,
        "{published:?} {samples:?}"
    );
    let mut refused = 0;
    for path in published.iter().chain(&samples) {
        let text = std::fs::read_to_string(path).unwrap();
        let sent: Value = serde_json::from_str(&text).unwrap();
        for function in TRIGGERS {
            let answered = invoke(&stack, function, &text).await;
            // A refusal by the policy is an answer too: it has no event. Any other failure is none.
            if answered.function_error.is_some() {
                let decision = last_decision(&stack);
                assert!(decision.starts_with("refused "), "{path:?}: {decision}");
                assert_eq!(function, "PreSignUpFunction", "{path:?}");
                refused += 1;
                continue;
            }
            let mut got: Value = serde_json::from_str(&answer(&answered)).unwrap();
            got["response"] = sent["response"].clone();
            assert_eq!(got, sent, "{function} {path:?}");
        }
    }
    assert!(refused > 0, "the refused sample was not refused");
}

/// JSON as hostile as it may be and still be JSON, in any order and spelling.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1e400000".to_owned()),
        Just("-0.0".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "\\PC{0,12}".prop_map(|text| json!(text).to_string()),
        Just(r#""\u00e9\u0000\/""#.to_owned()),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let member = ("[a-zA-Z_:]{0,8}", inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5)
                .prop_map(|elements| format!("[{}]", elements.join(" ,"))),
            prop::collection::vec(member, 0..5).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| format!("{} :{value}", json!(key)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_beside_response_keeps_its_text(
        before in any_json(), after in any_json(), inside in any_json(),
    ) {
        let text = format!(
            r#"{{"before":{before},"response":{{"inside":{inside},"set":1}},"after":{after},"triggerSource":"X"}}"#
        );
        let raw = RawValue::from_string(text).unwrap();
        let changed = TriggerEvent::parse(&raw).unwrap().with_response(&json!({"set": 2, "new": [true]})).unwrap();
        let expected = format!(
            r#"{{"before":{before},"response":{{"inside":{inside},"set":2,"new":[true]}},"after":{after},"triggerSource":"X"}}"#
        );
        prop_assert_eq!(changed.get(), expected);
    }

    #[test]
    fn no_json_panics(text in any_json()) {
        let event = TriggerEvent::parse(&RawValue::from_string(text).unwrap());
        if let Ok(event) = event {
            let _ = event.request::<shared::trigger::Attributes>();
            let _ = event.with_response(&json!({}));
        }
    }
}
