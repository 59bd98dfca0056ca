//! The loop between the HTTP front and an [`Exchange`].

use std::{sync::Arc, time::Duration};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use shared::{
    deadline::{ColdStart, Deadline},
    telemetry::{AuditLine, Outcome, Telemetry, error_chain, panic_location},
};

use crate::{
    exchange::{Denied, Exchange, Vended},
    request,
    respond::{self, Refusal, Shape},
};

/// The function's name in audit lines.
pub(crate) const FUNCTION: &str = "identity-vendor";

/// What one request may take. SDKs give up after 2 to 5 s and try again; an HTTP API waits for 30 s.
const BUDGET: Duration = Duration::from_secs(8);

/// Serves `exchange` until Lambda ends the process.
pub(crate) async fn serve(
    exchange: Exchange,
    telemetry: Telemetry,
    start: ColdStart,
) -> Result<(), lambda_runtime::Error> {
    let vendor = Arc::new(Vendor {
        exchange,
        telemetry,
    });
    start.ready();
    let start = &start;
    // The event is read by us: the runtime would log what it cannot read, token included.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (payload, context) = event.into_parts();
        let deadline = Deadline::of_invocation(BUDGET, start.charge(), context.deadline());
        let vendor = Arc::clone(&vendor);
        async move {
            Ok::<_, std::convert::Infallible>(
                vendor.answer(payload, context.request_id, deadline).await,
            )
        }
    }))
    .await
}

struct Vendor {
    exchange: Exchange,
    telemetry: Telemetry,
}

/// The event is no HTTP request.
#[derive(Debug, thiserror::Error)]
#[error("expected an HTTP API event, payload format 2.0")]
struct NoHttpEvent;

/// A bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked at {0}")]
struct Panicked(String);

impl Vendor {
    /// One request in, one answer out, one audit line written.
    async fn answer(
        self: &Arc<Self>,
        payload: Box<RawValue>,
        request_id: String,
        deadline: Deadline,
    ) -> ApiGatewayV2httpResponse {
        let line = AuditLine::new(FUNCTION, &request_id);
        let Ok(event) = serde_json::from_str::<ApiGatewayV2httpRequest>(payload.get()) else {
            let denied = Denied::because(
                Refusal::InvalidRequest("the request cannot be read"),
                NoHttpEvent,
            );
            return self.deny(denied, Shape::TokenExchange, line, deadline);
        };
        let shape = request::shape(&event);
        let vendor = Arc::clone(self);
        let lost = line.clone();
        // A task of its own: a panic or an overrun ends it, and not the answer.
        let mut task = tokio::spawn(async move {
            let mut line = line;
            let decided = vendor.decide(&event, &mut line, deadline).await;
            (decided, line)
        });
        match deadline.bound(&mut task).await {
            Ok(Ok((Ok((vended, rule)), line))) => self.issue(&vended, rule, shape, line, deadline),
            Ok(Ok((Err(denied), line))) => self.deny(denied, shape, line, deadline),
            Ok(Err(_panicked)) => {
                let denied = Denied::because(Refusal::Internal, Panicked(panic_location()));
                self.deny(denied, shape, lost, deadline)
            }
            Err(exceeded) => {
                task.abort();
                let denied = Denied::because(Refusal::Unavailable, exceeded);
                self.deny(denied, shape, lost, deadline)
            }
        }
    }

    async fn decide(
        &self,
        event: &ApiGatewayV2httpRequest,
        line: &mut AuditLine,
        deadline: Deadline,
    ) -> Result<(Vended, Option<String>), Denied> {
        let request = request::parse(event)?;
        let log_key = self.telemetry.log_key();
        self.exchange.vend(&request, line, log_key, deadline).await
    }

    fn issue(
        &self,
        vended: &Vended,
        rule: Option<String>,
        shape: Shape,
        mut line: AuditLine,
        deadline: Deadline,
    ) -> ApiGatewayV2httpResponse {
        let (reason, response) = match vended {
            Vended::Token(token, seconds) => ("token", respond::token(token, *seconds)),
            Vended::Credentials {
                credentials,
                identity_id,
                account_id,
            } => {
                let response = respond::credentials(credentials, identity_id, account_id, shape);
                ("credentials", response)
            }
        };
        line.decided(Outcome::Issued, reason, rule);
        self.telemetry.audit(line.at(deadline));
        response
    }

    fn deny(
        &self,
        denied: Denied,
        shape: Shape,
        mut line: AuditLine,
        deadline: Deadline,
    ) -> ApiGatewayV2httpResponse {
        let Denied {
            refusal,
            cause,
            rule,
        } = denied;
        let reason = refusal.reason();
        let failed = matches!(
            refusal,
            Refusal::Internal | Refusal::Unavailable | Refusal::Throttled
        );
        if let Some(cause) = cause {
            let cause = error_chain(cause.as_ref());
            if failed {
                tracing::error!(reason, cause, "could not vend");
            } else {
                tracing::info!(reason, cause, "not vended");
            }
        }
        let outcome = if failed {
            Outcome::Failed
        } else {
            Outcome::Denied
        };
        line.decided(outcome, reason, rule);
        self.telemetry.audit(line.at(deadline));
        respond::refusal(refusal, shape)
    }
}
