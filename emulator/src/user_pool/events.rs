//! What the events of the triggers carry.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    UserPool,
    attributes::Attributes,
    trigger::{Call, Source},
};
use crate::iam::JsonError;

/// `ClientMetadata`, passed to triggers as it came.
pub(super) type Metadata = BTreeMap<String, String>;

/// Anything goes: the schema does not hold for validation data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ValidationDatum {
    name: String,
    value: Option<String>,
}

impl UserPool {
    /// The state has changed already: if the function fails, the caller sees its error and the user
    /// is confirmed all the same. That is how the service does it.
    pub(super) async fn tell_post_confirmation(
        &self,
        source: Source,
        username: &str,
        client_id: Option<&str>,
        client_metadata: Option<&Metadata>,
    ) -> Result<(), JsonError> {
        let user_attributes = match self.state().users.get(username) {
            Some(user) => user.event_attributes(&self.settings()),
            None => return Err(JsonError::user_not_found()),
        };
        let request = json!({ "userAttributes": user_attributes });
        let request = with_client_metadata(request, client_metadata);
        let response = json!({});
        self.call(Call {
            source,
            username,
            client_id,
            request,
            response,
        })
        .await?;
        Ok(())
    }
}

impl<'a> Call<'a> {
    /// The question whether this user may be made.
    pub(super) fn pre_sign_up(
        source: Source,
        username: &'a str,
        client_id: Option<&'a str>,
        attributes: &Attributes,
        validation_data: Option<Vec<ValidationDatum>>,
        client_metadata: Option<&Metadata>,
    ) -> Self {
        let validation_data: Option<Map<String, Value>> = validation_data.map(|data| {
            let pairs = data
                .into_iter()
                .map(|datum| (datum.name, json!(datum.value)));
            pairs.collect()
        });
        let request =
            json!({ "userAttributes": attributes.to_map(), "validationData": validation_data });
        Self {
            source,
            username,
            client_id,
            request: with_client_metadata(request, client_metadata),
            response: json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false }),
        }
    }
}

/// `clientMetadata` is there only if the caller sent some.
pub(super) fn with_client_metadata(mut request: Value, metadata: Option<&Metadata>) -> Value {
    if let (Some(request), Some(metadata)) = (request.as_object_mut(), metadata) {
        request.insert("clientMetadata".into(), json!(metadata));
    }
    request
}
