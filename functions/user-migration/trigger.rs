//! From the event to the legacy directory, and back to an answer that tells nothing.
//!
//! Unknown, wrong, disabled, unsupported, store down: Cognito gets the event as it came, and not before
//! the floor of time. Only the audit line knows which it was.

use std::{collections::BTreeMap, time::Duration};

use password::Password;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    invocation::Invocation,
    legacy::{DynamoDbDirectory, LegacyUser},
    policy::{self, LookupKey},
    telemetry::Outcome,
    trigger::{Answer, Decision, Failure, Trigger, TriggerEvent, TriggerSource},
};

use crate::{
    attributes,
    verify::{Verified, Verifier},
};

/// The trigger, with its rules and its store.
pub(crate) struct UserMigration {
    policy: policy::UserMigration,
    directory: DynamoDbDirectory,
    verifier: Verifier,
}

#[derive(Deserialize)]
struct SignIn {
    password: Password,
}

impl UserMigration {
    pub(crate) fn new(
        policy: policy::UserMigration,
        directory: DynamoDbDirectory,
        verifier: Verifier,
    ) -> Self {
        Self {
            policy,
            directory,
            verifier,
        }
    }

    async fn sign_in(&self, event: &TriggerEvent, deadline: Deadline) -> Result<Decision, Failure> {
        let typed = event.user_name()?;
        let SignIn { password } = event.request()?;
        let user = match self.find(typed, deadline).await? {
            Some(user) if user.enabled => user,
            nobody => {
                self.verifier.verify_nobody(password, deadline).await;
                let reason = nobody.map_or("unknown-user", |_| "disabled");
                return Ok(untouched(reason));
            }
        };
        match self.verifier.verify(password, &user, deadline).await {
            Verified::Mismatch => Ok(untouched("wrong-password")),
            Verified::Unsupported(code) => Ok(untouched(code)),
            Verified::Match => {
                let attributes = attributes::map(&self.policy, &user, typed);
                // Always said: one page of AWS's takes any other value for a failure.
                Ok(migrated("password-verified", attributes, Some("CONFIRMED")))
            }
        }
    }

    async fn forgot_password(
        &self,
        event: &TriggerEvent,
        deadline: Deadline,
    ) -> Result<Decision, Failure> {
        let typed = event.user_name()?;
        if !self.policy.forgot_password {
            return Ok(untouched("forgot-password-off"));
        }
        let Some(user) = self.find(typed, deadline).await? else {
            return Ok(untouched("unknown-user"));
        };
        if !user.enabled {
            return Ok(untouched("disabled"));
        }
        let attributes = attributes::map(&self.policy, &user, typed);
        if attributes::reachable(&attributes) {
            Ok(migrated("password-forgotten", attributes, None))
        } else {
            Ok(untouched("no-verified-destination"))
        }
    }

    async fn find(&self, typed: &str, deadline: Deadline) -> Result<Option<LegacyUser>, Failure> {
        let key = match self.policy.lookup_key {
            LookupKey::AsTyped => typed.to_owned(),
            LookupKey::LowerCase => typed.trim().to_lowercase(),
        };
        // DynamoDB refuses keys outside these lengths: they are of nobody.
        if key.is_empty() || key.len() > 2048 {
            return Ok(None);
        }
        let failed = |error: ServiceError| Failure::Dependency("the legacy table", error.into());
        self.directory.find(&key, deadline).await.map_err(failed)
    }
}

impl Trigger for UserMigration {
    const FUNCTION: &'static str = "user-migration";

    async fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let deadline = invocation.deadline();
        match event.source() {
            TriggerSource::USER_MIGRATION_AUTHENTICATION => self.sign_in(event, deadline).await,
            TriggerSource::USER_MIGRATION_FORGOT_PASSWORD => {
                self.forgot_password(event, deadline).await
            }
            _ => Ok(Decision::pass_through()),
        }
    }

    fn floor(&self, _: &TriggerEvent, decision: &Decision) -> Duration {
        match decision.outcome {
            Outcome::PassedThrough => Duration::ZERO,
            _ => Duration::from_millis(self.policy.answer_floor_ms.get().into()),
        }
    }

    /// Fails closed, and silently: an error would tell that there was something to fail on.
    fn settle(&self, failure: &Failure) -> Decision {
        Decision::new(Outcome::Failed, failure.reason(), Answer::Unchanged)
    }
}

fn untouched(reason: &'static str) -> Decision {
    Decision::new(Outcome::Untouched, reason, Answer::Unchanged)
}

fn migrated(
    reason: &'static str,
    attributes: BTreeMap<String, String>,
    final_user_status: Option<&str>,
) -> Decision {
    let mut response = Map::from_iter([
        ("userAttributes".to_owned(), json!(attributes)),
        // Nobody wants a welcome message from a system that they have been using for years.
        ("messageAction".to_owned(), json!("SUPPRESS")),
    ]);
    let status = final_user_status.map(|status| Value::String(status.to_owned()));
    response.extend(status.map(|status| ("finalUserStatus".to_owned(), status)));
    Decision::new(Outcome::Migrated, reason, Answer::Respond(response))
}
