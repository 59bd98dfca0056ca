//! The loop between Cognito and a [`Trigger`].

use std::{error::Error, sync::Arc};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use super::{Answer, Decision, Failure, TriggerError, TriggerEvent};
use crate::{
    deadline::{ColdStart, Deadline, TRIGGER_BUDGET},
    telemetry::{AuditLine, Outcome, Telemetry, panic_location},
};

/// One of the three triggers.
pub trait Trigger: Send + Sync + 'static {
    /// The function's name in audit lines.
    const FUNCTION: &'static str;

    /// Decides one event within `deadline`.
    fn decide(
        &self,
        event: &TriggerEvent,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Decision, Failure>> + Send;

    /// What this function does when it cannot decide.
    fn settle(&self, failure: &Failure) -> Decision;
}

/// Serves `trigger` until Lambda ends the process.
///
/// # Errors
/// When the Runtime API is not reachable.
pub async fn serve<T: Trigger>(
    trigger: T,
    telemetry: Telemetry,
    start: ColdStart,
) -> Result<(), lambda_runtime::Error> {
    let trigger = Arc::new(trigger);
    let telemetry = Arc::new(telemetry);
    start.ready();
    let start = &start;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (payload, context) = event.into_parts();
        let deadline = Deadline::of_invocation(TRIGGER_BUDGET, start.charge(), context.deadline());
        answer(
            Arc::clone(&trigger),
            Arc::clone(&telemetry),
            payload,
            context.request_id,
            deadline,
        )
    }))
    .await
}

/// One event in, one answer out, one audit line written.
async fn answer<T: Trigger>(
    trigger: Arc<T>,
    telemetry: Arc<Telemetry>,
    payload: Box<RawValue>,
    request_id: String,
    deadline: Deadline,
) -> Result<Box<RawValue>, TriggerError> {
    let untouched = payload.clone();
    let parsed = TriggerEvent::parse(payload).map(Arc::new);
    let mut line = AuditLine::new(T::FUNCTION, &request_id);
    let decided = match &parsed {
        Ok(event) => {
            line.about_event(event, telemetry.log_key());
            decide(&trigger, event, deadline).await
        }
        Err(malformed) => Err(Failure::from(malformed.clone())),
    };
    let mut decision = decided.unwrap_or_else(|failure| {
        let decision = trigger.settle(&failure);
        decision.because(failure)
    });

    let result = match decision.answer {
        Answer::Unchanged => Ok(untouched),
        Answer::Refuse(ref message) => Err(TriggerError::new(decision.reason, message.clone())),
        Answer::Respond(ref changes) => match parsed.ok().and_then(Arc::into_inner) {
            Some(event) => event.with_response(changes).or(Ok(untouched)),
            None => Ok(untouched),
        },
    };
    if let Some(cause) = decision.cause.take() {
        log_cause(T::FUNCTION, &request_id, &decision, cause.as_ref());
    }
    line.decided(decision.outcome, decision.reason, decision.rule);
    telemetry.audit(line.at(deadline));
    result
}

/// Runs the decision in a task of its own, so that a panic or an overrun ends it and not the answer.
async fn decide<T: Trigger>(
    trigger: &Arc<T>,
    event: &Arc<TriggerEvent>,
    deadline: Deadline,
) -> Result<Decision, Failure> {
    let (trigger, event) = (Arc::clone(trigger), Arc::clone(event));
    let mut task = tokio::spawn(async move { trigger.decide(&event, deadline).await });
    match deadline.bound(&mut task).await {
        Ok(Ok(decided)) => decided,
        Ok(Err(_panicked)) => Err(Failure::Panicked(panic_location())),
        Err(exceeded) => {
            task.abort();
            Err(Failure::from(exceeded))
        }
    }
}

/// The one place where a trigger's failure is logged: whole chain, no values.
fn log_cause(function: &str, request_id: &str, decision: &Decision, cause: &(dyn Error + 'static)) {
    let chain = crate::telemetry::error_chain(cause);
    let reason = decision.reason;
    match decision.outcome {
        Outcome::Refused | Outcome::Untouched => {
            tracing::info!(function, request_id, reason, cause = chain, "not admitted");
        }
        _ => tracing::error!(
            function,
            request_id,
            reason,
            cause = chain,
            "could not decide"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::time::Duration;

    use lambda_runtime::Diagnostic;

    use super::*;
    use crate::trigger::PublicMessage;

    enum Broken {
        Panics,
        Hangs,
    }

    impl Trigger for Broken {
        const FUNCTION: &'static str = "broken";

        async fn decide(&self, _: &TriggerEvent, _: Deadline) -> Result<Decision, Failure> {
            match self {
                Self::Panics => panic!("canary"),
                Self::Hangs => std::future::pending().await,
            }
        }

        fn settle(&self, failure: &Failure) -> Decision {
            let message = PublicMessage("try again later.".into());
            Decision::new(Outcome::Failed, failure.reason(), Answer::Refuse(message))
        }
    }

    /// What Cognito hears of an event that `trigger` cannot decide.
    async fn answered(trigger: Broken) -> Diagnostic {
        let event = RawValue::from_string(r#"{"triggerSource":"X"}"#.to_owned()).unwrap();
        let telemetry = Telemetry::new("0123456789abcdef".parse().unwrap());
        let deadline = Deadline::after(Duration::from_secs(4));
        let id = "request".to_owned();
        let result = answer(Arc::new(trigger), Arc::new(telemetry), event, id, deadline).await;
        Diagnostic::from(result.unwrap_err())
    }

    #[tokio::test]
    async fn a_panic_is_settled_as_the_function_says_and_tells_nothing() {
        let told = answered(Broken::Panics).await;
        assert_eq!(told.error_type, "panicked");
        assert_eq!(told.error_message, "try again later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_that_hangs_is_settled_when_the_time_is_up() {
        let told = answered(Broken::Hangs).await;
        assert_eq!(told.error_type, "deadline-exceeded");
    }
}
