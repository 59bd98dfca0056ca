//! Tokens that are good for one exchange, by their `jti` (RFC 7519, section 4.1.7).

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    types::AttributeValue::{N, S},
};
use serde_json::Value;
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{EphemeralKey, read_number},
    vending::Caller,
};
use time::OffsetDateTime;

use super::Repeats;
use crate::denial::{Denial, Denied};

/// Longest `jti` that is looked at, octets.
const MAX_JTI: usize = 512;
/// A token may be accepted for so long after its `exp`, seconds: the largest leeway that a policy can set.
const MAX_LEEWAY: u64 = 60;
/// No token is accepted when it is older, seconds: the largest age that a policy can set.
const MAX_AGE: u64 = 604_800;

/// The marks of used tokens, in the ephemeral table.
pub(crate) struct UsedTokens {
    client: Client,
    table: String,
}

impl UsedTokens {
    pub(crate) fn new(config: &SdkConfig, table: String) -> Self {
        let client = Client::new(config);
        Self { client, table }
    }

    /// Lets `caller`'s token pass if it was not used before. An exchange uses it up; what SDKs repeat does not.
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        repeats: Repeats,
        deadline: Deadline,
    ) -> Result<(), Denied> {
        let jti = caller.claims.0.get("jti").and_then(Value::as_str);
        let jti = jti.filter(|jti| (1..=MAX_JTI).contains(&jti.len()));
        let jti = jti.ok_or(Denial::TokenWithoutId)?;
        let key = EphemeralKey::used_token(caller.source.as_str(), jti);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let fresh = match repeats {
            Repeats::No => self.take(&key, caller, now, deadline).await?,
            Repeats::Yes => !self.is_used(&key, now, deadline).await?,
        };
        if fresh {
            Ok(())
        } else {
            Err(Denial::TokenUsed.into())
        }
    }

    /// Marks the token; whether nobody had.
    async fn take(
        &self,
        key: &EphemeralKey,
        caller: &Caller,
        now: i64,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let last = caller
            .expires_at
            .min(caller.issued_at.saturating_add(MAX_AGE));
        let expires_at = last.saturating_add(MAX_LEEWAY);
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", S(key.0.clone()))
            .item("expires_at", N(expires_at.to_string()))
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", N(now.to_string()))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ServiceError::new("dynamodb:PutItem", &error)),
            },
        }
    }

    async fn is_used(
        &self,
        key: &EphemeralKey,
        now: i64,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", S(key.0.clone()))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        let until = output
            .item
            .and_then(|item| read_number(&item, "expires_at"));
        Ok(until.is_some_and(|until| until > now))
    }
}
