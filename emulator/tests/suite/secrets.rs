//! Secrets as functions read them: by name and stage, and only by whom a role lets.

use emulator::http_client::Answer;
use serde_json::{Value, json};

use crate::support::{Aws, admin};

const POST: (&str, &str) = ("POST", "/");

async fn as_admin(aws: &Aws, operation: &str, body: Value) -> Answer {
    let target = format!("secretsmanager.{operation}");
    aws.call(&admin(), "secretsmanager", POST, &target, &body)
        .await
}

async fn value(aws: &Aws, body: Value) -> Value {
    as_admin(aws, "GetSecretValue", body).await.json()["SecretString"].clone()
}

#[tokio::test]
async fn a_rotated_secret_has_a_current_and_a_previous_value() {
    let aws = Aws::start().await;
    let made = as_admin(
        &aws,
        "CreateSecret",
        json!({ "Name": "pepper", "SecretString": "one" }),
    );
    let arn = made.await.json()["ARN"].clone();
    let rotated = json!({ "SecretId": "pepper", "SecretString": "two" });
    as_admin(&aws, "PutSecretValue", rotated).await;
    assert_eq!(value(&aws, json!({ "SecretId": "pepper" })).await, "two");
    assert_eq!(value(&aws, json!({ "SecretId": arn })).await, "two");
    let previous = json!({ "SecretId": "pepper", "VersionStage": "AWSPREVIOUS" });
    assert_eq!(value(&aws, previous).await, "one");
}

#[tokio::test]
async fn a_secret_without_a_previous_version_says_so() {
    let aws = Aws::start().await;
    as_admin(
        &aws,
        "CreateSecret",
        json!({ "Name": "pepper", "SecretString": "one" }),
    )
    .await;
    let previous = json!({ "SecretId": "pepper", "VersionStage": "AWSPREVIOUS" });
    let answer = as_admin(&aws, "GetSecretValue", previous).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["__type"], "ResourceNotFoundException");
}

#[tokio::test]
async fn a_generated_secret_is_what_the_template_resolves_it_to() {
    let secret = "  Key:\n    Type: AWS::SecretsManager::Secret\n    Properties: { GenerateSecretString: {} }\n";
    let bend = |text: &mut String| {
        *text = text
            .replace("Resources:\n", &format!("Resources:\n{secret}"))
            .replace(
                "'{{resolve:secretsmanager:example/log:SecretString:key}}'",
                "!Sub '{{resolve:secretsmanager:${Key}:SecretString}}'",
            );
    };
    let aws = Aws::start_with(bend, emulator::dynamodb::Storage::Memory).await;
    let in_environment = &aws.template.functions()[0].environment["LOG_KEY"];
    assert_eq!(
        value(&aws, json!({ "SecretId": "example-Key" })).await,
        *in_environment
    );
}

#[tokio::test]
async fn a_role_reads_no_secret_that_it_is_not_granted() {
    let aws = Aws::start().await;
    as_admin(
        &aws,
        "CreateSecret",
        json!({ "Name": "pepper", "SecretString": "one" }),
    )
    .await;
    let body = json!({ "SecretId": "pepper" });
    let target = "secretsmanager.GetSecretValue";
    let answer = aws
        .call(&aws.vendor(), "secretsmanager", POST, target, &body)
        .await;
    assert_eq!(answer.json()["__type"], "AccessDeniedException");
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_reported_as_unknown() {
    let aws = Aws::start().await;
    let answer = as_admin(&aws, "RotateSecret", json!({})).await;
    assert_eq!(answer.json()["__type"], "UnknownOperationException");
}
