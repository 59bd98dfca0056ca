//! SQS as far as one consumer needs it: send, receive, delete, and how many messages there are
//! (awsJson1.0, `X-Amz-Target: AmazonSQS.*`). Standard queues; no long polling, and redrive where a stack polls.
//!
//! Source: Amazon SQS API reference; "AWS JSON protocol" in its developer guide.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use md5::{Digest, Md5};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    iam::{Iam, JsonError, json_response},
    random,
};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "AmazonSQS.";

/// Seconds for which a received message is hidden unless the request says otherwise.
const VISIBILITY_TIMEOUT: u64 = 30;
/// The most messages of one answer.
const MAX_RECEIVED: usize = 10;

/// The queues of a template, and those that a test makes.
pub struct Sqs {
    iam: Arc<Iam>,
    /// By name.
    queues: Mutex<BTreeMap<String, Vec<Message>>>,
}

struct Message {
    id: String,
    body: String,
    sent_at: u64,
    /// Seconds since 1970.
    visible_at: u64,
    /// Of the last time that it was received.
    receipt: Option<String>,
    receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    queue_url: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueName {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Queue {
    queue_url: String,
}

impl Sqs {
    /// Empty queues of these names.
    pub fn new(iam: Arc<Iam>, names: impl IntoIterator<Item = String>) -> Self {
        let queues = names.into_iter().map(|name| (name, Vec::new())).collect();
        Self {
            iam,
            queues: Mutex::new(queues),
        }
    }

    /// The bodies of a queue's messages, oldest first, whether visible or not; none for no queue.
    pub fn bodies(&self, name: &str) -> Vec<String> {
        let queues = self.queues();
        let messages = queues.get(name).into_iter().flatten();
        messages.map(|message| message.body.clone()).collect()
    }

    /// Sends a message for a service that asked IAM itself.
    ///
    /// # Errors
    /// There is no such queue, or the operating system gives no random bytes.
    pub(crate) fn put(&self, name: &str, body: String) -> Result<(), JsonError> {
        let sent = self.send(SendMessage {
            queue_url: name.to_owned(),
            message_body: body,
            delay_seconds: 0,
        });
        sent.map(drop)
    }

    /// One message that can be seen, as ReceiveMessage tells of it, for a service that asked IAM itself.
    ///
    /// # Errors
    /// There is no such queue, or the operating system gives no random bytes.
    pub(crate) fn take(&self, name: &str) -> Result<Option<Value>, JsonError> {
        let mut received = self.receive(&ReceiveMessage {
            queue_url: name.to_owned(),
            max_number_of_messages: Some(1),
            visibility_timeout: None,
        })?;
        Ok(received.pointer_mut("/Messages/0").map(Value::take))
    }

    /// Deletes a message for such a service.
    ///
    /// # Errors
    /// There is no such queue.
    pub(crate) fn remove(&self, name: &str, receipt: &str) -> Result<(), JsonError> {
        let deleted = self.delete(&DeleteMessage {
            queue_url: name.to_owned(),
            receipt_handle: receipt.to_owned(),
        });
        deleted.map(drop)
    }

    /// Moves the messages that can be seen and were received so often to another queue.
    ///
    /// # Errors
    /// There is no such queue.
    pub(crate) fn redrive(&self, name: &str, to: &str, most: u64) -> Result<(), JsonError> {
        let now = self.iam.now();
        let mut queues = self.queues();
        let queue = queues.get_mut(name).ok_or_else(no_queue)?;
        let is_dead = |message: &mut Message| {
            message.visible_at <= now && u64::from(message.receive_count) >= most
        };
        let dead: Vec<Message> = queue.extract_if(.., is_dead).collect();
        queues.get_mut(to).ok_or_else(no_queue)?.extend(dead);
        Ok(())
    }

    /// Shows the messages that a receiver hides, as if its time were up.
    pub fn show(&self, name: &str) {
        let mut queues = self.queues();
        for message in queues.get_mut(name).into_iter().flatten() {
            message.visible_at = 0;
        }
    }

    /// Answers one request.
    pub async fn handle(&self, headers: &HeaderMap, body: Bytes) -> Response {
        match self.dispatch(headers, &body) {
            Ok(answer) => json_response(StatusCode::OK, "1.0", &answer),
            Err(error) => error.into_response("1.0"),
        }
    }

    fn dispatch(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, JsonError> {
        let target = headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
        let operation = operation.unwrap_or_default();
        let admit = |name: &str| {
            let resource = self.iam.place().arn("sqs", name);
            self.iam
                .admit(headers, body, &format!("sqs:{operation}"), &resource)
        };
        match operation {
            "SendMessage" => {
                let request: SendMessage = read(body)?;
                admit(name_of(&request.queue_url))?;
                self.send(request)
            }
            "ReceiveMessage" => {
                let request: ReceiveMessage = read(body)?;
                admit(name_of(&request.queue_url))?;
                self.receive(&request)
            }
            "DeleteMessage" => {
                let request: DeleteMessage = read(body)?;
                admit(name_of(&request.queue_url))?;
                self.delete(&request)
            }
            "GetQueueUrl" => {
                let request: QueueName = read(body)?;
                admit(&request.queue_name)?;
                self.queues()
                    .get(&request.queue_name)
                    .ok_or_else(no_queue)?;
                Ok(json!({ "QueueUrl": self.iam.place().queue_url(&request.queue_name) }))
            }
            "GetQueueAttributes" => {
                let request: Queue = read(body)?;
                admit(name_of(&request.queue_url))?;
                self.attributes(name_of(&request.queue_url))
            }
            other => Err(JsonError::unknown_operation(other)),
        }
    }

    fn send(&self, request: SendMessage) -> Result<Value, JsonError> {
        let now = self.iam.now();
        let id = random::uuid()?;
        let mut queues = self.queues();
        let queue = queues
            .get_mut(name_of(&request.queue_url))
            .ok_or_else(no_queue)?;
        let answer = json!({ "MessageId": id, "MD5OfMessageBody": md5(&request.message_body) });
        queue.push(Message {
            id,
            body: request.message_body,
            sent_at: now,
            visible_at: now.saturating_add(request.delay_seconds),
            receipt: None,
            receive_count: 0,
        });
        Ok(answer)
    }

    fn receive(&self, request: &ReceiveMessage) -> Result<Value, JsonError> {
        let now = self.iam.now();
        let limit = request.max_number_of_messages.unwrap_or(1);
        let hidden = request.visibility_timeout.unwrap_or(VISIBILITY_TIMEOUT);
        let mut queues = self.queues();
        let queue = queues
            .get_mut(name_of(&request.queue_url))
            .ok_or_else(no_queue)?;
        let visible = queue
            .iter_mut()
            .filter(|message| message.visible_at <= now)
            .take(limit.clamp(1, MAX_RECEIVED));
        let mut received = Vec::new();
        for message in visible {
            let receipt = random::token()?;
            message.visible_at = now.saturating_add(hidden);
            message.receive_count += 1;
            received.push(json!({
                "MessageId": message.id,
                "ReceiptHandle": receipt,
                "Body": message.body,
                "MD5OfBody": md5(&message.body),
                "Attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": message.sent_at.saturating_mul(1000).to_string(),
                },
            }));
            message.receipt = Some(receipt);
        }
        Ok(json!({ "Messages": received }))
    }

    /// A message that is gone already is deleted all the same, as in AWS.
    fn delete(&self, request: &DeleteMessage) -> Result<Value, JsonError> {
        let mut queues = self.queues();
        let queue = queues
            .get_mut(name_of(&request.queue_url))
            .ok_or_else(no_queue)?;
        queue.retain(|message| message.receipt.as_ref() != Some(&request.receipt_handle));
        Ok(json!({}))
    }

    fn attributes(&self, name: &str) -> Result<Value, JsonError> {
        let now = self.iam.now();
        let queues = self.queues();
        let queue = queues.get(name).ok_or_else(no_queue)?;
        let visible = queue.iter().filter(|message| message.visible_at <= now);
        let visible = visible.count();
        Ok(json!({ "Attributes": {
            "QueueArn": self.iam.place().arn("sqs", name),
            "ApproximateNumberOfMessages": visible.to_string(),
            "ApproximateNumberOfMessagesNotVisible": (queue.len() - visible).to_string(),
        }}))
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Message>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last part of a queue's URL.
fn name_of(queue_url: &str) -> &str {
    queue_url.rsplit('/').next().unwrap_or(queue_url)
}

fn md5(text: &str) -> String {
    base16ct::lower::encode_string(&Md5::digest(text))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(body)
        .map_err(|error| JsonError::new("InvalidParameterValue", error.to_string()))
}

fn no_queue() -> JsonError {
    JsonError::new(
        "com.amazonaws.sqs#QueueDoesNotExist",
        "The specified queue does not exist.",
    )
}
