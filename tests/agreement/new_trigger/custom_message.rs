//! custom-message: writes the subjects of the messages that Cognito sends. In a tree that has the trigger
//! this file is functions/custom-message/main.rs.

use std::process::ExitCode;

use shared::{
    invocation::Invocation,
    start,
    telemetry::Outcome,
    trigger::{Answer, Decision, Failure, PublicMessage, Trigger, TriggerEvent, TriggerSource},
};

use super::section::Subjects;

/// A person signed up and is sent a code.
const SIGN_UP: TriggerSource<'static> = TriggerSource::new("CustomMessage_SignUp");

/// The trigger, with its rules.
pub(crate) struct CustomMessage {
    subjects: Subjects,
}

impl CustomMessage {
    pub(crate) fn new(subjects: Subjects) -> Self {
        Self { subjects }
    }
}

impl Trigger for CustomMessage {
    const FUNCTION: &'static str = "custom-message";

    async fn decide(&self, event: &TriggerEvent, _: &Invocation) -> Result<Decision, Failure> {
        let subject = match event.source() {
            SIGN_UP => &self.subjects.sign_up,
            _ => return Ok(Decision::pass_through()),
        };
        let response = subject
            .iter()
            .map(|subject| ("emailSubject".to_owned(), subject.as_str().into()));
        let answer = Answer::Respond(response.collect());
        Ok(Decision::new(Outcome::Allowed, "no-objection", answer))
    }

    fn settle(&self, failure: &Failure) -> Decision {
        let message = PublicMessage("please try again later".into());
        Decision::new(Outcome::Failed, failure.reason(), Answer::Refuse(message))
    }
}

pub(crate) fn main() -> ExitCode {
    start::function(
        |subjects, wiring: shared::wiring::Wiring<'static>| async move {
            wiring.finish(Some(()))?;
            Ok(CustomMessage::new(subjects))
        },
    )
}
