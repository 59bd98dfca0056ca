//! From the event to what is recorded, and what Cognito hears when it cannot be.

use serde::Deserialize;
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    invocation::Invocation,
    policy::{self, OnFailure},
    telemetry::Outcome,
    trigger::{
        Answer, Attributes, Decision, Failure, MalformedEvent, PublicMessage, Trigger,
        TriggerEvent, TriggerSource,
    },
};

use crate::record::{ConfirmedUser, Recorder, Written};

const NOT_RECORDED: &str =
    "your account is confirmed but could not be set up, please sign in later";

/// The trigger, with its rules and its store.
pub(crate) struct PostConfirmation {
    recorder: Option<Recorder>,
    policy: policy::PostConfirmation,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    user_attributes: Attributes,
}

/// The function started without what it needs.
#[derive(Debug, thiserror::Error)]
#[error("environment or policy are not usable, as logged at start")]
struct NotReady;

impl PostConfirmation {
    pub(crate) fn new(recorder: Recorder, policy: policy::PostConfirmation) -> Self {
        let recorder = Some(recorder);
        Self { recorder, policy }
    }

    /// Without rules or store: every event is deferred.
    pub(crate) fn deferring() -> Self {
        Self {
            recorder: None,
            policy: policy::PostConfirmation::default(),
        }
    }

    async fn record(
        &self,
        user: &ConfirmedUser<'_>,
        password_reset: bool,
        deadline: Deadline,
    ) -> Result<Decision, Failure> {
        let failed = |error: ServiceError| Failure::Dependency("the directory", error.into());
        let not_ready = || Failure::Dependency("the start", NotReady.into());
        let recorder = self.recorder.as_ref().ok_or_else(not_ready)?;
        // A user may meet this function first when they reset a password (migrated, or made by an
        // administrator): the profile comes into being then.
        let mut written = recorder
            .user_confirmed(user, deadline)
            .await
            .map_err(failed)?;
        if password_reset {
            let window = self.policy.password_reset_window;
            written = recorder
                .password_reset(user, window, deadline)
                .await
                .map_err(failed)?;
        }
        let reason = match written {
            Written::Now => "recorded-now",
            Written::Before => "recorded-before",
        };
        Ok(Decision::new(Outcome::Recorded, reason, Answer::Unchanged))
    }
}

impl Trigger for PostConfirmation {
    const FUNCTION: &'static str = "post-confirmation";

    async fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let password_reset = match event.source() {
            TriggerSource::POST_CONFIRMATION_CONFIRM_SIGN_UP => false,
            TriggerSource::POST_CONFIRMATION_CONFIRM_FORGOT_PASSWORD => true,
            _ => return Ok(Decision::pass_through()),
        };
        let request: Request = event.request()?;
        let sub = request
            .user_attributes
            .get("sub")
            .filter(|sub| !sub.is_empty());
        let sub = sub.ok_or_else(|| {
            MalformedEvent::new("request.userAttributes.sub", "a non-empty string")
        })?;
        let kept = |(name, _): &(&str, &str)| self.policy.profile_attributes.contains(*name);
        let user = ConfirmedUser {
            user_pool_id: event.user_pool_id()?,
            sub,
            user_name: event.user_name()?,
            client_id: event.caller().client_id.as_deref(),
            trigger_source: event.source().to_string(),
            attributes: request.user_attributes.iter().filter(kept).collect(),
        };
        self.record(&user, password_reset, invocation.deadline())
            .await
    }

    fn settle(&self, failure: &Failure) -> Decision {
        match self.policy.on_failure {
            OnFailure::Confirm => {
                Decision::new(Outcome::Deferred, failure.reason(), Answer::Unchanged)
            }
            OnFailure::Fail => {
                let answer = Answer::Refuse(PublicMessage(NOT_RECORDED.into()));
                Decision::new(Outcome::Failed, failure.reason(), answer)
            }
        }
    }
}
