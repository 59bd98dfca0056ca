//! Secrets Manager as far as functions read secrets: GetSecretValue of the current and the previous
//! version, and the calls that make and rotate one (awsJson1.1, `X-Amz-Target: secretsmanager.*`).
//!
//! Source: Secrets Manager API reference; the stages are those of "Rotation" in its user guide.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    iam::{Iam, JsonError, json_response},
    random,
    template::SecretDefinition,
};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "secretsmanager.";

/// The secrets of one account and Region.
pub struct SecretsManager {
    iam: Arc<Iam>,
    /// By name.
    secrets: Mutex<BTreeMap<String, Secret>>,
}

struct Secret {
    arn: String,
    current: Version,
    previous: Option<Version>,
}

#[derive(Clone)]
struct Version {
    id: String,
    text: String,
    /// Seconds since 1970.
    created_at: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    version_stage: Option<String>,
    version_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSecret {
    name: String,
    secret_string: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: String,
    secret_string: String,
}

impl SecretsManager {
    /// The secrets of a template, each with one version.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new(iam: Arc<Iam>, definitions: &[SecretDefinition]) -> Result<Self, random::NoEntropy> {
        let now = iam.now();
        let mut secrets = BTreeMap::new();
        for definition in definitions {
            let secret = Secret {
                arn: definition.arn.clone(),
                current: Version::new(definition.value.clone(), now)?,
                previous: None,
            };
            secrets.insert(definition.name.clone(), secret);
        }
        Ok(Self {
            iam,
            secrets: Mutex::new(secrets),
        })
    }

    /// Answers one request.
    pub async fn handle(&self, headers: &HeaderMap, body: Bytes) -> Response {
        match self.dispatch(headers, &body) {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

    fn dispatch(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, JsonError> {
        let target = headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.strip_prefix(TARGET_PREFIX)) {
            Some("GetSecretValue") => {
                let request: GetSecretValue = read(body)?;
                self.admit("GetSecretValue", &request.secret_id, headers, body)?;
                self.get_secret_value(&request)
            }
            Some("CreateSecret") => {
                let request: CreateSecret = read(body)?;
                self.admit("CreateSecret", &request.name, headers, body)?;
                self.create_secret(request)
            }
            Some("PutSecretValue") => {
                let request: PutSecretValue = read(body)?;
                self.admit("PutSecretValue", &request.secret_id, headers, body)?;
                self.put_secret_value(request)
            }
            operation => Err(JsonError::unknown_operation(operation.unwrap_or_default())),
        }
    }

    /// A caller is judged by the secret's whole ARN; for a name that is no secret's by the ARN that
    /// it would have.
    fn admit(
        &self,
        operation: &str,
        id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), JsonError> {
        let resource = self
            .secrets()
            .iter()
            .find_map(|(name, secret)| secret.answers_to(name, id).then(|| secret.arn.clone()));
        let resource = resource.unwrap_or_else(|| {
            let place = self.iam.place();
            place.arn("secretsmanager", &format!("secret:{id}-??????"))
        });
        let action = format!("secretsmanager:{operation}");
        self.iam.admit(headers, body, &action, &resource)
    }

    fn get_secret_value(&self, request: &GetSecretValue) -> Result<Value, JsonError> {
        let secrets = self.secrets();
        let (name, secret) = secrets
            .iter()
            .find(|(name, secret)| secret.answers_to(name, &request.secret_id))
            .ok_or_else(no_secret)?;
        let versions = [
            ("AWSCURRENT", Some(&secret.current)),
            ("AWSPREVIOUS", secret.previous.as_ref()),
        ];
        let stage = match (&request.version_stage, &request.version_id) {
            (Some(stage), _) => Some(stage.as_str()),
            (None, None) => Some("AWSCURRENT"),
            (None, Some(_)) => None,
        };
        let found = versions.into_iter().find_map(|(name, version)| {
            let version = version?;
            let wanted = stage.is_none_or(|stage| stage == name)
                && request
                    .version_id
                    .as_ref()
                    .is_none_or(|id| *id == version.id);
            wanted.then_some((name, version))
        });
        let (stage, version) = found.ok_or_else(|| {
            JsonError::new(
                "ResourceNotFoundException",
                format!(
                    "Secrets Manager can't find the specified secret value for staging label: {}",
                    stage.unwrap_or("none")
                ),
            )
        })?;
        Ok(json!({
            "ARN": secret.arn,
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.text,
            "VersionStages": [stage],
            "CreatedDate": version.created_at,
        }))
    }

    fn create_secret(&self, request: CreateSecret) -> Result<Value, JsonError> {
        let version = Version::new(request.secret_string, self.iam.now())?;
        let mut secrets = self.secrets();
        if secrets.contains_key(&request.name) {
            let message = format!(
                "The operation failed because the secret {} already exists.",
                request.name
            );
            return Err(JsonError::new("ResourceExistsException", message));
        }
        let arn = self.iam.place().secret_arn(&request.name);
        let answer = json!({ "ARN": arn, "Name": request.name, "VersionId": version.id });
        let secret = Secret {
            arn,
            current: version,
            previous: None,
        };
        secrets.insert(request.name, secret);
        Ok(answer)
    }

    /// What was current becomes the previous version, as a rotation leaves it.
    fn put_secret_value(&self, request: PutSecretValue) -> Result<Value, JsonError> {
        let version = Version::new(request.secret_string, self.iam.now())?;
        let mut secrets = self.secrets();
        let (name, secret) = secrets
            .iter_mut()
            .find(|(name, secret)| secret.answers_to(name, &request.secret_id))
            .ok_or_else(no_secret)?;
        let answer = json!({
            "ARN": secret.arn,
            "Name": name,
            "VersionId": version.id,
            "VersionStages": ["AWSCURRENT"],
        });
        secret.previous = Some(std::mem::replace(&mut secret.current, version));
        Ok(answer)
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secret {
    /// By name, by ARN, or by an ARN without the six characters that AWS appends.
    fn answers_to(&self, name: &str, id: &str) -> bool {
        id == name
            || id == self.arn
            || self
                .arn
                .rsplit_once('-')
                .is_some_and(|(partial, _)| id == partial)
    }
}

impl Version {
    fn new(text: String, created_at: u64) -> Result<Self, random::NoEntropy> {
        let id = random::uuid()?;
        Ok(Self {
            id,
            text,
            created_at,
        })
    }
}

/// Never repeats the request, which may hold a secret.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(body).map_err(|_| {
        let message = "the request is not what this operation takes";
        JsonError::new("InvalidParameterException", message)
    })
}

fn no_secret() -> JsonError {
    let message = "Secrets Manager can't find the specified secret.";
    JsonError::new("ResourceNotFoundException", message)
}
