//! Reads secrets from Secrets Manager.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;

use super::cache::{Cache, Stale, Versions};
use crate::{
    aws::{ServiceError, Trouble, timeouts},
    deadline::Deadline,
};

/// Of the time that is left, the part that a question may take while there is a value that serves.
const QUESTION_SHARE: u32 = 5;

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
        let kept = match self.cache.stale(name) {
            Some(Stale::Ask(kept)) => kept,
            Some(Stale::Serve(kept)) => return Ok(kept),
            None => return self.renewed(name, deadline).await,
        };
        // What needs the secret still has its own work to do if nobody answers.
        let question = deadline.at_most(deadline.remaining() / QUESTION_SHARE);
        let read = self.renewed(name, question).await;
        Ok(read.unwrap_or(kept))
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

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_secretsmanager::config::{
        Credentials, SharedAsyncSleep, SharedCredentialsProvider,
    };
    use aws_smithy_async::rt::sleep::TokioSleep;
    use aws_smithy_runtime_api::{
        client::{
            http::{
                HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
                SharedHttpConnector,
            },
            orchestrator::{HttpRequest, HttpResponse},
            runtime_components::RuntimeComponents,
        },
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::secrets::KEEP;

    /// Secrets Manager, which answers so many requests and leaves the others without an answer.
    #[derive(Debug, Clone)]
    struct Hanging {
        answered: usize,
        asked: Arc<AtomicUsize>,
    }

    impl HttpConnector for Hanging {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            if self.asked.fetch_add(1, Ordering::SeqCst) >= self.answered {
                return HttpConnectorFuture::new(std::future::pending());
            }
            let body = SdkBody::from(r#"{"SecretString":"pepper"}"#);
            let ok = StatusCode::try_from(200).unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(ok, body)))
        }
    }

    impl HttpClient for Hanging {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    fn secrets(answered: usize) -> (Secrets, Arc<AtomicUsize>) {
        let asked = Arc::default();
        let manager = Hanging {
            answered,
            asked: Arc::clone(&asked),
        };
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(manager)
            .build();
        (Secrets::new(&config, "stack/".to_owned()), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn while_secrets_manager_hangs_a_kept_secret_serves_with_most_of_the_time_left() {
        // The two versions of the first use.
        let (secrets, asked) = secrets(2);
        let budget = Duration::from_secs(4);
        let first = secrets.get("pepper", Deadline::after(budget)).await;
        first.unwrap();
        tokio::time::advance(KEEP).await;
        let deadline = Deadline::after(budget);
        let kept = secrets.get("pepper", deadline).await.unwrap();
        assert_eq!(kept.current.expose_secret(), "pepper");
        assert!(deadline.remaining() >= budget / 2, "{deadline:?}");
        // Those who come next do not wait for it again, for some seconds.
        let before = asked.load(Ordering::SeqCst);
        let deadline = Deadline::after(budget);
        secrets.get("pepper", deadline).await.unwrap();
        assert_eq!(deadline.remaining(), budget);
        assert_eq!(asked.load(Ordering::SeqCst), before);
        tokio::time::advance(Duration::from_secs(60)).await;
        secrets
            .get("pepper", Deadline::after(budget))
            .await
            .unwrap();
        assert!(asked.load(Ordering::SeqCst) > before);
    }
}
