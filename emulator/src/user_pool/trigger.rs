//! Calls the pool's Lambda functions as Cognito does.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};

use super::{UserPool, settings::Triggers};
use crate::iam::JsonError;

/// Invokes the named Lambda function with an event.
pub type Invoke = Arc<
    dyn Fn(String, Vec<u8>) -> Pin<Box<dyn Future<Output = TriggerOutcome> + Send>> + Send + Sync,
>;

/// What became of one invocation. Not printable: an answer repeats its event, password and all.
#[derive(Clone)]
pub enum TriggerOutcome {
    /// The function answered with these bytes.
    Answered(Vec<u8>),
    /// The function failed; the error JSON, whose `errorMessage` the person gets to read.
    FunctionError(Vec<u8>),
    /// Lambda could not be reached, and why.
    Unreachable(String),
}

/// How long Cognito waits for a trigger (developer guide, "Things to know about Lambda triggers").
pub const TRIGGER_TIMEOUT: Duration = Duration::from_secs(5);

/// How often Cognito tries. The developer guide says only that it may retry; older editions said
/// three attempts.
pub const TRIGGER_ATTEMPTS: usize = 3;

/// Why a trigger is called: the event's `triggerSource`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    PreSignUpSignUp,
    PreSignUpAdminCreateUser,
    PreSignUpExternalProvider,
    PostConfirmationConfirmSignUp,
    PostConfirmationConfirmForgotPassword,
    UserMigrationAuthentication,
    UserMigrationForgotPassword,
}

/// One call, apart from what every event carries.
pub(super) struct Call<'a> {
    pub(super) source: Source,
    pub(super) username: &'a str,
    /// The app client that asked; `None` in an administrator's operations.
    pub(super) client_id: Option<&'a str>,
    pub(super) request: Value,
    pub(super) response: Value,
}

impl UserPool {
    /// The `response` of the function's answer; `None` if the pool has no such trigger.
    pub(super) async fn call(
        &self,
        call: Call<'_>,
    ) -> Result<Option<Map<String, Value>>, JsonError> {
        let settings = self.settings();
        let Some(function) = call.source.function(&settings.triggers) else {
            return Ok(None);
        };
        let event = json!({
            "version": "1",
            "triggerSource": call.source.name(),
            "region": self.settings().region,
            "userPoolId": self.settings().pool_id,
            "userName": call.username,
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": call.client_id.unwrap_or("CLIENT_ID_NOT_APPLICABLE"),
            },
            "request": call.request,
            "response": call.response,
        });
        let answer = self
            .attempt(
                call.source.trigger(),
                function,
                event.to_string().into_bytes(),
            )
            .await?;
        response_of(&answer).map(Some)
    }

    /// Only silence is tried again: a function that says no has answered.
    async fn attempt(
        &self,
        trigger: &str,
        function: &str,
        event: Vec<u8>,
    ) -> Result<Vec<u8>, JsonError> {
        let mut failure = String::new();
        for _ in 0..TRIGGER_ATTEMPTS {
            let invocation = self.invoke(function.to_owned(), event.clone());
            failure = match tokio::time::timeout(TRIGGER_TIMEOUT, invocation).await {
                Ok(TriggerOutcome::Answered(answer)) => return Ok(answer),
                Ok(TriggerOutcome::FunctionError(error)) => {
                    let message = format!("{trigger} failed with error {}.", error_message(&error));
                    return Err(JsonError::new("UserLambdaValidationException", message));
                }
                Ok(TriggerOutcome::Unreachable(reason)) => reason,
                Err(_) => "Socket timeout while invoking Lambda function".into(),
            };
        }
        let message = format!("{trigger} invocation failed due to error {failure}.");
        Err(JsonError::new("UnexpectedLambdaException", message))
    }
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::PreSignUpSignUp => "PreSignUp_SignUp",
            Self::PreSignUpAdminCreateUser => "PreSignUp_AdminCreateUser",
            Self::PreSignUpExternalProvider => "PreSignUp_ExternalProvider",
            Self::PostConfirmationConfirmSignUp => "PostConfirmation_ConfirmSignUp",
            Self::PostConfirmationConfirmForgotPassword => "PostConfirmation_ConfirmForgotPassword",
            Self::UserMigrationAuthentication => "UserMigration_Authentication",
            Self::UserMigrationForgotPassword => "UserMigration_ForgotPassword",
        }
    }

    /// The trigger, as error messages name it.
    fn trigger(self) -> &'static str {
        self.name().split('_').next().unwrap_or_default()
    }

    fn function(self, triggers: &Triggers) -> Option<&str> {
        match self {
            Self::PreSignUpSignUp
            | Self::PreSignUpAdminCreateUser
            | Self::PreSignUpExternalProvider => triggers.pre_sign_up.as_deref(),
            Self::PostConfirmationConfirmSignUp | Self::PostConfirmationConfirmForgotPassword => {
                triggers.post_confirmation.as_deref()
            }
            Self::UserMigrationAuthentication | Self::UserMigrationForgotPassword => {
                triggers.user_migration.as_deref()
            }
        }
    }
}

fn error_message(error: &[u8]) -> String {
    let error: Value = serde_json::from_slice(error).unwrap_or_default();
    error
        .get("errorMessage")
        .and_then(Value::as_str)
        .unwrap_or("null")
        .to_owned()
}

fn response_of(answer: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let invalid = |message: &str| JsonError::new("InvalidLambdaResponseException", message);
    let mut event: Value = serde_json::from_slice(answer)
        .map_err(|_| invalid("Invalid lambda function output : Invalid JSON"))?;
    match event.get_mut("response").map(Value::take) {
        Some(Value::Object(response)) => Ok(response),
        _ => Err(invalid("Unrecognizable lambda output")),
    }
}

/// A flag of a response; absent or null means no.
pub(super) fn flag(response: &Map<String, Value>, name: &str) -> Result<bool, JsonError> {
    match response.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(JsonError::new(
            "InvalidLambdaResponseException",
            "Unrecognizable lambda output",
        )),
    }
}
