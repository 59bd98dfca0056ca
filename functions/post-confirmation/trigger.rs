//! From the event to what is recorded, and what Cognito hears when it cannot be.

use serde::Deserialize;
use shared::{
    aws::ServiceError,
    email::EmailAddress,
    invocation::Invocation,
    policy::{self, OnFailure, Vouched},
    record::{User, Written},
    telemetry::Outcome,
    trigger::{
        Answer, Attributes, Decision, Failure, MalformedEvent, PublicMessage, Trigger,
        TriggerEvent, TriggerSource,
    },
};

use crate::{
    effects::{Confirmed, Effects, Recorded},
    queue::Queue,
};

const NOT_RECORDED: &str =
    "your account is confirmed but could not be set up, please sign in later";

const RESET_NOT_RECORDED: &str =
    "your password is changed but this could not be recorded, please sign in with the new one";

/// The trigger, with its rules and what it does.
pub(crate) struct PostConfirmation {
    effects: Option<Effects>,
    queue: Option<Queue>,
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
    pub(crate) fn new(effects: Effects, queue: Queue, policy: policy::PostConfirmation) -> Self {
        Self {
            effects: Some(effects),
            queue: Some(queue),
            policy,
        }
    }

    /// Without rules or store: every event is deferred.
    pub(crate) fn deferring(queue: Option<Queue>) -> Self {
        Self {
            effects: None,
            queue,
            policy: policy::PostConfirmation::default(),
        }
    }

    async fn record(
        &self,
        confirmed: Confirmed,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
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
        let claimed = email.as_ref().filter(|_| self.policy.claim_email);
        let mailbox = claimed.map(EmailAddress::mailbox);
        let source = event.source().to_string();
        let client_id = event.caller().client_id.as_deref();
        let vouched = Vouched {
            email: email.as_ref(),
            providers: policy::providers(attributes.get("identities")),
            client_id,
        };
        let user = User {
            user_pool_id: event.user_pool_id()?,
            sub,
            user_name: event.user_name()?,
            client_id,
            source: &source,
            attributes: attributes.iter().filter(kept).collect(),
            mailbox: mailbox.as_deref(),
            groups: self.policy.groups_of(&vouched),
            redeems: self.policy.redeem_invitations,
        };
        let not_ready = || Failure::Dependency("the start", NotReady.into());
        let effects = self.effects.as_ref().ok_or_else(not_ready)?;
        let done = effects
            .record(confirmed, &user, &self.policy, invocation)
            .await;
        let failed = |error: ServiceError| Failure::Dependency("the directory", error.into());
        let recorded = |reason| Decision::new(Outcome::Recorded, reason, Answer::Unchanged);
        Ok(match done.map_err(failed)? {
            Recorded::All(Written::Now) => recorded("recorded-now"),
            Recorded::All(Written::Before) => recorded("recorded-before"),
            Recorded::MailboxTaken => recorded("mailbox-taken"),
            Recorded::InvitationLost => recorded("invitation-lost"),
            Recorded::ClaimDeferred(error) => deferred("claim-deferred").because(error),
            Recorded::EnrolmentDeferred(error) => deferred("enrolment-deferred").because(error),
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
        let decided = self.record(confirmed, event, invocation).await;
        let left = match &decided {
            Ok(decision) => decision.outcome.is_failure(),
            Err(_) => true,
        };
        if let (true, Some(queue)) = (left, &self.queue)
            && let (Ok(pool), Ok(name)) = (event.user_pool_id(), event.user_name())
        {
            let client_id = event.caller().client_id.as_deref();
            queue
                .ask_for_healing((pool, name), client_id, invocation)
                .await;
        }
        match decided {
            // `settle` does not know what was confirmed.
            Err(failure)
                if confirmed == Confirmed::PasswordReset
                    && self.policy.on_failure == OnFailure::Fail =>
            {
                let answer = Answer::Refuse(PublicMessage(RESET_NOT_RECORDED.into()));
                Ok(Decision::new(Outcome::Failed, failure.reason(), answer).because(failure))
            }
            decided => decided,
        }
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
