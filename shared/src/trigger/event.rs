//! A trigger event: read where we must, kept to the letter where we need not.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use super::{object::RawObject, source::TriggerSource};

/// An event as Cognito sent it. Only [`TriggerEvent::with_response`] changes anything, and only in
/// `response`; whatever we do not know passes through in its exact text and order.
pub struct TriggerEvent {
    object: RawObject,
    common: Common,
}

/// Who called the Cognito API that fired the trigger. Everything may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CallerContext {
    /// The SDK that called.
    pub aws_sdk_version: Option<String>,
    /// The app client; null where an administrator's call has none.
    pub client_id: Option<String>,
}

/// An event that lacks what every trigger needs. Names the field, never shows its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct MalformedEvent {
    /// Path of the field, from `event`.
    pub field: String,
    /// What should have stood there.
    pub expected: &'static str,
}

impl MalformedEvent {
    /// `event.<path>: expected <expected>`; an empty path is the event itself.
    pub fn new(path: &str, expected: &'static str) -> Self {
        let separator = if path.is_empty() { "" } else { "." };
        let field = format!("event{separator}{path}");
        Self { field, expected }
    }
}

struct Common {
    source: String,
    user_pool_id: Option<String>,
    user_name: Option<String>,
    caller: CallerContext,
}

impl TriggerEvent {
    /// Reads the common fields.
    ///
    /// # Errors
    /// When the text is no JSON object, or has no `triggerSource`. All else is asked for when needed.
    pub fn parse(raw: &RawValue) -> Result<Self, MalformedEvent> {
        let object: RawObject = serde_json::from_str(raw.get())
            .map_err(|_| MalformedEvent::new("", "a JSON object"))?;
        let text = |key| object.get(key).and_then(lenient::<String>);
        let common = Common {
            source: text("triggerSource")
                .ok_or_else(|| MalformedEvent::new("triggerSource", "a string"))?,
            user_pool_id: text("userPoolId"),
            user_name: text("userName"),
            caller: object
                .get("callerContext")
                .and_then(lenient)
                .unwrap_or_default(),
        };
        Ok(Self { object, common })
    }

    /// `triggerSource`.
    pub fn source(&self) -> TriggerSource<'_> {
        TriggerSource::new(&self.common.source)
    }

    /// `userPoolId`.
    ///
    /// # Errors
    /// When it is absent, empty or no string.
    pub fn user_pool_id(&self) -> Result<&str, MalformedEvent> {
        non_empty(&self.common.user_pool_id)
            .ok_or_else(|| MalformedEvent::new("userPoolId", "a non-empty string"))
    }

    /// `userName`.
    ///
    /// # Errors
    /// When it is absent, empty or no string.
    pub fn user_name(&self) -> Result<&str, MalformedEvent> {
        non_empty(&self.common.user_name)
            .ok_or_else(|| MalformedEvent::new("userName", "a non-empty string"))
    }

    /// `callerContext`, empty where it is absent.
    pub fn caller(&self) -> &CallerContext {
        &self.common.caller
    }

    /// `request`, as the trigger's own type.
    ///
    /// # Errors
    /// When it is absent or does not fit. The reason that serde gives may quote a value (a password,
    /// say), so it is dropped.
    pub fn request<R: DeserializeOwned>(&self) -> Result<R, MalformedEvent> {
        self.object
            .get("request")
            .and_then(lenient)
            .ok_or_else(|| MalformedEvent::new("request", "an object with this trigger's fields"))
    }

    /// The event with the fields of `changes` set in its `response`; every other field of `response`
    /// stays.
    ///
    /// # Errors
    /// When `changes` does not serialise as an object.
    pub fn with_response(&self, changes: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
        let changes: RawObject = serde_json::from_str(to_raw_value(changes)?.get())?;
        let mut response: RawObject = self
            .object
            .get("response")
            .and_then(lenient)
            .unwrap_or_default();
        for (key, value) in changes.into_members() {
            response.set(&key, value);
        }
        let mut object = self.object.clone();
        object.set("response", to_raw_value(&response)?);
        to_raw_value(&object)
    }
}

/// The value, or `None` where it does not fit.
fn lenient<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn non_empty(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(text: &str) -> Result<TriggerEvent, MalformedEvent> {
        TriggerEvent::parse(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn only_response_changes_and_the_rest_keeps_its_text() {
        let text = r#"{"z":1e400000,"triggerSource":"X_Y", "a":{"b":[1.10, "é\u0000"]},
            "response":{"new":{"deep":[]},"autoConfirmUser":false},"userName":null}"#;
        let changed = event(text)
            .unwrap()
            .with_response(&json!({"autoConfirmUser": true}))
            .unwrap();
        assert_eq!(
            changed.get(),
            r#"{"z":1e400000,"triggerSource":"X_Y","a":{"b":[1.10, "é\u0000"]},"response":{"new":{"deep":[]},"autoConfirmUser":true},"userName":null}"#
        );
    }

    #[test]
    fn a_missing_or_null_response_becomes_an_object() {
        for text in [
            r#"{"triggerSource":"X"}"#,
            r#"{"triggerSource":"X","response":null}"#,
        ] {
            let changed = event(text)
                .unwrap()
                .with_response(&json!({"a": 1}))
                .unwrap();
            assert_eq!(changed.get(), r#"{"triggerSource":"X","response":{"a":1}}"#);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |text| event(text).err().unwrap().to_string();
        assert_eq!(error("[]"), "event: expected a JSON object");
        assert_eq!(error("{}"), "event.triggerSource: expected a string");
        assert_eq!(
            error(r#"{"triggerSource":7}"#),
            "event.triggerSource: expected a string"
        );
        let event = event(r#"{"triggerSource":"X","userName":""}"#).unwrap();
        assert!(event.user_name().is_err() && event.user_pool_id().is_err());
    }

    #[test]
    fn a_request_that_does_not_fit_is_refused_without_its_content() {
        #[derive(Debug, Deserialize)]
        struct Strict {
            #[allow(dead_code)]
            password: u8,
        }
        let event = event(r#"{"triggerSource":"X","request":{"password":"canary"}}"#).unwrap();
        let error = event.request::<Strict>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
