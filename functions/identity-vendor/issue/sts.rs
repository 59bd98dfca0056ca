//! Temporary credentials, by a Cognito token or by the vendor's own role.

use std::collections::BTreeMap;

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_sts::{Client, config::Builder, types::Tag};
use secrecy::{ExposeSecret, SecretString};
use shared::{
    aws::{Ahead, ServiceError, timeouts},
    deadline::Deadline,
    policy::Name,
    vending::ROLE_TAG,
};
use time::OffsetDateTime;

use super::OpenIdToken;
use crate::role_arn::RoleArn;

const BY_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
const DIRECTLY: &str = "sts:AssumeRole";

/// The Security Token Service.
pub(crate) struct Sts {
    client: Client,
}

/// The session that is asked for.
pub(crate) struct Session<'a> {
    pub(crate) role_arn: &'a RoleArn,
    pub(crate) name: SessionName,
    pub(crate) seconds: u32,
    /// What narrows the role.
    pub(crate) policy: Option<&'a str>,
}

/// A session that the vendor's own role begins: what a Cognito token would carry is asked for.
pub(crate) struct SourcedSession<'a> {
    pub(crate) session: Session<'a>,
    /// The role's alias, which its trust policy asks for.
    pub(crate) alias: &'a Name,
    /// What the session carries beside the alias.
    pub(crate) tags: &'a BTreeMap<String, String>,
    /// Those of the tags that go on to further roles.
    pub(crate) transitive: Vec<&'a str>,
    pub(crate) source_identity: Option<&'a str>,
}

/// A `RoleSessionName`, by which CloudTrail entries are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionName(String);

/// Credentials of a role session.
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    pub(crate) session_token: SecretString,
    pub(crate) expiration: OffsetDateTime,
}

impl Sts {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let client = Client::new(config);
        Self { client }
    }

    /// Opens a connection to STS.
    pub(super) async fn open(&self, ahead: &Ahead, deadline: Deadline) {
        let call = Builder::new()
            .http_client(ahead.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(deadline));
        let _ = self
            .client
            .get_caller_identity()
            .customize()
            .config_override(call)
            .send()
            .await;
    }

    /// Credentials for the identity that `token` names.
    pub(crate) async fn assume(
        &self,
        session: &Session<'_>,
        token: &OpenIdToken,
        deadline: Deadline,
    ) -> Result<Credentials, ServiceError> {
        let output = self
            .client
            .assume_role_with_web_identity()
            .role_arn(session.role_arn.as_str())
            .role_session_name(session.name.as_str())
            .web_identity_token(token.token.expose_secret())
            .duration_seconds(session.duration())
            .set_policy(session.policy.map(str::to_owned))
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await
            .map_err(|error| ServiceError::new(BY_WEB_IDENTITY, &error))?;
        read(output.credentials, BY_WEB_IDENTITY)
    }

    /// Credentials by the vendor's own role, which the role at `session.role_arn` trusts.
    pub(crate) async fn assume_directly(
        &self,
        sourced: &SourcedSession<'_>,
        deadline: Deadline,
    ) -> Result<Credentials, ServiceError> {
        let session = &sourced.session;
        // Last, so that nothing stands in its place.
        let bound = [(ROLE_TAG, sourced.alias.as_str())];
        let tags = sourced.tags.iter();
        let tags = tags.map(|(key, value)| (key.as_str(), value.as_str()));
        let tags = tags.filter(|(key, _)| *key != ROLE_TAG).chain(bound);
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags: Vec<Tag> = tags
            .collect::<Result<_, _>>()
            .map_err(|_| ServiceError::incomplete(DIRECTLY))?;
        let transitive: Vec<String> = sourced
            .transitive
            .iter()
            .map(|&key| key.to_owned())
            .collect();
        let output = self
            .client
            .assume_role()
            .role_arn(session.role_arn.as_str())
            .role_session_name(session.name.as_str())
            .duration_seconds(session.duration())
            .set_policy(session.policy.map(str::to_owned))
            .set_tags(Some(tags))
            .set_transitive_tag_keys((!transitive.is_empty()).then_some(transitive))
            .set_source_identity(sourced.source_identity.map(str::to_owned))
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await
            .map_err(|error| ServiceError::new(DIRECTLY, &error))?;
        read(output.credentials, DIRECTLY)
    }
}

impl Session<'_> {
    fn duration(&self) -> i32 {
        i32::try_from(self.seconds).unwrap_or(i32::MAX)
    }
}

fn read(
    credentials: Option<aws_sdk_sts::types::Credentials>,
    operation: &'static str,
) -> Result<Credentials, ServiceError> {
    let incomplete = || ServiceError::incomplete(operation);
    let credentials = credentials.ok_or_else(incomplete)?;
    let expiration = OffsetDateTime::from_unix_timestamp(credentials.expiration.secs());
    Ok(Credentials {
        access_key_id: credentials.access_key_id,
        secret_access_key: SecretString::from(credentials.secret_access_key),
        session_token: SecretString::from(credentials.session_token),
        expiration: expiration.map_err(|_| incomplete())?,
    })
}

impl SessionName {
    /// Of an id that says nothing about the person: CloudTrail shows it, and so does every error that AWS gives the
    /// holder. An IdentityId's `:` is not among the characters of a `RoleSessionName`, `[\w+=,.@-]{2,64}` (AWS STS
    /// API reference, AssumeRoleWithWebIdentity).
    pub(crate) fn of(id: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let mapped = id.chars().map(|c| if fits(c) { c } else { '.' });
        Self(mapped.take(64).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_the_identity_in_the_characters_of_sts() {
        let id = "us-east-1:11111111-2222-4333-8444-555555555555";
        assert_eq!(
            SessionName::of(id).as_str(),
            "us-east-1.11111111-2222-4333-8444-555555555555"
        );
        assert_eq!(SessionName::of(&"é".repeat(100)).as_str(), ".".repeat(64));
    }
}
