//! The loop between Lambda and a [`Handler`].

use std::{error::Error, sync::Arc};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{Decision, Handler, Interrupted, Invocation};
use crate::{
    deadline::{ColdStart, Deadline},
    telemetry::{Telemetry, error_chain, panic_location},
};

/// Serves `handler` until Lambda ends the process.
///
/// # Errors
/// When the Runtime API is not reachable.
pub async fn serve<H: Handler>(
    handler: H,
    telemetry: Telemetry,
    start: ColdStart,
) -> Result<(), lambda_runtime::Error> {
    let handler = Arc::new(handler);
    let telemetry = Arc::new(telemetry);
    start.ready();
    let start = &start;
    // The payload is read by us: the runtime would log what it cannot read, secrets included.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (payload, context) = event.into_parts();
        let request = H::read(payload);
        let budget = handler.budget(&request);
        let deadline = Deadline::of_invocation(budget, start.charge(), context.deadline());
        let id = context.request_id;
        let invocation = Invocation::new(H::FUNCTION, id, Arc::clone(&telemetry), deadline);
        let (handler, telemetry) = (Arc::clone(&handler), Arc::clone(&telemetry));
        async move {
            answer(
                &handler,
                Arc::new(request),
                Arc::new(invocation),
                &telemetry,
            )
            .await
        }
    }))
    .await
}

/// One request in, one answer out, one audit line written.
async fn answer<H: Handler>(
    handler: &Arc<H>,
    request: Arc<H::Request>,
    invocation: Arc<Invocation>,
    telemetry: &Telemetry,
) -> Result<H::Response, H::Error> {
    let began = Instant::now();
    let mut decision = decide(handler, &request, &invocation).await;
    hold_back(handler.as_ref(), &request, &decision, &invocation, began).await;
    if let Some(cause) = decision.cause.take() {
        log_cause(H::FUNCTION, &invocation, &decision, cause.as_ref());
    }
    let mut line = invocation.noted();
    line.decided(decision.outcome, decision.reason, decision.rule.take());
    telemetry.audit(line.at(invocation.deadline()));
    handler.respond(&request, decision, &invocation)
}

/// Runs the decision in a task of its own, and settles what does not come to its end.
async fn decide<H: Handler>(
    handler: &Arc<H>,
    request: &Arc<H::Request>,
    invocation: &Arc<Invocation>,
) -> Decision<H::Answer> {
    let deadline = invocation.deadline();
    let mut task = {
        let (handler, request) = (Arc::clone(handler), Arc::clone(request));
        let invocation = Arc::clone(invocation);
        tokio::spawn(async move { handler.decide(&request, &invocation).await })
    };
    let interrupted = match deadline.bound(&mut task).await {
        Ok(Ok(decision)) => return decision,
        Ok(Err(_panicked)) => Interrupted::Panicked(panic_location()),
        Err(exceeded) => {
            task.abort();
            Interrupted::from(exceeded)
        }
    };
    let decision = handler.settle(request, &interrupted);
    decision.because(interrupted)
}

/// Waits until the answer may leave.
async fn hold_back<H: Handler>(
    handler: &H,
    request: &H::Request,
    decision: &Decision<H::Answer>,
    invocation: &Invocation,
    began: Instant,
) {
    let floor = handler.floor(request, decision);
    if floor.is_zero() {
        return;
    }
    let floor = began + floor;
    if Instant::now() > floor {
        let (function, request_id) = (H::FUNCTION, invocation.request_id());
        tracing::warn!(
            function,
            request_id,
            "an answer took longer than its floor: its duration tells what was decided"
        );
    }
    // What waits is an answer, so the deadline itself only ends the wait.
    let _ = invocation
        .deadline()
        .bound(tokio::time::sleep_until(floor))
        .await;
}

/// The one place where the cause of a decision is logged: the whole chain, no values.
fn log_cause<A>(
    function: &str,
    invocation: &Invocation,
    decision: &Decision<A>,
    cause: &(dyn Error + 'static),
) {
    let cause = error_chain(cause);
    let (request_id, reason) = (invocation.request_id(), decision.reason);
    if decision.outcome.is_failure() {
        tracing::error!(function, request_id, reason, cause, "could not decide");
    } else {
        tracing::info!(function, request_id, reason, cause, "decided");
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, process::Command, time::Duration};

    use serde_json::Value;

    use super::*;
    use crate::telemetry::{self, Outcome, Principal};

    /// Set to the request in the process whose log is read.
    const INSIDE: &str = "POOLKEEPER_TEST_SERVE";
    const LOG_KEY: &str = "0123456789abcdef";
    const REQUEST_ID: &str = "4a1c3c5e";
    const BUDGET: Duration = Duration::from_secs(4);
    const FLOOR: Duration = Duration::from_secs(1);

    /// A function whose decision does what its payload says.
    struct Told;

    impl Handler for Told {
        const FUNCTION: &'static str = "told";
        type Request = String;
        type Answer = &'static str;
        type Response = &'static str;
        type Error = Infallible;

        fn read(payload: Box<RawValue>) -> String {
            payload.get().trim_matches('"').to_owned()
        }

        fn budget(&self, _: &String) -> Duration {
            BUDGET
        }

        async fn decide(
            &self,
            request: &String,
            invocation: &Invocation,
        ) -> Decision<Self::Answer> {
            invocation.note(|line, key| line.about_subject("app", "ana", key));
            match request.as_str() {
                "panic" => panic!("canary"),
                "hang" => std::future::pending().await,
                _ => Decision::new(Outcome::Issued, "token", "issued"),
            }
        }

        fn settle(&self, _: &String, interrupted: &Interrupted) -> Decision<Self::Answer> {
            Decision::new(Outcome::Failed, interrupted.reason(), "try again")
        }

        fn floor(&self, _: &String, _: &Decision<Self::Answer>) -> Duration {
            FLOOR
        }

        fn respond(
            &self,
            _: &String,
            decision: Decision<Self::Answer>,
            _: &Invocation,
        ) -> Result<&'static str, Infallible> {
            Ok(decision.answer)
        }
    }

    /// The answer to `request`, and how long it took.
    async fn answered(request: &str) -> (&'static str, Duration) {
        let telemetry = Arc::new(Telemetry::new(LOG_KEY.parse().unwrap()));
        let deadline = Deadline::after(BUDGET);
        let id = REQUEST_ID.to_owned();
        let invocation = Invocation::new(Told::FUNCTION, id, Arc::clone(&telemetry), deadline);
        let began = Instant::now();
        let request = Arc::new(request.to_owned());
        let invocation = Arc::new(invocation);
        let answer = answer(&Arc::new(Told), request, invocation, &telemetry).await;
        let Ok(answer) = answer;
        (answer, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_settled_as_the_function_says_and_not_before_the_floor() {
        let (answer, took) = answered("panic").await;
        assert_eq!(answer, "try again");
        assert!(took >= FLOOR && took < BUDGET, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_that_hangs_is_settled_when_the_time_is_up() {
        let (answer, took) = answered("hang").await;
        assert_eq!(answer, "try again");
        assert!(took >= BUDGET && took < BUDGET + FLOOR, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_waits_for_the_floor() {
        let (answer, took) = answered("decide").await;
        assert_eq!(answer, "issued");
        assert!(took >= FLOOR && took < BUDGET, "{took:?}");
    }

    /// The lines that this test's own process logs for `request`: it takes the log of the process.
    fn logged(request: &str) -> Vec<Value> {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["a_decision_that_does_not_end_leaves", "--nocapture"])
            .env(INSIDE, request)
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env_remove("AWS_LAMBDA_LOG_LEVEL")
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert!(output.status.success(), "{told}");
        assert!(!told.contains("canary"), "{told}");
        // The test's name may stand before the first of them.
        let objects = told
            .lines()
            .filter_map(|line| line.find('{').map(|at| &line[at..]));
        objects
            .filter_map(|text| serde_json::from_str(text).ok())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_that_does_not_end_leaves_a_cause_and_an_audit_line_that_name_it() {
        if let Ok(request) = std::env::var(INSIDE) {
            telemetry::init(Told::FUNCTION);
            answered(&request).await;
            return;
        }
        let principal = Principal::new(&LOG_KEY.parse().unwrap(), "app", "ana").to_string();
        for (request, reason) in [("panic", "panicked"), ("hang", "deadline-exceeded")] {
            let lines = logged(request);
            let cause = lines.iter().find(|line| line["cause"].is_string());
            let audit = lines.iter().find(|line| line["type"] == "poolkeeper.audit");
            let (Some(cause), Some(audit)) = (cause, audit) else {
                panic!("{request}: {lines:?}");
            };
            for line in [cause, audit] {
                assert_eq!(line["function"], Told::FUNCTION, "{line}");
                assert_eq!(line["request_id"], REQUEST_ID, "{line}");
                assert_eq!(line["reason"], reason, "{line}");
            }
            assert_eq!(audit["principal"], principal, "{audit}");
        }
    }
}
