//! From the event to what is recorded, and what Cognito hears when it cannot be.

use std::time::Duration;

use serde::Deserialize;
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    email::EmailAddress,
    invocation::Invocation,
    policy::{self, OnFailure},
    record::{Claim, Recorder, User, Written},
    telemetry::Outcome,
    trigger::{
        Answer, Attributes, Decision, Failure, MalformedEvent, PublicMessage, Trigger,
        TriggerEvent, TriggerSource,
    },
};

use crate::password_reset::PasswordResets;

const NOT_RECORDED: &str =
    "your account is confirmed but could not be set up, please sign in later";

/// What is kept of the deadline for the answer, so that a claim that hangs is told as one.
const ANSWER_RESERVE: Duration = Duration::from_millis(100);

/// The trigger, with its rules and its store.
pub(crate) struct PostConfirmation {
    effects: Option<Effects>,
    policy: policy::PostConfirmation,
}

/// What it does.
pub(crate) struct Effects {
    pub(crate) recorder: Recorder,
    pub(crate) password_resets: PasswordResets,
}

/// By what a user was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    /// A sign-up, by code, by an administrator, automatically or through a provider.
    SignUp,
    /// A forgotten password that was replaced.
    PasswordReset,
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

impl Confirmed {
    /// `None` for a source that this function does not know.
    fn of(source: TriggerSource<'_>) -> Option<Self> {
        match source {
            TriggerSource::POST_CONFIRMATION_CONFIRM_SIGN_UP => Some(Self::SignUp),
            TriggerSource::POST_CONFIRMATION_CONFIRM_FORGOT_PASSWORD => Some(Self::PasswordReset),
            _ => None,
        }
    }
}

impl PostConfirmation {
    pub(crate) fn new(effects: Effects, policy: policy::PostConfirmation) -> Self {
        let effects = Some(effects);
        Self { effects, policy }
    }

    /// Without rules or store: every event is deferred.
    pub(crate) fn deferring() -> Self {
        Self {
            effects: None,
            policy: policy::PostConfirmation::default(),
        }
    }

    /// Every effect may be repeated, and comes after those that matter more: whatever stops the
    /// function in between, the next delivery goes on from there.
    async fn record(
        &self,
        confirmed: Confirmed,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<Decision, Failure> {
        let failed = |error: ServiceError| Failure::Dependency("the directory", error.into());
        let not_ready = || Failure::Dependency("the start", NotReady.into());
        let effects = self.effects.as_ref().ok_or_else(not_ready)?;
        let recorder = &effects.recorder;
        // A user may meet this function first when they reset a password (migrated, or made by an
        // administrator): the profile is created then.
        let profile = recorder.user_confirmed(user, deadline).await;
        let mut written = profile.map_err(failed)?;
        if confirmed == Confirmed::PasswordReset {
            let window = self.policy.password_reset_window;
            let event = effects.password_resets.tell(user, window, deadline).await;
            written = event.map_err(failed)?;
        }
        let recorded = |reason| Decision::new(Outcome::Recorded, reason, Answer::Unchanged);
        let Some(mailbox) = user.mailbox else {
            return Ok(recorded(match written {
                Written::Now => "recorded-now",
                Written::Before => "recorded-before",
            }));
        };
        // The profile is there: what fails from here on is healed later, and no concern of the user's.
        let deadline = deadline.keeping(ANSWER_RESERVE);
        let claim = recorder.claim_email(user, mailbox, deadline).await;
        Ok(match (claim, written) {
            (Ok(Claim::Held), Written::Now) => recorded("recorded-now"),
            (Ok(Claim::Held), Written::Before) => recorded("recorded-before"),
            (Ok(Claim::Taken), _) => recorded("mailbox-taken"),
            (Err(error), _) => deferred("claim-deferred").because(error),
        })
    }
}

impl Trigger for PostConfirmation {
    const FUNCTION: &'static str = "post-confirmation";

    async fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let Some(confirmed) = Confirmed::of(event.source()) else {
            return Ok(Decision::pass_through());
        };
        let request: Request = event.request()?;
        let attributes = &request.user_attributes;
        let sub = attributes.get("sub").filter(|sub| !sub.is_empty());
        let sub = sub.ok_or_else(|| {
            MalformedEvent::new("request.userAttributes.sub", "a non-empty string")
        })?;
        let kept = |(name, value): &(&str, &str)| self.policy.keeps(name, value);
        let verified = attributes.get("email_verified") == Some("true");
        let email = attributes.get("email").filter(|_| verified);
        let email: Option<EmailAddress> = email.and_then(|email| email.parse().ok());
        let mailbox = email.filter(|_| self.policy.claim_email);
        let mailbox = mailbox.map(|email| email.mailbox());
        let source = event.source().to_string();
        let user = User {
            user_pool_id: event.user_pool_id()?,
            sub,
            user_name: event.user_name()?,
            client_id: event.caller().client_id.as_deref(),
            source: &source,
            attributes: attributes.iter().filter(kept).collect(),
            mailbox: mailbox.as_deref(),
        };
        self.record(confirmed, &user, invocation.deadline()).await
    }

    fn settle(&self, failure: &Failure) -> Decision {
        match self.policy.on_failure {
            OnFailure::Confirm => deferred(failure.reason()),
            OnFailure::Fail => {
                let answer = Answer::Refuse(PublicMessage(NOT_RECORDED.into()));
                Decision::new(Outcome::Failed, failure.reason(), answer)
            }
        }
    }
}

/// The user goes on, and what is lacking is healed later.
fn deferred(reason: &'static str) -> Decision {
    Decision::new(Outcome::Deferred, reason, Answer::Unchanged)
}
