//! Queues and event buses, as a consumer and an observer use them.

use emulator::{dynamodb::Storage, http_client::Answer};
use serde_json::{Value, json};

use crate::support::{Aws, admin};

const POST: (&str, &str) = ("POST", "/");
const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/example-Jobs";

async fn start() -> Aws {
    let resources = "Resources:\n  Jobs: { Type: AWS::SQS::Queue }\n  Bus: { Type: AWS::Events::EventBus, Properties: { Name: example } }\n";
    let bend = |text: &mut String| *text = text.replace("Resources:\n", resources);
    Aws::start_with(bend, Storage::Memory).await
}

async fn sqs(aws: &Aws, operation: &str, body: Value) -> Answer {
    let target = format!("AmazonSQS.{operation}");
    aws.call(&admin(), "sqs", POST, &target, &body).await
}

async fn received(aws: &Aws) -> Value {
    let answer = sqs(aws, "ReceiveMessage", json!({ "QueueUrl": QUEUE })).await;
    answer.json()["Messages"].clone()
}

#[tokio::test]
async fn a_message_comes_again_until_it_is_deleted() {
    let aws = start().await;
    let sent = json!({ "QueueUrl": QUEUE, "MessageBody": "hello" });
    let sent = sqs(&aws, "SendMessage", sent).await.json();
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(received(&aws).await[0]["Body"], "hello");
    assert_eq!(received(&aws).await, json!([]));
    aws.advance(30);
    let again = received(&aws).await;
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "2");
    let delete = json!({ "QueueUrl": QUEUE, "ReceiptHandle": again[0]["ReceiptHandle"] });
    assert_eq!(sqs(&aws, "DeleteMessage", delete).await.status, 200);
    aws.advance(30);
    assert_eq!(received(&aws).await, json!([]));
    assert!(aws.stack.sqs.bodies("example-Jobs").is_empty());
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named_so() {
    let aws = start().await;
    let sent = json!({ "QueueUrl": "https://x/1/none", "MessageBody": "hello" });
    let refused = sqs(&aws, "SendMessage", sent).await.json();
    assert_eq!(refused["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
}

#[tokio::test]
async fn a_bus_records_good_entries_and_names_the_others() {
    let aws = start().await;
    let good = json!({ "EventBusName": "example", "Source": "s", "DetailType": "t", "Detail": "{\"n\":1}" });
    let entries = json!({ "Entries": [
        good,
        { "EventBusName": "example", "Source": "s", "DetailType": "t", "Detail": "{" },
        { "EventBusName": "none", "Source": "s", "DetailType": "t", "Detail": "{}" },
    ]});
    let answer = aws
        .call(&admin(), "events", POST, "AWSEvents.PutEvents", &entries)
        .await
        .json();
    assert_eq!(answer["FailedEntryCount"], 2);
    assert_eq!(answer["Entries"][1]["ErrorCode"], "MalformedDetail");
    let recorded = aws.stack.events.recorded();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].detail, json!({ "n": 1 }));
}

#[tokio::test]
async fn a_role_that_may_not_put_events_leaves_no_trace() {
    let aws = start().await;
    let entries = json!({ "Entries": [{ "Source": "s", "DetailType": "t", "Detail": "{}" }] });
    let answer = aws
        .call(
            &aws.vendor(),
            "events",
            POST,
            "AWSEvents.PutEvents",
            &entries,
        )
        .await;
    assert_eq!(answer.json()["__type"], "AccessDeniedException");
    assert!(aws.stack.events.recorded().is_empty());
}
