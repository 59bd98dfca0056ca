//! pool-watch, the real binary on its schedule: drift is found, put right once, and then only told.

use emulator::stack::Stack;
use serde_json::{Value, json};

use crate::common::{
    answer, audit_lines, environment, error_message,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, log_text, options,
};

const FUNCTION: &str = "PoolWatchFunction";
const SCHEDULE: &str = "PoolWatchFunctionSchedule";

async fn start(healing: bool) -> Stack {
    start_with(healing, &[]).await
}

async fn start_with(healing: bool, variables: &[(&str, &str)]) -> Stack {
    let mut options = options();
    options.environment = environment(FUNCTION, variables);
    let healing = ("HealTriggers".to_owned(), healing.to_string());
    options.parameters.extend([healing]);
    local::start(&options).await.unwrap()
}

/// One hour later: outcome and reason, and the codes of what was found.
async fn look(stack: &Stack) -> (String, Vec<String>) {
    let invocation = stack.invoke_schedule(SCHEDULE).await.unwrap();
    let report: Value = serde_json::from_str(&answer(&invocation)).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    let line = audit_lines(stack).pop().unwrap();
    assert_eq!(line["user_pool_id"], "us-east-1_Poolkeepr");
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    let decision = format!("{} {}", text("outcome"), text("reason"));
    (decision, findings.iter().map(code).collect())
}

/// What a pipeline does that knows nothing of the triggers.
async fn reset(stack: &Stack, lambda_config: Value) {
    let settings = stack.user_pool.settings();
    let mut request = settings.pool.clone();
    request.insert("UserPoolId".to_owned(), json!(settings.pool_id));
    request.insert("LambdaConfig".to_owned(), lambda_config);
    let body = Value::Object(request).to_string();
    let answered = stack
        .user_pool
        .handle("UpdateUserPool", body.as_bytes())
        .await;
    assert_eq!(answered.status().as_u16(), 200);
}

async fn body_of(response: axum::response::Response) -> Value {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    serde_json::from_slice(&body.unwrap()).unwrap()
}

fn triggers(stack: &Stack) -> Value {
    stack.user_pool.settings().pool["LambdaConfig"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn healing_puts_the_triggers_back_once_and_then_only_tells() {
    let stack = start(true).await;
    let in_order = triggers(&stack);
    let before = stack.user_pool.settings();
    assert_eq!(
        look(&stack).await,
        ("in_order as-it-should-be".to_owned(), vec![])
    );

    reset(&stack, json!({})).await;
    let (decision, found) = look(&stack).await;
    assert_eq!(decision, "healed triggers-put-back");
    assert_eq!(found, ["trigger-missing"; 3]);
    assert_eq!(triggers(&stack), in_order);
    let after = stack.user_pool.settings();
    // What was a default is said now.
    for (name, value) in &before.pool {
        assert_eq!(after.pool.get(name), Some(value), "{name}");
    }
    assert_eq!(look(&stack).await.0, "in_order as-it-should-be");

    reset(&stack, json!({})).await;
    for _ in 0..2 {
        let (decision, found) = look(&stack).await;
        assert_eq!(decision, "drifted trigger-missing");
        assert_eq!(found, ["trigger-missing"; 3]);
        assert_eq!(triggers(&stack), json!({}));
    }
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_another_one_overtakes_puts_nothing_back() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = start_with(true, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    reset(&stack, json!({})).await;
    assert_eq!(look(&stack).await.0, "healed triggers-put-back");
    reset(&stack, json!({})).await;
    // To the next look there is no mark when it reads, and there is when it writes.
    stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    table.once([http("200 OK", "{}")]);
    assert_eq!(look(&stack).await.0, "drifted trigger-missing");
    assert!(log_text(&stack).contains("another run puts them back"));
    assert_eq!(triggers(&stack), json!({}));
    stack.shutdown().await;
}

/// Somebody is at work on the pool: the look began before they changed a setting.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_changes_while_it_looks_is_not_undone() {
    let cognito = Faulty::start(Behaviour::Close).await;
    let variable = "AWS_ENDPOINT_URL";
    let stack = start_with(true, &[(variable, &cognito.url)]).await;
    cognito.behave(Behaviour::Forward(stack.aws_url.clone()));
    reset(&stack, json!({})).await;
    let settings = stack.user_pool.settings();
    let asked = json!({"UserPoolId": settings.pool_id}).to_string();
    let described = stack.user_pool.handle("DescribeUserPool", asked.as_bytes());
    let mut before = body_of(described.await).await;
    before["UserPool"]["EmailVerificationSubject"] = json!("Before");
    cognito.once([http("200 OK", &before.to_string())]);
    assert_eq!(look(&stack).await.0, "drifted trigger-missing");
    assert!(log_text(&stack).contains("somebody is changing the pool: EmailVerificationSubject"));
    assert_eq!(stack.user_pool.settings().pool, settings.pool);
    // The next look meets nobody.
    assert_eq!(look(&stack).await.0, "healed triggers-put-back");
    stack.shutdown().await;
}

/// What there is no time or quota for hides nothing that was found.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_cannot_be_looked_at_hide_no_drift() {
    let cognito = Faulty::start(Behaviour::Close).await;
    let variable = "AWS_ENDPOINT_URL";
    let stack = start_with(false, &[(variable, &cognito.url)]).await;
    reset(&stack, json!({})).await;
    // The pool, and who may invoke each of the three functions.
    cognito.once([(); 4].map(|()| Behaviour::ForwardOne(stack.aws_url.clone())));
    let refusal = r#"{"__type":"TooManyRequestsException","message":"canary"}"#;
    cognito.behave(http("400 Bad Request", refusal));
    let (decision, found) = look(&stack).await;
    assert_eq!(decision, "drifted trigger-missing");
    assert_eq!(found, ["trigger-missing"; 3]);
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_function_is_never_replaced() {
    let stack = start(true).await;
    let mut theirs = triggers(&stack);
    theirs["PreSignUp"] = json!("arn:aws:lambda:us-east-1:123456789012:function:theirs");
    reset(&stack, theirs.clone()).await;
    let (decision, found) = look(&stack).await;
    assert_eq!(decision, "drifted trigger-foreign");
    assert_eq!(found, ["trigger-foreign"]);
    assert_eq!(triggers(&stack), theirs);
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_healing_nothing_is_changed_and_the_role_could_not() {
    let stack = start(false).await;
    let role = stack.template.get("PoolWatchRole").unwrap();
    assert!(!role.properties.to_string().contains("UpdateUserPool"));
    reset(&stack, json!({})).await;
    assert_eq!(look(&stack).await.0, "drifted trigger-missing");
    assert_eq!(triggers(&stack), json!({}));
    stack.shutdown().await;
}

/// An order that it does not know asked for something else than healing.
#[tokio::test(flavor = "multi_thread")]
async fn asked_for_its_health_or_in_other_words_it_asks_nobody_and_puts_nothing_back() {
    let aws = Faulty::start(Behaviour::Close).await;
    let stack = start_with(true, &[("AWS_ENDPOINT_URL", &aws.url)]).await;
    reset(&stack, json!({})).await;
    let healthy = invoke(&stack, FUNCTION, r#"{"health":true}"#).await;
    assert!(answer(&healthy).contains("healthy"));
    assert_eq!(last_decision(&stack), "answered healthy");
    for asked in [r#"{"dry_run":true}"#, r#"{"health":1}"#, "[]", "null", "7"] {
        let refused = invoke(&stack, FUNCTION, asked).await;
        assert_eq!(error_message(&refused), "malformed-event", "{asked}");
        assert_eq!(last_decision(&stack), "failed malformed-event");
    }
    assert_eq!(aws.requests(), 0);
    assert_eq!(triggers(&stack), json!({}));
    stack.shutdown().await;
}
