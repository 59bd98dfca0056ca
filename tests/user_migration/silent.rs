//! A password leaves no trace: in no log at the most talkative level, no answer, no table.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use local::Options;
use serde_json::json;

use super::{FUNCTION, put, row, sign_in, signs_in};
use crate::common::{
    environment,
    faulty::{Behaviour, Faulty, Witness, http},
    invoke, last_decision, log_text, options, policy_file,
};

const CANARY: &str = "cAnArY-old-password-1";
/// `crypt(3)` of the canary, rounds of 1000.
const HASH_OF_CANARY: &str = "$6$rounds=1000$pepperfree$0fh.BLY1dIcNIJdZ0nuKOAa26D4ZUcThz7J/aH5FQe6K6Ckl4Y8l7LbHp8U/2UEJBwyyLgWrsbY107o.BmyCY.";

fn at_trace() -> Options {
    let mut options = options();
    let variables = [
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
    ];
    options.environment = environment(FUNCTION, &variables);
    options
}

/// Everything that the tables hold, as text.
async fn tables(stack: &Stack) -> String {
    let client = Client::new(&stack.sdk_config(Stack::admin()));
    let mut held = String::new();
    for table in ["DirectoryTable", "EphemeralTable", "LegacyUsersTable"] {
        let scan = client.scan().table_name(stack.physical_name(table)).send();
        held += &format!("{:?}", scan.await.unwrap().items());
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_a_user_who_moves_in_is_in_no_log_and_no_table() {
    let stack = local::start(&at_trace()).await.unwrap();
    let mut row = row("ana@example.com");
    row[1].1 = AttributeValue::S(HASH_OF_CANARY.to_owned());
    put(&stack, row).await;
    assert!(!signs_in(&stack, "una@example.com", CANARY).await);
    assert!(!signs_in(&stack, "ana@example.com", &format!("not {CANARY}")).await);
    assert_eq!(last_decision(&stack), "untouched wrong-password");
    assert!(signs_in(&stack, "ana@example.com", CANARY).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    let held = tables(&stack).await;
    // The record of who moved in, the buckets of the limiter and the row itself are among it.
    for known in ["MOVED#", "LIMIT#user-migration#", "$6$"] {
        assert!(held.contains(known), "{held}");
    }
    assert!(!held.contains(CANARY));
    assert!(!log_text(&stack).contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_goes_to_the_endpoint_and_nowhere_else() {
    let witness = Witness::start().await;
    let endpoint = Faulty::start(Behaviour::ForwardOne(witness.url.clone())).await;
    let mut options = at_trace();
    options.policy = policy_file(&format!(
        "version = 1\n[user-migration]\nanswer_floor_ms = 1\n\
         attempts_per_name = {{ burst = 1000, period_seconds = 1 }}\n\
         [[user-migration.stores]]\nname = \"old-shop\"\nhttps.url = \"{}\"\n",
        endpoint.url
    ));
    let stack = local::start(&options).await.unwrap();
    let sent = sign_in("ana@example.com", CANARY);
    let verified = json!({ "status": "verified", "user": { "id": "17" } });
    for behaviour in [
        Behaviour::ForwardOne(witness.url.clone()),
        // What the endpoint says may quote what it was asked.
        http("200 OK", &json!({ "status": CANARY }).to_string()),
        http("200 OK", CANARY),
        http("500 Internal Server Error", CANARY),
        Behaviour::Answer(format!("{CANARY}\r\n\r\n")),
        Behaviour::Stall(format!("HTTP/1.1 200 OK\r\nx: {CANARY}\r\n")),
        http("200 OK", &verified.to_string()),
    ] {
        endpoint.behave(behaviour);
        let done = invoke(&stack, FUNCTION, &sent).await;
        assert_eq!(done.function_error, None);
    }
    let log = log_text(&stack);
    assert_eq!(last_decision(&stack), "migrated password-verified", "{log}");
    assert!(witness.heard().iter().any(|body| body.contains(CANARY)));
    assert!(!log_text(&stack).contains(CANARY));
    assert!(!tables(&stack).await.contains(CANARY));
}
