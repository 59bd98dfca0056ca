//! The contract of a Cognito trigger, and how it is a [`Handler`].

use std::time::Duration;

use serde_json::value::RawValue;

use super::{Answer, Decision, Failure, MalformedEvent, TriggerError, TriggerEvent};
use crate::{
    deadline::TRIGGER_BUDGET,
    invocation::{Handler, Interrupted, Invocation},
};

/// A user-pool trigger.
pub trait Trigger: Send + Sync + 'static {
    /// The function's name in audit lines.
    const FUNCTION: &'static str;

    /// Decides one event within the invocation's deadline.
    fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> impl Future<Output = Result<Decision, Failure>> + Send;

    /// What this function does when it cannot decide.
    fn settle(&self, failure: &Failure) -> Decision;

    /// How long after the invocation began the answer leaves at the earliest. See [`Handler::floor`].
    fn floor(&self, _event: &TriggerEvent, _decision: &Decision) -> Duration {
        Duration::ZERO
    }
}

/// The payload of a trigger's invocation.
pub struct TriggerRequest {
    raw: Box<RawValue>,
    event: Result<TriggerEvent, MalformedEvent>,
}

impl<T: Trigger> Handler for T {
    const FUNCTION: &'static str = <T as Trigger>::FUNCTION;
    type Request = TriggerRequest;
    type Answer = Answer;
    type Response = Box<RawValue>;
    type Error = TriggerError;

    fn read(payload: Box<RawValue>) -> TriggerRequest {
        TriggerRequest {
            event: TriggerEvent::parse(&payload),
            raw: payload,
        }
    }

    fn budget(&self, _: &TriggerRequest) -> Duration {
        TRIGGER_BUDGET
    }

    async fn decide(&self, request: &TriggerRequest, invocation: &Invocation) -> Decision {
        let decided = match &request.event {
            Ok(event) => {
                invocation.note(|line, key| line.about_event(event, key));
                Trigger::decide(self, event, invocation).await
            }
            Err(malformed) => Err(Failure::from(malformed.clone())),
        };
        decided.unwrap_or_else(|failure| Trigger::settle(self, &failure).because(failure))
    }

    fn settle(&self, _: &TriggerRequest, interrupted: &Interrupted) -> Decision {
        Trigger::settle(self, &Failure::from(interrupted))
    }

    fn floor(&self, request: &TriggerRequest, decision: &Decision) -> Duration {
        let floor = |event| Trigger::floor(self, event, decision);
        request.event.as_ref().map_or(Duration::ZERO, floor)
    }

    fn respond(
        &self,
        request: &TriggerRequest,
        decision: Decision,
        _: &Invocation,
    ) -> Result<Box<RawValue>, TriggerError> {
        match (decision.answer, &request.event) {
            (Answer::Refuse(message), _) => Err(TriggerError::new(decision.reason, message)),
            (Answer::Respond(changes), Ok(event)) => {
                let changed = event.with_response(&changes);
                Ok(changed.unwrap_or_else(|_| request.raw.clone()))
            }
            (Answer::Respond(_) | Answer::Unchanged, _) => Ok(request.raw.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lambda_runtime::Diagnostic;

    use super::*;
    use crate::{
        deadline::{Deadline, DeadlineExceeded},
        telemetry::{Outcome, Telemetry},
        trigger::PublicMessage,
    };

    struct Refusing;

    impl Trigger for Refusing {
        const FUNCTION: &'static str = "refusing";

        async fn decide(&self, _: &TriggerEvent, _: &Invocation) -> Result<Decision, Failure> {
            Err(DeadlineExceeded.into())
        }

        fn settle(&self, failure: &Failure) -> Decision {
            let message = PublicMessage("try again later.".into());
            Decision::new(Outcome::Failed, failure.reason(), Answer::Refuse(message))
        }
    }

    fn invocation() -> Invocation {
        let telemetry = Telemetry::new("0123456789abcdef".parse().unwrap());
        let deadline = Deadline::after(TRIGGER_BUDGET);
        Invocation::new("refusing", "r".to_owned(), Arc::new(telemetry), deadline)
    }

    #[tokio::test]
    async fn an_unchanged_event_is_the_same_bytes() {
        for text in [
            "{ \"triggerSource\" : \"Future_Source\",\n\"response\":{} }",
            "[ ]",
        ] {
            let request = Refusing::read(RawValue::from_string(text.to_owned()).unwrap());
            let decision = Decision::new(Outcome::Allowed, "", Answer::Unchanged);
            let answered = Refusing.respond(&request, decision, &invocation()).unwrap();
            assert_eq!(answered.get(), text);
        }
    }

    #[tokio::test]
    async fn a_settled_panic_tells_cognito_the_reason_and_the_message_only() {
        let raw = RawValue::from_string(r#"{"triggerSource":"X_Y"}"#.to_owned()).unwrap();
        let request = Refusing::read(raw);
        let panicked = Interrupted::Panicked("canary".to_owned());
        let decision = Handler::settle(&Refusing, &request, &panicked);
        let told = Refusing
            .respond(&request, decision, &invocation())
            .unwrap_err();
        let told = Diagnostic::from(told);
        assert_eq!(told.error_type, "panicked");
        assert_eq!(told.error_message, "try again later");
    }
}
