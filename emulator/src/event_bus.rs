//! EventBridge as a recorder: PutEvents is authorised, checked and remembered; no rule matches anything
//! (awsJson1.1, `X-Amz-Target: AWSEvents.*`).
//!
//! Source: EventBridge API reference, PutEvents.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    iam::{Iam, JsonError, json_response},
    random,
};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "AWSEvents.";

/// The most entries of one request.
const MAX_ENTRIES: usize = 10;

/// The buses of one account and Region.
pub struct EventBus {
    iam: Arc<Iam>,
    names: Vec<String>,
    recorded: Mutex<Vec<Event>>,
}

/// An event that was put.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The name of the bus.
    pub bus: String,
    /// `Source`.
    pub source: String,
    /// `DetailType`.
    pub detail_type: String,
    /// `Detail`, parsed.
    pub detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    event_bus_name: Option<String>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
}

impl EventBus {
    /// The default bus, and the buses of these names.
    pub fn new(iam: Arc<Iam>, names: impl IntoIterator<Item = String>) -> Self {
        Self {
            iam,
            names: names.into_iter().chain(["default".to_owned()]).collect(),
            recorded: Mutex::default(),
        }
    }

    /// Every event so far, oldest first.
    pub fn recorded(&self) -> Vec<Event> {
        self.events().clone()
    }

    /// Answers one request.
    pub async fn handle(&self, headers: &HeaderMap, body: Bytes) -> Response {
        match self.dispatch(headers, &body) {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

    fn dispatch(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, JsonError> {
        let target = headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.strip_prefix(TARGET_PREFIX)) {
            Some("PutEvents") => self.put_events(headers, body),
            operation => Err(JsonError::unknown_operation(operation.unwrap_or_default())),
        }
    }

    fn put_events(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, JsonError> {
        let request: PutEvents = serde_json::from_slice(body)
            .map_err(|error| JsonError::new("ValidationException", error.to_string()))?;
        if request.entries.is_empty() || request.entries.len() > MAX_ENTRIES {
            let message = format!("expected 1 to {MAX_ENTRIES} entries");
            return Err(JsonError::new("ValidationException", message));
        }
        for entry in &request.entries {
            let bus = format!("event-bus/{}", entry.bus());
            let resource = self.iam.place().arn("events", &bus);
            self.iam
                .admit(headers, body, "events:PutEvents", &resource)?;
        }
        let mut failed = 0;
        let mut entries = Vec::new();
        for entry in request.entries {
            match self.record(entry) {
                Ok(id) => entries.push(json!({ "EventId": id })),
                Err(error) => {
                    failed += 1;
                    entries.push(json!({
                        "ErrorCode": error.code,
                        "ErrorMessage": error.message,
                    }));
                }
            }
        }
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }

    fn record(&self, entry: Entry) -> Result<String, JsonError> {
        let bus = entry.bus().to_owned();
        if !self.names.contains(&bus) {
            let message = format!("Event bus {bus} does not exist.");
            return Err(JsonError::new("ResourceNotFoundException", message));
        }
        let missing = |member| {
            let message = format!(
                "Parameter {member} is not valid. Reason: {member} is a required argument."
            );
            JsonError::new("InvalidArgument", message)
        };
        let detail = entry.detail.ok_or_else(|| missing("Detail"))?;
        let detail = serde_json::from_str(&detail)
            .map_err(|_| JsonError::new("MalformedDetail", "Detail is malformed."))?;
        let event = Event {
            bus,
            source: entry.source.ok_or_else(|| missing("Source"))?,
            detail_type: entry.detail_type.ok_or_else(|| missing("DetailType"))?,
            detail,
        };
        let id = random::uuid()?;
        self.events().push(event);
        Ok(id)
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// The bus's name, which may be given as an ARN.
    fn bus(&self) -> &str {
        let name = self.event_bus_name.as_deref().unwrap_or("default");
        name.rsplit_once("event-bus/")
            .map_or(name, |(_, name)| name)
    }
}
