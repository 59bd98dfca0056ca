//! What Cognito Identity is asked, and the limits it holds requests to.
//!
//! Source: Amazon Cognito Federated Identities API reference, each operation's request parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::TagsClaim;
use crate::iam::JsonError;

/// GetOpenIdTokenForDeveloperIdentity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeveloperToken {
    pub(super) identity_pool_id: String,
    pub(super) identity_id: Option<String>,
    logins: BTreeMap<String, String>,
    #[serde(default)]
    principal_tags: BTreeMap<String, String>,
    token_duration: Option<i64>,
}

/// GetId.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewIdentity {
    pub(super) identity_pool_id: String,
    #[serde(default)]
    pub(super) logins: BTreeMap<String, String>,
}

/// GetOpenIdToken and GetCredentialsForIdentity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IdentityCall {
    pub(super) identity_id: String,
    #[serde(default)]
    pub(super) logins: BTreeMap<String, String>,
    pub(super) custom_role_arn: Option<String>,
}

/// LookupDeveloperIdentity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Lookup {
    pub(super) identity_pool_id: String,
    pub(super) identity_id: Option<String>,
    pub(super) developer_user_identifier: Option<String>,
}

/// DescribeIdentity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeveloperIdentity {
    pub(super) identity_id: String,
}

/// DeleteIdentities.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deletion {
    pub(super) identity_ids_to_delete: Vec<String>,
}

impl DeveloperToken {
    /// Seconds: 1 to 86 400, by default 900.
    pub(super) fn duration(&self) -> Result<u64, JsonError> {
        let seconds = u64::try_from(self.token_duration.unwrap_or(900)).unwrap_or(0);
        if (1..=86_400).contains(&seconds) {
            Ok(seconds)
        } else {
            Err(invalid("TokenDuration must be from 1 to 86400 seconds."))
        }
    }

    /// At most 50 tags, keys of 1 to 128 characters, values of 1 to 256.
    pub(super) fn tags(&self) -> Result<Option<TagsClaim>, JsonError> {
        let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        let mut tags = self.principal_tags.iter();
        if self.principal_tags.len() > 50
            || !tags.all(|(key, value)| fits(key, 128) && fits(value, 256))
        {
            return Err(invalid(
                "PrincipalTags must be at most 50, with keys of 1 to 128 and values of 1 to 256 characters.",
            ));
        }
        let principal_tags: BTreeMap<_, _> = self
            .principal_tags
            .iter()
            .map(|(key, value)| (key.clone(), vec![value.clone()]))
            .collect();
        Ok((!principal_tags.is_empty()).then_some(TagsClaim { principal_tags }))
    }

    /// The developer provider and its user. Real pools take up to ten logins, of which one is the
    /// developer's; here there is no other provider.
    pub(super) fn login(&self, provider: Option<&str>) -> Result<(&str, &str), JsonError> {
        if self.logins.len() > 10 {
            return Err(invalid("Logins must be at most 10."));
        }
        let mut logins = self.logins.iter();
        match (logins.next(), logins.next()) {
            (Some((name, user)), None) if Some(name.as_str()) == provider => {
                if (1..=1024).contains(&user.chars().count()) {
                    Ok((name, user))
                } else {
                    Err(invalid(
                        "A developer user identifier has 1 to 1024 characters.",
                    ))
                }
            }
            _ => Err(invalid(
                "Logins must name the developer provider of this identity pool.",
            )),
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))
}

pub(super) fn invalid(message: impl Into<String>) -> JsonError {
    JsonError::new("InvalidParameterException", message)
}

pub(super) fn not_authorized(message: impl Into<String>) -> JsonError {
    JsonError::new("NotAuthorizedException", message)
}

pub(super) fn not_found(what: &str, id: &str) -> JsonError {
    JsonError::new(
        "ResourceNotFoundException",
        format!("{what} '{id}' not found."),
    )
}
