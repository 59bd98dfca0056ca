//! From the event to the checks, and from their verdict to Cognito's answer.

use serde::Deserialize;
use shared::{
    invocation::Invocation,
    policy::{self, SignUpKind},
    telemetry::Outcome,
    trigger::{
        Answer, Attributes, Decision, Failure, PublicMessage, Trigger, TriggerEvent, TriggerSource,
    },
};

use crate::checks::{self, Verdict};

const NOT_ADMITTED: &str = "this e-mail address is not admitted";
const NOT_CHECKED: &str = "the sign-up cannot be checked at the moment, please try again later";

/// The trigger, with its rules.
pub(crate) struct PreSignUp {
    policy: policy::PreSignUp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Request {
    user_attributes: Attributes,
}

impl PreSignUp {
    pub(crate) fn new(policy: policy::PreSignUp) -> Self {
        Self { policy }
    }
}

impl Trigger for PreSignUp {
    const FUNCTION: &'static str = "pre-sign-up";

    async fn decide(&self, event: &TriggerEvent, _: &Invocation) -> Result<Decision, Failure> {
        let kind = match event.source() {
            TriggerSource::PRE_SIGN_UP_SIGN_UP => SignUpKind::SignUp,
            TriggerSource::PRE_SIGN_UP_ADMIN_CREATE_USER => SignUpKind::AdminCreateUser,
            TriggerSource::PRE_SIGN_UP_EXTERNAL_PROVIDER => SignUpKind::ExternalProvider,
            // A way in that is new to us. Nobody enters unchecked; refusing would shut out a flow that
            // Cognito documents tomorrow.
            source if source.trigger() == "PreSignUp" => SignUpKind::SignUp,
            _ => return Ok(Decision::pass_through()),
        };
        let request: Request = event.request()?;
        let email = request.user_attributes.get("email");
        Ok(match checks::judge(&self.policy, kind, email) {
            Verdict::Admit => Decision::new(Outcome::Allowed, "no-objection", Answer::Unchanged),
            Verdict::Report(rule, reason) => {
                Decision::new(Outcome::Allowed, reason, Answer::Unchanged).by_rule(rule)
            }
            Verdict::Refuse(rule, reason, message) => {
                let message = message.unwrap_or(NOT_ADMITTED).to_owned();
                let answer = Answer::Refuse(PublicMessage(message.into()));
                Decision::new(Outcome::Refused, reason, answer).by_rule(rule)
            }
        })
    }

    /// Fails closed: nobody comes in unchecked.
    fn settle(&self, failure: &Failure) -> Decision {
        let answer = Answer::Refuse(PublicMessage(NOT_CHECKED.into()));
        Decision::new(Outcome::Failed, failure.reason(), answer)
    }
}
