//! pre-sign-up, the real binary over the Lambda Runtime API.

mod auto_confirm;
mod bad_input;
mod blocked;
mod contract;
mod counted;
mod crashes;
mod federation;
mod invitations;
mod legacy_user;
mod remote;

use crate::common::{
    answer, audit_lines, bent_policy, environment, error_message, event, event_text,
    faulty::{Behaviour, Faulty},
    invoke, last_decision, log_text, options, stack, stack_under, stack_with, tree,
};
use aws_sdk_dynamodb::Client;
use emulator::stack::Stack;
use serde_json::{Value, json};
use shared::{
    deadline::{PROVISIONING_MARGIN, TRIGGER_BUDGET},
    state::{Item, read_text},
};

const FUNCTION: &str = "PreSignUpFunction";

/// The suite under the policy that ships, with a check before the others, and with variables of this function
/// changed.
async fn stack_checking(check: &str, variables: &[(&str, &str)]) -> Stack {
    stack_with_checks(check, variables, "false").await
}

/// The same, where the function may ask the user pool.
async fn stack_asking_the_pool(check: &str, variables: &[(&str, &str)]) -> Stack {
    stack_with_checks(check, variables, "true").await
}

async fn stack_with_checks(check: &str, variables: &[(&str, &str)], asks_pool: &str) -> Stack {
    let mut options = options();
    let asks_pool = ("PreSignUpAsksUserPool".to_owned(), asks_pool.to_owned());
    options.parameters = [asks_pool].into();
    options.environment = environment(FUNCTION, variables);
    let first = "[[pre-sign-up.checks]]\n";
    let added = format!("{first}name = \"added\"\n{check}\n\n{first}");
    options.policy = bent_policy(first, &added);
    local::start(&options).await.unwrap()
}

fn tables(stack: &Stack) -> Client {
    Client::new(&stack.sdk_config(Stack::admin()))
}

/// All items of a table, by partition key.
async fn items(stack: &Stack, table: &str) -> Vec<Item> {
    let scan = tables(stack)
        .scan()
        .table_name(stack.physical_name(table))
        .send();
    let mut items = scan.await.unwrap().items.unwrap_or_default();
    items.sort_by_key(|item| read_text(item, "pk").map(str::to_owned));
    items
}

async fn put(stack: &Stack, table: &str, item: Item) {
    let put = tables(stack)
        .put_item()
        .table_name(stack.physical_name(table))
        .set_item(Some(item));
    put.send().await.unwrap();
}

/// The sample of a sign-up that is admitted, bent.
fn sign_up(bend: impl FnOnce(&mut Value)) -> String {
    event("pre-sign-up.SignUp", bend)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admitted_sign_up_comes_back_byte_for_byte() {
    let stack = stack().await;
    let sent = event_text("pre-sign-up.SignUp");
    assert_eq!(
        answer(&invoke(&stack, FUNCTION, &sent).await),
        sent.trim_end()
    );
    assert_eq!(last_decision(&stack), "allowed no-objection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_up_is_an_error_in_the_policy_s_words() {
    let stack = stack().await;
    let refused = invoke(&stack, FUNCTION, &event_text("pre-sign-up.SignUp.refused")).await;
    assert_eq!(
        error_message(&refused),
        "please sign up with your company's e-mail address [email-domain-not-allowed]"
    );
    assert_eq!(last_decision(&stack), "refused email-domain-not-allowed");
    assert_eq!(audit_lines(&stack)[0]["rule"], "company-addresses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_lets_through_and_says_so() {
    let stack = stack_under("# mode = \"enforce\"", "mode = \"report\"").await;
    let sent = event_text("pre-sign-up.SignUp.refused");
    assert_eq!(
        answer(&invoke(&stack, FUNCTION, &sent).await),
        sent.trim_end()
    );
    assert_eq!(last_decision(&stack), "allowed reported");
    let report = json!({"rule": "company-addresses", "reason": "email-domain-not-allowed"});
    assert_eq!(audit_lines(&stack)[0]["reports"], json!([report]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_s_user_and_a_provider_s_are_told_apart() {
    let stack = stack().await;
    let evil =
        |event: &mut Value| event["request"]["userAttributes"]["email"] = json!("x@evil.example");
    let admin = event("pre-sign-up.AdminCreateUser", evil);
    answer(&invoke(&stack, FUNCTION, &admin).await);
    let external = event("pre-sign-up.ExternalProvider", evil);
    error_message(&invoke(&stack, FUNCTION, &external).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_way_into_the_pool_is_checked_as_a_sign_up() {
    let stack = stack().await;
    let future = |event: &mut Value| event["triggerSource"] = json!("PreSignUp_FromTheFuture");
    let refused = event("pre-sign-up.SignUp.refused", future);
    error_message(&invoke(&stack, FUNCTION, &refused).await);
    assert_eq!(last_decision(&stack), "refused email-domain-not-allowed");
    answer(&invoke(&stack, FUNCTION, &event("pre-sign-up.SignUp", future)).await);
    assert_eq!(last_decision(&stack), "allowed no-objection");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_trigger_s_source_passes_through_untouched_and_is_counted() {
    let stack = stack().await;
    let sent = r#"{ "triggerSource":"Custom_FromTheFuture", "n": 1e400000, "response": null }"#;
    assert_eq!(answer(&invoke(&stack, FUNCTION, sent).await), sent);
    assert_eq!(
        last_decision(&stack),
        "passed_through unknown-trigger-source"
    );
    assert_eq!(
        audit_lines(&stack)[0]["trigger_source"],
        "Custom_FromTheFuture"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_and_missing_objects_are_tolerated() {
    let stack = stack().await;
    for bend in [
        |event: &mut Value| event["callerContext"] = Value::Null,
        |event: &mut Value| event["request"]["validationData"] = Value::Null,
        |event: &mut Value| drop(event.as_object_mut().unwrap().remove("callerContext")),
        |event: &mut Value| drop(event.as_object_mut().unwrap().remove("response")),
        |event: &mut Value| event["request"]["userAttributes"]["email_verified"] = json!(true),
        |event: &mut Value| event["request"]["userAttributes"]["name"] = Value::Null,
        |event: &mut Value| event["request"]["userAttributes"]["name"] = json!(["cAnArY"]),
        |event: &mut Value| event["request"]["userAttributes"]["name"] = json!({"cAnArY": 1}),
        |event: &mut Value| event["request"]["clientMetadata"] = Value::Null,
    ] {
        let sent = event("pre-sign-up.SignUp", bend);
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_is_refused_blandly_and_the_log_names_the_field() {
    let stack = stack().await;
    for (sent, field) in [
        ("[]", "event: expected a JSON object"),
        ("{}", "event.triggerSource: expected a string"),
        (
            r#"{"triggerSource":"PreSignUp_SignUp"}"#,
            "event.request: expected an object",
        ),
        (
            r#"{"triggerSource":"PreSignUp_SignUp","request":7}"#,
            "event.request: expected an object",
        ),
        (
            r#"{"triggerSource":"PreSignUp_SignUp","request":{"userAttributes":{"name":"\ud800"}}}"#,
            "event.request: expected an object",
        ),
    ] {
        let refused = error_message(&invoke(&stack, FUNCTION, sent).await);
        assert!(
            refused.starts_with("the sign-up cannot be checked"),
            "{refused}"
        );
        assert!(log_text(&stack).contains(field), "{field}");
        assert_eq!(last_decision(&stack), "failed malformed-event");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_policy_stops_the_start_and_every_error_is_in_one_line() {
    let stack = stack_under(
        "# mode = \"enforce\"",
        "mode = \"enforced\"\non_undecided = 7",
    )
    .await;
    let refused = error_message(&invoke(&stack, FUNCTION, &event_text("pre-sign-up.SignUp")).await);
    assert!(refused.contains("Runtime exited"), "{refused}");
    let shipped = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let at = shipped
        .lines()
        .position(|line| line.starts_with("# mode ="))
        .unwrap();
    let log = log_text(&stack);
    let line = log
        .lines()
        .find(|line| line.contains("does not start"))
        .unwrap();
    assert!(
        line.contains("pre-sign-up.checks[].mode: expected one of `enforce`")
            && line.contains(&format!(":{}: pre-sign-up.checks[].on_undecided", at + 2)),
        "{at} {line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_variable_stops_the_start_and_is_named() {
    let stack = stack_with(FUNCTION, &[("LOG_KEY", "short")]).await;
    error_message(&invoke(&stack, FUNCTION, &event_text("pre-sign-up.SignUp")).await);
    let log = log_text(&stack);
    assert!(
        log.contains("environment: LOG_KEY is wrong: expected at least 16 characters"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_the_next_invocation_working() {
    let stack = stack().await;
    let sent = event_text("pre-sign-up.SignUp");
    answer(&invoke(&stack, FUNCTION, &sent).await);
    stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_that_need_no_service_start_no_client_and_no_tls() {
    let service = Faulty::start(Behaviour::Close).await;
    // Whatever makes a client reads the CA bundle first, and does not start without it.
    let variables = [
        ("AWS_CA_BUNDLE", "/nonexistent/bundle.pem"),
        ("AWS_ENDPOINT_URL", &service.url),
    ];
    let sent = event_text("pre-sign-up.SignUp");
    let stack = stack_with(FUNCTION, &variables).await;
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(service.requests(), 0);
    let with_a_client = "UserMigrationFunction";
    let stack = stack_with(with_a_client, &variables).await;
    error_message(
        &invoke(
            &stack,
            with_a_client,
            &event_text("user-migration.Authentication"),
        )
        .await,
    );
    assert!(log_text(&stack).contains("does not start"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_alone_pays_for_the_cold_start() {
    let stack = stack().await;
    let sent = event_text("pre-sign-up.SignUp");
    answer(&invoke(&stack, FUNCTION, &sent).await);
    answer(&invoke(&stack, FUNCTION, &sent).await);
    let lines = audit_lines(&stack);
    let left = |line: &Value| u128::from(line["remaining_ms"].as_u64().unwrap());
    let (first, second) = (left(&lines[0]), left(&lines[1]));
    let most = TRIGGER_BUDGET - PROVISIONING_MARGIN;
    assert!(first <= most.as_millis(), "{first}");
    // More than the first could have had: the allowance is taken off once.
    assert!(second > most.as_millis(), "{second} {first}");
}
