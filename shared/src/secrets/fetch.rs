//! Reads secrets from Secrets Manager.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;

use super::cache::{Cache, Versions};
use crate::{
    aws::{ServiceError, Trouble, timeouts},
    deadline::Deadline,
};

/// The secrets that the policy names. What Secrets Manager calls them begins with a prefix of the
/// function's own, which its role is granted and no other.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    cache: Cache,
}

/// Why a secret cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager does not answer, or refuses.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The secret is binary, or empty.
    #[error("the secret is no text")]
    NoText,
}

impl Secrets {
    /// The secrets whose names begin with `prefix`. Calls nobody.
    pub fn new(config: &SdkConfig, prefix: String) -> Self {
        Self {
            client: Client::new(config),
            prefix,
            cache: Cache::default(),
        }
    }

    /// The versions of `name`, from memory or by `deadline`.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn get(&self, name: &str, deadline: Deadline) -> Result<Arc<Versions>, SecretError> {
        if let Some(versions) = self.cache.fresh(name) {
            return Ok(versions);
        }
        let read = self.renewed(name, deadline).await;
        read.or_else(|error| self.cache.stale(name).ok_or(error))
    }

    /// The versions of `name` as they are now, for whom the value in memory did not serve.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn renewed(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Arc<Versions>, SecretError> {
        let versions = Arc::new(self.read(name, deadline).await?);
        self.cache.keep(name, Arc::clone(&versions));
        Ok(versions)
    }

    async fn read(&self, name: &str, deadline: Deadline) -> Result<Versions, SecretError> {
        let id = format!("{}{name}", self.prefix);
        let current = self.version(&id, "AWSCURRENT", deadline).await?;
        let previous = self.version(&id, "AWSPREVIOUS", deadline).await;
        let previous = match previous {
            Ok(previous) => Some(previous),
            // A secret that was never rotated has none.
            Err(SecretError::Service(error)) if error.trouble == Trouble::Refused => None,
            Err(SecretError::NoText) => None,
            Err(error) => return Err(error),
        };
        Ok(Versions { current, previous })
    }

    async fn version(
        &self,
        id: &str,
        stage: &str,
        deadline: Deadline,
    ) -> Result<SecretString, SecretError> {
        let overrides =
            aws_sdk_secretsmanager::config::Builder::new().timeout_config(timeouts(deadline));
        let output = self
            .client
            .get_secret_value()
            .secret_id(id)
            .version_stage(stage)
            .customize()
            .config_override(overrides)
            .send()
            .await
            .map_err(|error| ServiceError::new("secretsmanager:GetSecretValue", &error))?;
        let text = output.secret_string.filter(|text| !text.is_empty());
        text.map(SecretString::from).ok_or(SecretError::NoText)
    }
}
