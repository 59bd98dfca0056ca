//! What a trigger decided, and the one place where it becomes Cognito's wire form.

use std::{borrow::Cow, error::Error, fmt};

use lambda_runtime::Diagnostic;

use crate::{
    deadline::DeadlineExceeded,
    invocation::{self, Interrupted},
    telemetry::Outcome,
};

/// Text that an end user may read: Cognito shows it as `PreSignUp failed with error <text>.`, managed
/// login prints it above the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicMessage(pub Cow<'static, str>);

/// What goes back to Cognito.
#[derive(Debug)]
pub enum Answer {
    /// The event as it came: default behaviour.
    Unchanged,
    /// The event with these fields of `response` set.
    Respond(serde_json::Map<String, serde_json::Value>),
    /// An error: the operation that fired the trigger fails with this text.
    Refuse(PublicMessage),
}

/// One settled decision of a trigger.
pub type Decision = invocation::Decision<Answer>;

impl Decision {
    /// A source that this function does not know: Cognito's default behaviour, and counted.
    pub fn pass_through() -> Self {
        Self::new(
            Outcome::PassedThrough,
            "unknown-trigger-source",
            Answer::Unchanged,
        )
    }
}

/// Why a decision could not be reached. Every trigger turns it into its own outcome.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The event lacks something.
    #[error(transparent)]
    MalformedEvent(#[from] super::MalformedEvent),
    /// The time ran out.
    #[error(transparent)]
    DeadlineExceeded(#[from] DeadlineExceeded),
    /// A store or service failed.
    #[error("{0} failed")]
    Dependency(&'static str, #[source] Box<dyn Error + Send + Sync>),
    /// A bug of ours.
    #[error("the handler panicked")]
    Panicked,
}

impl Failure {
    /// A stable code for the audit line.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MalformedEvent(_) => "malformed-event",
            Self::DeadlineExceeded(_) => "deadline-exceeded",
            Self::Dependency(..) => "dependency-failed",
            Self::Panicked => "panicked",
        }
    }
}

impl From<&Interrupted> for Failure {
    fn from(interrupted: &Interrupted) -> Self {
        match interrupted {
            Interrupted::DeadlineExceeded(exceeded) => Self::DeadlineExceeded(*exceeded),
            Interrupted::Panicked(_) => Self::Panicked,
        }
    }
}

/// A refusal on its way to `lambda_runtime`. Its `Debug` is what the runtime would log: the reason only.
pub struct TriggerError {
    reason: &'static str,
    message: PublicMessage,
}

impl TriggerError {
    /// `message` for the end user, `reason` for the machine.
    pub fn new(reason: &'static str, message: PublicMessage) -> Self {
        Self { reason, message }
    }
}

impl fmt::Debug for TriggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl From<TriggerError> for Diagnostic {
    fn from(error: TriggerError) -> Self {
        Self {
            error_type: error.reason.to_owned(),
            // Cognito puts its own full stop behind the text.
            error_message: error.message.0.trim_end_matches('.').to_owned(),
        }
    }
}
