//! `AuthParameters` and `ChallengeResponses`: text by name.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::iam::JsonError;

/// Neither printable nor serialisable: passwords are among the values.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn required(&self, name: &str) -> Result<&str, JsonError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            JsonError::invalid_parameter(format!("Missing required parameter {name}"))
        })
    }
}
