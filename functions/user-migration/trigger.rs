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
    legacy::{DynamoDbDirectory, LegacyUser},
    policy::{self, LookupKey},
    telemetry::Outcome,
    trigger::{Answer, Decision, Failure, Trigger, TriggerEvent, TriggerSource},
};
use tokio::time::Instant;

use crate::{
    attributes,
    verify::{ANSWER_RESERVE, Verified, Verifier},
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
    pub(crate) const NAME: &str = <Self as Trigger>::FUNCTION;

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

    async fn decide(&self, event: &TriggerEvent, deadline: Deadline) -> Result<Decision, Failure> {
        let floor = Duration::from_millis(self.policy.answer_floor_ms.get().into());
        // Before the deadline all the same, or it would take the decision with it.
        let floor = floor.min(deadline.keeping(ANSWER_RESERVE).remaining());
        let floor = Instant::now() + floor;
        let decided = match event.source() {
            TriggerSource::UserMigrationAuthentication => self.sign_in(event, deadline).await,
            TriggerSource::UserMigrationForgotPassword => {
                self.forgot_password(event, deadline).await
            }
            _ => return Ok(Decision::pass_through()),
        };
        if Instant::now() > floor {
            tracing::warn!(
                "an answer took longer than answer_floor_ms: its duration tells who exists"
            );
        }
        tokio::time::sleep_until(floor).await;
        decided
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use aws_sdk_dynamodb::{Client, Config, config::BehaviorVersion};
    use serde_json::value::RawValue;
    use shared::policy::{LegacyColumns, PolicyFile};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_floor_beyond_the_deadline_leaves_the_time_to_answer() {
        let text = "version = 1\n[user-migration]\nanswer_floor_ms = 4000";
        let policy: policy::UserMigration = PolicyFile::parse("policy.toml", text.to_owned())
            .section()
            .unwrap();
        // Nobody is called: the event names nobody.
        let config = Config::builder().behavior_version(BehaviorVersion::latest());
        let client = Client::from_conf(config.build());
        let directory =
            DynamoDbDirectory::new(client, "table".to_owned(), LegacyColumns::default());
        let verifier = Verifier::new(1769, &policy).unwrap();
        let function = UserMigration::new(policy, directory, verifier);
        let text = r#"{"triggerSource":"UserMigration_Authentication"}"#;
        let event = TriggerEvent::parse(RawValue::from_string(text.to_owned()).unwrap()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(2));
        function.decide(&event, deadline).await.unwrap_err();
        let left = deadline.remaining();
        assert!(left >= ANSWER_RESERVE / 2, "{left:?}");
        assert!(left <= ANSWER_RESERVE, "{left:?}");
    }
}
