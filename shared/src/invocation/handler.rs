//! The contract between the loop and a function.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Decision, Interrupted};
use crate::{
    deadline::Deadline,
    telemetry::{AuditLine, LogKey, Telemetry},
};

/// A function, as the loop sees it. A Cognito trigger implements [`crate::trigger::Trigger`] instead,
/// which is a handler by itself.
pub trait Handler: Send + Sync + 'static {
    /// The function's name in audit lines.
    const FUNCTION: &'static str;
    /// The payload, as far as it could be read.
    type Request: Send + Sync + 'static;
    /// What a decision answers with.
    type Answer: Send + 'static;
    /// What goes over the wire when an invocation succeeds.
    type Response: Serialize + Send + 'static;
    /// What goes over the wire when it fails. The runtime logs its `Debug`.
    type Error: Into<Diagnostic> + Debug + Send + 'static;

    /// Reads the payload. What cannot be read is for [`Handler::decide`] to answer.
    fn read(payload: Box<RawValue>) -> Self::Request;

    /// What this request may take, from the moment somebody asked: a cold start is taken off it.
    fn budget(&self, request: &Self::Request) -> Duration;

    /// Decides one request within the invocation's deadline. Runs in a task of its own, so that a panic
    /// or an overrun ends it, and not the answer.
    fn decide(
        &self,
        request: &Self::Request,
        invocation: &Invocation,
    ) -> impl Future<Output = Decision<Self::Answer>> + Send;

    /// What this function does when the decision did not come to its end.
    fn settle(&self, request: &Self::Request, interrupted: &Interrupted) -> Decision<Self::Answer>;

    /// How long after the invocation began the answer leaves at the earliest, so that its duration
    /// does not tell what was decided. Applies to decisions and to settled panics alike, and ends
    /// with the deadline.
    fn floor(&self, _request: &Self::Request, _decision: &Decision<Self::Answer>) -> Duration {
        Duration::ZERO
    }

    /// The answer's wire form. The invocation's request id may be part of it: by that the log has the cause.
    ///
    /// # Errors
    /// When this function's caller is to see the invocation fail.
    fn respond(
        &self,
        request: &Self::Request,
        decision: Decision<Self::Answer>,
        invocation: &Invocation,
    ) -> Result<Self::Response, Self::Error>;
}

/// One invocation: its deadline, its id, and the audit line that fills while the decision runs.
#[derive(Debug)]
pub struct Invocation {
    deadline: Deadline,
    request_id: String,
    line: Mutex<AuditLine>,
    telemetry: Arc<Telemetry>,
}

impl Invocation {
    /// Of `function`, which must answer by `deadline`; `request_id` is Lambda's.
    pub fn new(
        function: &'static str,
        request_id: String,
        telemetry: Arc<Telemetry>,
        deadline: Deadline,
    ) -> Self {
        let line = Mutex::new(AuditLine::new(function, &request_id));
        Self {
            deadline,
            request_id,
            line,
            telemetry,
        }
    }

    /// By when the decision must have settled.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Lambda's request id, for log lines of the decision's own.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Notes in the audit line what is known by now: it is there even if the decision does not end.
    pub fn note(&self, what: impl FnOnce(&mut AuditLine, &LogKey)) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        what(&mut line, self.telemetry.log_key());
    }

    /// What is noted by now.
    pub(super) fn noted(&self) -> AuditLine {
        self.line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
