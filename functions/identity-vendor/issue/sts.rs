//! Temporary credentials, by the Cognito token.

use aws_config::SdkConfig;
use aws_sdk_sts::{Client, config::Builder};
use secrecy::{ExposeSecret, SecretString};
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
};
use time::OffsetDateTime;

use super::OpenIdToken;
use crate::role_arn::RoleArn;

const OPERATION: &str = "sts:AssumeRoleWithWebIdentity";

/// The Security Token Service.
pub(crate) struct Sts {
    client: Client,
}

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

    /// Credentials of the role at `role_arn` for the identity that `token` names, for `seconds`.
    pub(crate) async fn assume(
        &self,
        role_arn: &RoleArn,
        token: &OpenIdToken,
        seconds: u32,
        session_policy: Option<&str>,
        deadline: Deadline,
    ) -> Result<Credentials, ServiceError> {
        let output = self
            .client
            .assume_role_with_web_identity()
            .role_arn(role_arn.as_str())
            .role_session_name(session_name(&token.identity_id))
            .web_identity_token(token.token.expose_secret())
            .duration_seconds(i32::try_from(seconds).unwrap_or(i32::MAX))
            .set_policy(session_policy.map(str::to_owned))
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await
            .map_err(|error| ServiceError::new(OPERATION, &error))?;
        let incomplete = || ServiceError::incomplete(OPERATION);
        let credentials = output.credentials.ok_or_else(incomplete)?;
        let expiration = OffsetDateTime::from_unix_timestamp(credentials.expiration.secs());
        Ok(Credentials {
            access_key_id: credentials.access_key_id,
            secret_access_key: SecretString::from(credentials.secret_access_key),
            session_token: SecretString::from(credentials.session_token),
            expiration: expiration.map_err(|_| incomplete())?,
        })
    }
}

/// The identity's id, by which CloudTrail entries are found: its `:` is not among the characters of a
/// `RoleSessionName`, `[\w+=,.@-]{2,64}` (AWS STS API reference, AssumeRoleWithWebIdentity).
fn session_name(identity_id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let mapped = identity_id.chars().map(|c| if fits(c) { c } else { '.' });
    mapped.take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_the_identity_in_the_characters_of_sts() {
        let id = "us-east-1:11111111-2222-4333-8444-555555555555";
        assert_eq!(
            session_name(id),
            "us-east-1.11111111-2222-4333-8444-555555555555"
        );
        assert_eq!(session_name(&"é".repeat(100)), ".".repeat(64));
    }
}
