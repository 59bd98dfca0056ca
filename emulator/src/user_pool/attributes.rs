//! User attributes: names and text, within the pool's schema.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::iam::JsonError;

/// The standard attributes (developer guide, "Working with user attributes") that a request may
/// set, with the two that only an administrator or a trigger may.
pub(super) const STANDARD: [&str; 20] = [
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
    "identities",
];

/// Whether every pool has this attribute.
pub(super) fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name)
}

/// The longest value (developer guide, "User pool attributes"), in characters.
const MAX_LENGTH: usize = 2048;

/// `AttributeType` of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    name: String,
    #[serde(default)]
    value: String,
}

/// Attributes that conform to the schema.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Attributes(BTreeMap<String, String>);

impl Attributes {
    pub(super) fn from_request(
        settings: &Settings,
        list: Vec<Attribute>,
    ) -> Result<Self, JsonError> {
        Self::conforming(
            settings,
            list.into_iter()
                .map(|attribute| (attribute.name, attribute.value)),
        )
    }

    /// Of a trigger's answer, where flags may be booleans.
    pub(super) fn from_response(
        settings: &Settings,
        map: Map<String, Value>,
    ) -> Result<Self, JsonError> {
        let mut list = Vec::with_capacity(map.len());
        for (name, value) in map {
            match value {
                Value::Null => {}
                Value::String(text) => list.push((name, text)),
                Value::Bool(_) | Value::Number(_) => list.push((name, value.to_string())),
                Value::Array(_) | Value::Object(_) => {
                    return Err(JsonError::new(
                        "InvalidLambdaResponseException",
                        "Unrecognizable lambda output",
                    ));
                }
            }
        }
        Self::conforming(settings, list.into_iter())
    }

    fn conforming(
        settings: &Settings,
        list: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, JsonError> {
        let mut attributes = BTreeMap::new();
        for (name, value) in list {
            let known = is_standard(&name) || settings.custom_attributes.contains(&name);
            let phone = name != "phone_number"
                || value.strip_prefix('+').is_some_and(|digits| {
                    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
                });
            let refuse = |reason: &str| {
                let message =
                    format!("Attributes did not conform to the schema: {name}: {reason}\n");
                Err(JsonError::invalid_parameter(message))
            };
            // Neither is `sub`: only the pool itself gives one.
            if !known {
                return refuse("Attribute does not exist in the schema.");
            }
            if value.chars().count() > MAX_LENGTH {
                return refuse("String length exceeds the maximum.");
            }
            if !phone {
                return Err(JsonError::invalid_parameter("Invalid phone number format."));
            }
            if name == "email" && !value.contains('@') {
                return Err(JsonError::invalid_parameter(
                    "Invalid email address format.",
                ));
            }
            attributes.insert(name, value);
        }
        Ok(Self(attributes))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.into(), value.into());
    }

    pub(super) fn set_if_absent(&mut self, name: &str, value: &str) {
        self.0.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Whether both have the attribute, with the same value but for case.
    pub(super) fn same(&self, name: &str, other: &Self) -> bool {
        let values = self.get(name).zip(other.get(name));
        values.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn to_map(&self) -> Map<String, Value> {
        self.iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}
