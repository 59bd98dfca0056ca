//! From the event to the legacy stores, and back to an answer that tells nothing.
//!
//! Unknown, wrong, disabled, unsupported, store down: Cognito gets the event as it came, and not before
//! the floor of time if the answer depends on a user. Only the audit line knows which it was.

use std::time::Duration;

use password::Password;
use serde::Deserialize;
use shared::{
    invocation::Invocation,
    legacy::{ANSWER_RESERVE, Authenticated, Found, LegacyUser, Mapped, Store},
    policy::WeakPassword,
    telemetry::{Outcome, error_chain},
    trigger::{Answer, Decision, Failure, Trigger, TriggerEvent, TriggerSource},
};

use crate::{
    answer::{migrated, untouched},
    candidate::Candidate,
    chain::{Chain, ChainError},
    limits::{Attempt, Limits},
    moved::{MovedIn, Mover, Offer},
    weak_password::{Admission, PoolPasswordPolicy, admit},
};

/// A failure whose time tells something of a user: that an earlier store does not know them, or that one
/// does.
const LATER_DEPENDENCY_FAILED: &str = "later-dependency-failed";

/// Reasons of answers that say nothing of a user, and therefore leave at once: they follow from the event
/// and the policy alone, or from a store that answers nobody. All others take the floor.
const ABOUT_NOBODY: [&str; 6] = [
    "malformed-event",
    "unknown-trigger-source",
    "forgot-password-off",
    "no-store",
    "impossible-password",
    "dependency-failed",
];

/// The trigger, with its rules and its stores.
pub(crate) struct UserMigration {
    chain: Chain,
    limits: Limits,
    moved: MovedIn,
    rules: Rules,
}

/// What the policy and the wiring say, beside the stores.
pub(crate) struct Rules {
    /// Time before which no answer leaves that depends on a user.
    pub(crate) floor: Duration,
    /// Whether a forgotten password moves a user in.
    pub(crate) forgot_password: bool,
    /// What becomes of a weak password.
    pub(crate) weak_password: WeakPassword,
    /// What the pool calls weak.
    pub(crate) pool: Option<PoolPasswordPolicy>,
}

#[derive(Deserialize)]
struct SignIn {
    password: String,
}

impl UserMigration {
    pub(crate) fn new(chain: Chain, limits: Limits, moved: MovedIn, rules: Rules) -> Self {
        Self {
            chain,
            limits,
            moved,
            rules,
        }
    }

    async fn sign_in(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let typed = event.user_name()?;
        let SignIn { password } = event.request()?;
        // No store can hold it: a wrong password, and nothing to alarm anybody.
        let Ok(password) = Password::parse(password) else {
            return Ok(untouched("impossible-password"));
        };
        if let Some(reached) = self.limited(event, typed, invocation).await? {
            return Ok(untouched(reached));
        }
        let deadline = invocation.deadline();
        let (store, said) = match self.chain.authenticate(typed, &password, deadline).await {
            Ok(answer) => answer,
            Err(failed) => return settled(failed),
        };
        let Some(store) = store else {
            return Ok(untouched(self.unknown()));
        };
        invocation.note(|line, _| line.of_store(store.name(), None));
        if let Authenticated::Verified(LegacyUser { record_id, .. })
        | Authenticated::WrongPassword(Some(record_id)) = &said
        {
            // Also a right password: it may be the last of many guesses.
            let over = self.over_limit(event, invocation, store, record_id);
            if let Some(decision) = over.await? {
                return Ok(decision);
            }
        }
        let user = match said {
            Authenticated::Verified(user) => user,
            Authenticated::Unknown => return Ok(untouched(self.unknown())),
            Authenticated::WrongPassword(_) => return Ok(untouched("wrong-password")),
            Authenticated::Disabled => return Ok(untouched("disabled")),
            Authenticated::Unsupported(code) => return Ok(untouched(code)),
        };
        let scheme = user.scheme.map(|scheme| scheme.name());
        invocation.note(|line, _| line.of_store(store.name(), scheme));
        if let Err(failed) = store.mark_verified(&user, deadline).await {
            let (request_id, cause) = (invocation.request_id(), error_chain(&failed));
            tracing::warn!(request_id, cause, "the row is not marked as verified");
        }
        let rules = &self.rules;
        // Always said: Cognito does not document what it takes an absent status for.
        let (reason, status) = match admit(rules.weak_password, rules.pool.as_ref(), &password) {
            Admission::Confirmed => ("password-verified", "CONFIRMED"),
            Admission::ResetRequired => ("weak-password-reset", "RESET_REQUIRED"),
            Admission::Refused => return Ok(untouched("weak-password")),
        };
        let candidate = Candidate {
            user: &user,
            store,
            typed,
        };
        let mapped = candidate.map(invocation);
        self.offer(event, invocation, &candidate, &mapped, || {
            migrated(reason, mapped.attributes.clone(), Some(status))
        })
        .await
    }

    async fn forgotten(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let typed = event.user_name()?;
        if !self.rules.forgot_password {
            return Ok(untouched("forgot-password-off"));
        }
        if let Some(reached) = self.limited(event, typed, invocation).await? {
            return Ok(untouched(reached));
        }
        let (store, said) = match self.chain.find(typed, invocation.deadline()).await {
            Ok(answer) => answer,
            Err(failed) => return settled(failed),
        };
        let Some(store) = store else {
            return Ok(untouched(self.unknown()));
        };
        invocation.note(|line, _| line.of_store(store.name(), None));
        let user = match said {
            Found::User(user) => user,
            Found::Unknown => return Ok(untouched(self.unknown())),
            Found::Disabled => return Ok(untouched("disabled")),
            Found::Unsupported(code) => return Ok(untouched(code)),
        };
        let over = self.over_limit(event, invocation, store, &user.record_id);
        if let Some(decision) = over.await? {
            return Ok(decision);
        }
        let candidate = Candidate {
            user: &user,
            store,
            typed,
        };
        let mapped = candidate.map(invocation);
        if !mapped.reachable() {
            return Ok(untouched("no-verified-destination"));
        }
        self.offer(event, invocation, &candidate, &mapped, || {
            migrated("password-forgotten", mapped.attributes.clone(), None)
        })
        .await
    }

    /// The limit that this attempt is over, if it is over one.
    async fn limited(
        &self,
        event: &TriggerEvent,
        typed: &str,
        invocation: &Invocation,
    ) -> Result<Option<&'static str>, Failure> {
        if self.chain.is_empty() {
            return Ok(None);
        }
        let deadline = invocation.deadline().keeping(ANSWER_RESERVE);
        let reached = self
            .limits
            .reached(&Attempt::of(event)?, typed, deadline)
            .await;
        reached.map_err(|failed| Failure::Dependency("the limiter", failed.into()))
    }

    /// The decision, if the user of this record was tried too often, whatever the names.
    async fn over_limit(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
        store: &Store,
        record_id: &str,
    ) -> Result<Option<Decision>, Failure> {
        let deadline = invocation.deadline().keeping(ANSWER_RESERVE);
        let attempt = Attempt::of(event)?;
        let admitted = self
            .limits
            .admits_record(&attempt, store.name(), record_id, deadline);
        Ok(match admitted.await {
            Ok(true) => None,
            Ok(false) => Some(untouched("limited-record")),
            Err(failed) => Some(later_failed(failed)),
        })
    }

    /// The decision, if this user has not moved in before.
    async fn offer(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
        candidate: &Candidate<'_>,
        mapped: &Mapped,
        decision: impl FnOnce() -> Decision,
    ) -> Result<Decision, Failure> {
        let user_name = mapped.attributes.get("username");
        let mover = Mover {
            user_pool_id: event.user_pool_id()?,
            store: candidate.store.name(),
            record_id: &candidate.user.record_id,
            user_name: user_name.map_or(candidate.typed, String::as_str),
            groups: candidate.store.groups().of(candidate.user),
            mfa: candidate.user.mfa,
            scheme: candidate.user.scheme.map(|scheme| scheme.name()),
        };
        Ok(
            match self.moved.offer(&mover, invocation.deadline()).await {
                Ok(Offer::Made) => decision(),
                Ok(Offer::MovedBefore) => untouched("moved-before"),
                Err(failed) => later_failed(failed),
            },
        )
    }

    fn unknown(&self) -> &'static str {
        if self.chain.is_empty() {
            "no-store"
        } else {
            "unknown-user"
        }
    }
}

impl Trigger for UserMigration {
    const FUNCTION: &'static str = "user-migration";

    async fn decide(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        match event.source() {
            TriggerSource::USER_MIGRATION_AUTHENTICATION => self.sign_in(event, invocation).await,
            TriggerSource::USER_MIGRATION_FORGOT_PASSWORD => {
                self.forgotten(event, invocation).await
            }
            _ => Ok(Decision::pass_through()),
        }
    }

    /// Fails closed, and silently: an error would tell that there was something to fail on.
    fn settle(&self, failure: &Failure) -> Decision {
        Decision::new(Outcome::Failed, failure.reason(), Answer::Unchanged)
    }

    fn floor(&self, _: &TriggerEvent, decision: &Decision) -> Duration {
        if ABOUT_NOBODY.contains(&decision.reason) {
            Duration::ZERO
        } else {
            self.rules.floor
        }
    }
}

/// A store that is down says nothing of a user, unless the way to it did.
fn settled(failed: ChainError) -> Result<Decision, Failure> {
    if failed.tells_of_a_user {
        return Ok(later_failed(failed));
    }
    Err(Failure::Dependency("the legacy store", failed.into()))
}

fn later_failed(failed: impl std::error::Error + Send + Sync + 'static) -> Decision {
    let decision = Decision::new(Outcome::Failed, LATER_DEPENDENCY_FAILED, Answer::Unchanged);
    decision.because(failed)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use shared::{
        deadline::DeadlineExceeded,
        limit::{Limiter, Rate},
    };

    use super::*;

    const FLOOR: Duration = Duration::from_millis(300);

    /// Without a store; nobody is called.
    fn function() -> UserMigration {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest());
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        let limiter = Limiter::new(client.clone(), "ephemeral".to_owned());
        let limits = Limits::new(limiter, Rate::new(10, Duration::from_secs(600)), None);
        let moved = MovedIn::new(client, "directory".to_owned(), 5);
        let rules = Rules {
            floor: FLOOR,
            forgot_password: false,
            weak_password: WeakPassword::Accept,
            pool: None,
        };
        UserMigration::new(Chain::default(), limits, moved, rules)
    }

    fn floor_of(decision: &Decision) -> Duration {
        let function = function();
        let text = r#"{"triggerSource":"UserMigration_Authentication"}"#;
        let event = RawValue::from_string(text.to_owned()).unwrap();
        function.floor(&TriggerEvent::parse(&event).unwrap(), decision)
    }

    fn settled_as(failure: &Failure) -> Decision {
        function().settle(failure)
    }

    #[test]
    fn an_answer_that_depends_on_a_user_takes_the_floor() {
        for reason in [
            "unknown-user",
            "wrong-password",
            "disabled",
            "cost-over-cap",
            "weak-password",
            "moved-before",
            "limited-name",
            "limited-record",
        ] {
            assert_eq!(floor_of(&untouched(reason)), FLOOR, "{reason}");
        }
        let moved = migrated("password-verified", Default::default(), None);
        assert_eq!(floor_of(&moved), FLOOR);
    }

    #[test]
    fn a_panic_takes_the_floor_and_an_overrun_too() {
        let exceeded = Failure::DeadlineExceeded(DeadlineExceeded);
        for failure in [Failure::Panicked, exceeded] {
            assert_eq!(floor_of(&settled_as(&failure)), FLOOR, "{failure}");
        }
    }

    #[test]
    fn a_store_that_is_down_says_nothing_of_a_user_and_answers_in_its_own_time() {
        let down = Failure::Dependency("the legacy store", "down".into());
        assert_eq!(floor_of(&settled_as(&down)), Duration::ZERO);
        // Down behind a store that does not know the user: that much is told.
        let later = Decision::new(
            Outcome::Failed,
            "later-dependency-failed",
            Answer::Unchanged,
        );
        assert_eq!(floor_of(&later), FLOOR);
    }

    #[test]
    fn what_follows_from_the_event_alone_leaves_at_once() {
        for reason in ["forgot-password-off", "no-store", "impossible-password"] {
            assert_eq!(floor_of(&untouched(reason)), Duration::ZERO, "{reason}");
        }
        assert_eq!(floor_of(&Decision::pass_through()), Duration::ZERO);
    }
}
