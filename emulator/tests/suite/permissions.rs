//! Who may invoke a function: its resource policy, as `aws lambda` administers it.

use emulator::http_client::Answer;
use serde_json::{Value, json};

use crate::support::{Aws, admin};

const POLICY: &str = "/2015-03-31/functions/example-PreSignUpFunction/policy";

async fn lambda(aws: &Aws, method: &str, path: &str, body: Value) -> Answer {
    aws.call(&admin(), "lambda", (method, path), "", &body)
        .await
}

fn cognito(statement: &str) -> Value {
    json!({
        "StatementId": statement,
        "Action": "lambda:InvokeFunction",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_other",
        "SourceAccount": "123456789012",
    })
}

#[tokio::test]
async fn a_permission_is_added_read_and_taken_away() {
    let aws = Aws::start().await;
    let added = lambda(&aws, "POST", POLICY, cognito("attached")).await;
    assert_eq!(added.status, 201);
    let policy = lambda(&aws, "GET", POLICY, Value::Null).await.json();
    let policy: Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let attached = statements
        .iter()
        .find(|it| it["Sid"] == "attached")
        .unwrap();
    assert_eq!(
        attached["Principal"]["Service"],
        "cognito-idp.amazonaws.com"
    );
    assert_eq!(
        attached["Condition"]["StringEquals"]["AWS:SourceAccount"],
        "123456789012"
    );
    let again = lambda(&aws, "POST", POLICY, cognito("attached")).await;
    assert_eq!(
        (again.status, &again.json()["__type"]),
        (409, &json!("ResourceConflictException"))
    );
    let path = format!("{POLICY}/attached");
    assert_eq!(lambda(&aws, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(lambda(&aws, "DELETE", &path, Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_policy_is_of_one_qualifier() {
    let aws = Aws::start().await;
    let at_alias = format!("{POLICY}?Qualifier=live");
    lambda(&aws, "POST", &at_alias, cognito("attached")).await;
    let unqualified = lambda(&aws, "GET", POLICY, Value::Null).await.json();
    assert!(!unqualified["Policy"].as_str().unwrap().contains("attached"));
    let qualified = lambda(&aws, "GET", &at_alias, Value::Null).await.json();
    assert!(
        qualified["Policy"]
            .as_str()
            .unwrap()
            .contains("function:example-PreSignUpFunction:live")
    );
}

#[tokio::test]
async fn an_alias_is_known_only_where_the_template_publishes_one() {
    let alias = "/2015-03-31/functions/example-PreSignUpFunction/aliases/live";
    let without = Aws::start().await;
    assert_eq!(
        lambda(&without, "GET", alias, Value::Null).await.status,
        404
    );
    let bend = |text: &mut String| {
        let own = "CodeUri: target/lambda/pre-sign-up/\n";
        *text = text.replace(own, &format!("{own}      AutoPublishAlias: live\n"));
    };
    let with = Aws::start_with(bend, emulator::dynamodb::Storage::Memory).await;
    let found = lambda(&with, "GET", alias, Value::Null).await.json();
    assert!(
        found["AliasArn"]
            .as_str()
            .unwrap()
            .ends_with("example-PreSignUpFunction:live")
    );
}

#[tokio::test]
async fn nobody_without_a_grant_reads_or_changes_a_policy() {
    let aws = Aws::start().await;
    let vendor = aws.vendor();
    let answer = aws
        .call(&vendor, "lambda", ("POST", POLICY), "", &cognito("mine"))
        .await;
    assert_eq!(answer.json()["__type"], "AccessDeniedException");
    let url = format!("{}{POLICY}", aws.stack.aws_url);
    let unsigned = emulator::http_client::send("GET", &url, &[], "");
    assert_eq!(
        unsigned.await.unwrap().json()["__type"],
        "MissingAuthenticationTokenException"
    );
}
