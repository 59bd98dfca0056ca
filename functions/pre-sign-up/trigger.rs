//! From the event to the checks, and from their verdict to Cognito's answer.

use shared::{
    invocation::Invocation,
    policy::{CheckKind, SignUpKind},
    telemetry::Outcome,
    trigger::{Answer, Decision, Failure, PublicMessage, Trigger, TriggerEvent, TriggerSource},
};

use crate::{
    Applicant, Request,
    auto_confirm::{self, Confirmation},
    checks::Checks,
    judge::{Done, Ruling, Verdict},
};

const ALIAS_TAKEN: &str = "this address or number belongs to another account";
const NOT_CHECKED: &str = "the sign-up cannot be checked at the moment, please try again later";

/// The trigger, with its checks.
pub struct PreSignUp {
    checks: Checks,
}

impl PreSignUp {
    /// With the checks of the policy.
    pub fn new(checks: Checks) -> Self {
        Self { checks }
    }
}

impl Trigger for PreSignUp {
    const FUNCTION: &'static str = "pre-sign-up";

    async fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let Some(kind) = sign_up_kind(event.source()) else {
            return Ok(Decision::pass_through());
        };
        let request: Request = event.request()?;
        let applicant = Applicant::new(event, &request, kind);
        let note = |heard: &crate::Heard<'_>| {
            if let Ruling::Report(reason) = heard.ruling {
                invocation.note(|line, _| line.reported(heard.check.name.as_str(), reason));
            }
        };
        let deadline = invocation.deadline();
        let verdict = self.checks.hear(&applicant, deadline, note).await;
        let confirmation = match &verdict {
            Verdict::Admit { done, .. } if may_be_confirmed(event.source()) => {
                self.checks.confirm(&applicant, done, deadline).await
            }
            _ => Confirmation::ByCode,
        };
        Ok(answer_to(verdict, confirmation, &applicant))
    }

    /// Fails closed: nobody comes in unchecked.
    fn settle(&self, failure: &Failure) -> Decision {
        let answer = Answer::Refuse(PublicMessage(NOT_CHECKED.into()));
        Decision::new(Outcome::Failed, failure.reason(), answer)
    }
}

/// The way in that a source stands for; `None` for another trigger's source.
pub fn sign_up_kind(source: TriggerSource<'_>) -> Option<SignUpKind> {
    match source {
        TriggerSource::PRE_SIGN_UP_SIGN_UP => Some(SignUpKind::SignUp),
        TriggerSource::PRE_SIGN_UP_ADMIN_CREATE_USER => Some(SignUpKind::AdminCreateUser),
        TriggerSource::PRE_SIGN_UP_EXTERNAL_PROVIDER => Some(SignUpKind::ExternalProvider),
        // A way in that is new to us. Nobody enters unchecked; refusing would shut out a flow that
        // Cognito documents tomorrow.
        source if source.trigger() == "PreSignUp" => Some(SignUpKind::SignUp),
        _ => None,
    }
}

/// Whether a rule may confirm who comes in so. A way in that is new to us is checked as a sign-up, and confirmed as
/// Cognito does.
pub fn may_be_confirmed(source: TriggerSource<'_>) -> bool {
    source == TriggerSource::PRE_SIGN_UP_SIGN_UP
}

/// What Cognito is told of a verdict, and of who is confirmed.
pub fn answer_to(
    verdict: Verdict<'_>,
    confirmation: Confirmation<'_>,
    applicant: &Applicant<'_>,
) -> Decision {
    match verdict {
        Verdict::Admit { reported, done } => {
            let reason = match (reported, done.contains(&Done::Linked)) {
                (true, _) => "reported",
                (false, true) => "linked",
                (false, false) => "no-objection",
            };
            let allowed = |answer| Decision::new(Outcome::Allowed, reason, answer);
            match confirmation {
                Confirmation::ByCode => allowed(Answer::Unchanged),
                Confirmation::Automatic(rule) => {
                    let answer = Answer::Respond(auto_confirm::response(rule, applicant));
                    allowed(answer).by_rule(rule.name.as_str())
                }
                Confirmation::AliasTaken(rule) => {
                    let reason = "alias-taken";
                    let message = PublicMessage(format!("{ALIAS_TAKEN} [{reason}]").into());
                    let refused = Decision::new(Outcome::Refused, reason, Answer::Refuse(message));
                    refused.by_rule(rule.name.as_str())
                }
                // Cognito sends its code, which is what happens without a rule.
                Confirmation::Unknown(error) => allowed(Answer::Unchanged).because(error),
            }
        }
        Verdict::Refuse {
            check,
            reason,
            cause,
        } => {
            let message = check.message.as_ref().map(|message| message.as_str());
            let message = message.unwrap_or_else(|| default_message(&check.kind));
            // The code is for the app: texts change, and are translated.
            let message = PublicMessage(format!("{message} [{reason}]").into());
            let mut decision = Decision::new(Outcome::Refused, reason, Answer::Refuse(message));
            decision.cause = cause;
            decision.by_rule(check.name.as_str())
        }
    }
}

fn default_message(kind: &CheckKind) -> &'static str {
    match kind {
        CheckKind::EmailDomain(_) | CheckKind::DisposableDomain(_) => {
            "this e-mail address is not admitted"
        }
        CheckKind::UserName(_) => "this user name is not admitted",
        CheckKind::Attribute(_) => "something that was entered is not admitted",
        CheckKind::PhoneNumber(_) => "this phone number is not admitted",
        CheckKind::Blocked => "this e-mail address or phone number is not admitted",
        CheckKind::UniqueEmail => "there is an account with this e-mail address already",
        CheckKind::Velocity(_) => {
            "there are too many sign-ups at the moment, please try again later"
        }
        CheckKind::Captcha(_) => "please show once more that you are a person",
        CheckKind::Https(_) => "this sign-up is not admitted",
        CheckKind::Federation(_) => "this way to sign in is not admitted",
        CheckKind::Invitation(_) => "an invitation is needed that is valid and not used yet",
        CheckKind::LegacyUser(_) => "this e-mail address cannot be used",
    }
}
