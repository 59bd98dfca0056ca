//! docs/sign-up-check.openapi.yaml, against what the function asks an endpoint and how it reads the answer.

use std::collections::BTreeSet;

use emulator::template::yaml;
use serde_json::{Value, json};

use super::{FUNCTION, stack_checking};
use crate::common::{
    event,
    faulty::{Behaviour, Faulty, Witness, http},
    invoke, last_decision, tree,
};

fn document() -> Value {
    let path = tree("docs/sign-up-check.openapi.yaml");
    yaml::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn schema(document: &Value, name: &str) -> Value {
    document["components"]["schemas"][name].clone()
}

fn texts(values: &Value) -> BTreeSet<&str> {
    let values = values.as_array().unwrap().iter();
    values.map(|value| value.as_str().unwrap()).collect()
}

fn check(url: &str) -> String {
    format!(
        "https = {{ url = \"{url}/sign-up\" }}\n\
         applies_to = [\"sign_up\", \"external_provider\", \"admin_create_user\"]"
    )
}

/// Whether a value is what its schema says, of the few kinds that the document has.
fn is_as_said(value: &Value, said: &Value) -> bool {
    if let Some(constant) = said.get("const") {
        return value == constant;
    }
    if let Some(values) = said.get("enum") {
        return texts(values).contains(value.as_str().unwrap_or_default());
    }
    if said["$ref"] == "#/components/schemas/Texts" {
        let members = value.as_object();
        return members.is_some_and(|members| members.values().all(Value::is_string));
    }
    texts(&said["type"]).contains("null") && (value.is_string() || value.is_null())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_what_the_document_says() {
    let question = schema(&document(), "Question");
    let properties = question["properties"].as_object().unwrap();
    let witness = Witness::start().await;
    let stack = stack_checking(&check(&witness.url), &[]).await;
    let samples = ["SignUp", "ExternalProvider", "AdminCreateUser"];
    for (sample, bare) in samples
        .iter()
        .flat_map(|name| [(name, false), (name, true)])
    {
        let sent = event(&format!("pre-sign-up.{sample}"), |event| {
            event["request"]["userAttributes"]["email"] = json!("ada@example.com");
            if bare {
                event["userPoolId"] = Value::Null;
                event["userName"] = Value::Null;
                event["callerContext"] = Value::Null;
                event["request"] = json!({"userAttributes": {"email": "ada@example.com"}});
            }
        });
        invoke(&stack, FUNCTION, &sent).await;
    }
    let heard = witness.heard();
    let asked: Vec<Value> = heard
        .iter()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(asked.len(), 2 * samples.len(), "{heard:?}");
    for question_asked in &asked {
        let members = question_asked.as_object().unwrap();
        let names: BTreeSet<&str> = members.keys().map(String::as_str).collect();
        assert_eq!(names, texts(&question["required"]));
        assert_eq!(names, properties.keys().map(String::as_str).collect());
        for (name, value) in members {
            assert!(is_as_said(value, &properties[name]), "{name}: {value}");
        }
    }
    let ways = asked.iter().map(|asked| asked["way"].as_str().unwrap());
    assert_eq!(
        ways.collect::<BTreeSet<_>>(),
        texts(&properties["way"]["enum"])
    );
    assert!(asked.iter().any(|asked| asked["user_name"].is_null()));
    assert!(asked.iter().any(|asked| asked["user_name"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_document_decides_and_no_other() {
    let document = document();
    let decisions = schema(&document, "Answer")["properties"]["decision"]["enum"].clone();
    let host = Faulty::start(Behaviour::Close).await;
    let stack = stack_checking(&check(&host.url), &[]).await;
    let sent = event("pre-sign-up.SignUp", |_| ());
    let mut said = BTreeSet::new();
    for decision in texts(&decisions).into_iter().chain(["maybe", "Allow", ""]) {
        host.behave(http("200 OK", &json!({"decision": decision}).to_string()));
        invoke(&stack, FUNCTION, &sent).await;
        said.insert((decision.to_owned(), last_decision(&stack)));
    }
    let unknown = |decision: &str| {
        (
            decision.to_owned(),
            "refused endpoint-unavailable".to_owned(),
        )
    };
    let expected = [
        ("allow".to_owned(), "allowed no-objection".to_owned()),
        ("refuse".to_owned(), "refused endpoint-refused".to_owned()),
        unknown("maybe"),
        unknown("Allow"),
        unknown(""),
    ];
    assert_eq!(said, BTreeSet::from(expected));
    // The bounds: an answer of 16 KiB is read, and not one octet more.
    let operation = &document["paths"]["/sign-up"]["post"];
    let told = operation["description"].as_str().unwrap();
    assert!(told.contains("an answer is read up to 16 KiB"), "{told}");
    assert!(
        told.contains("256 KiB long (a longer one is not sent"),
        "{told}"
    );
    let bare = json!({"decision": "allow", "pad": ""}).to_string().len();
    for (length, decision) in [
        (16 * 1024, "allowed no-objection"),
        (16 * 1024 + 1, "refused endpoint-unavailable"),
    ] {
        let answer = json!({"decision": "allow", "pad": "x".repeat(length - bare)});
        host.behave(http("200 OK", &answer.to_string()));
        invoke(&stack, FUNCTION, &sent).await;
        assert_eq!(last_decision(&stack), decision, "{length}");
    }
}

#[test]
fn the_signature_s_header_is_the_document_s() {
    let scheme = &document()["components"]["securitySchemes"]["signature"];
    let name = scheme["name"].as_str().unwrap();
    assert!(
        name.eq_ignore_ascii_case(shared::https::SIGNATURE.as_ref()),
        "{name}"
    );
}
