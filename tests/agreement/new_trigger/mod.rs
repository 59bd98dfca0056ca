//! What a new trigger costs: a folder, a `[[bin]]`, a section of the policy with its line in the table of
//! sections, and its resources. The files beside this one are all of it (docs/new-trigger.md).

mod custom_message;
mod section;

use std::sync::Arc;

use serde_json::{Value, json, value::to_raw_value};
use shared::{
    deadline::Deadline,
    invocation::{Handler, Invocation},
    policy::PolicyFile,
    telemetry::Telemetry,
};

use self::{custom_message::CustomMessage, section::Subjects};
use super::{assert_agrees, findings, suite::Suite};

/// The suite with the trigger put in, nothing else changed.
fn extended() -> Suite {
    let mut suite = Suite::shipped();
    let put = |text: &mut String, before: &str, what: &str| {
        let at = text.find(before).unwrap_or_else(|| panic!("no {before:?}"));
        text.insert_str(at, what);
    };
    put(
        &mut suite.manifest,
        "[workspace]\n",
        include_str!("bin.toml"),
    );
    let resources = include_str!("resources.yaml");
    put(&mut suite.template, "  PreSignUpPermission:\n", resources);
    let attached = "        CustomMessage: !Ref CustomMessageFunction.Alias\n";
    let first = "        PreSignUp: !Ref PreSignUpFunction.Alias\n";
    put(&mut suite.template, first, attached);
    let source = include_str!("custom_message.rs").to_owned();
    let path = "functions/custom-message/main.rs".to_owned();
    suite.sources.insert(path, source);
    suite
}

#[test]
fn a_new_trigger_is_what_the_template_and_cargo_and_the_code_agree_on() {
    assert_agrees(&findings(&extended()));
}

#[tokio::test]
async fn a_new_trigger_decides_and_answers() {
    let policy = "version = 1\n[custom-message]\nsign_up = \"Your code for Poolkeeper\"\n";
    let policy = PolicyFile::parse("policy.toml", policy.to_owned());
    let trigger = CustomMessage::new(policy.section::<Subjects>().unwrap());
    let answer = |source: &str| {
        let event =
            json!({"triggerSource": source, "request": {}, "response": {"smsMessage": null}});
        let request = CustomMessage::read(to_raw_value(&event).unwrap());
        let telemetry = Arc::new(Telemetry::new("0123456789abcdef".parse().unwrap()));
        let deadline = Deadline::after(std::time::Duration::from_secs(4));
        let invocation = Invocation::new("custom-message", "id".to_owned(), telemetry, deadline);
        let trigger = &trigger;
        async move {
            let decision = Handler::decide(trigger, &request, &invocation).await;
            let answer = trigger.respond(&request, decision, &invocation).unwrap();
            serde_json::from_str::<Value>(answer.get()).unwrap()["response"].clone()
        }
    };
    assert_eq!(
        answer("CustomMessage_SignUp").await,
        json!({"smsMessage": null, "emailSubject": "Your code for Poolkeeper"})
    );
    assert_eq!(
        answer("CustomMessage_New").await,
        json!({"smsMessage": null})
    );
    // The binary's own start, which a test of the decision does not take.
    let _: fn() -> std::process::ExitCode = custom_message::main;
}
