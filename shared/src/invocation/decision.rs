//! What a function decided, and what the audit line says of it.

use std::error::Error;

use crate::{deadline::DeadlineExceeded, telemetry::Outcome};

/// One settled decision: the answer, and what the audit line says of it.
#[derive(Debug)]
pub struct Decision<A> {
    /// What goes back.
    pub answer: A,
    /// What it comes to.
    pub outcome: Outcome,
    /// A stable code for the reason, kebab-case, listed in LOGGING.md.
    pub reason: &'static str,
    /// The rule of the policy that decided, by name.
    pub rule: Option<String>,
    /// The cause, for the operator's log.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl<A> Decision<A> {
    /// `outcome` for `reason`, answered with `answer`.
    pub fn new(outcome: Outcome, reason: &'static str, answer: A) -> Self {
        Self {
            answer,
            outcome,
            reason,
            rule: None,
            cause: None,
        }
    }

    /// With the rule that decided.
    pub fn by_rule(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }

    /// With the cause, for the log.
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

/// Why a decision did not come to its end. Every function turns it into its own outcome.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The time ran out.
    #[error(transparent)]
    DeadlineExceeded(#[from] DeadlineExceeded),
    /// A bug of ours, at this place (`file:line:column`).
    #[error("the handler panicked at {0}")]
    Panicked(String),
}

impl Interrupted {
    /// A stable code for the audit line.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::DeadlineExceeded(_) => "deadline-exceeded",
            Self::Panicked(_) => "panicked",
        }
    }
}
