//! From the event to the legacy stores, and back to an answer that tells nothing.
//!
//! Unknown, wrong, disabled, unsupported, store down: Cognito gets the event as it came, and not before
//! the floor of time if the answer depends on a user. Only the audit line knows which it was.

use std::time::Duration;

use password::Password;
use serde::Deserialize;
use shared::{
    invocation::Invocation,
    legacy::{Authenticated, Found, LegacyUser, Mapped, Store},
    telemetry::Outcome,
    trigger::{Answer, Decision, Failure, Trigger, TriggerEvent, TriggerSource},
};

use crate::{
    answer::{migrated, untouched},
    chain::{Chain, ChainError},
};

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
    forgot_password: bool,
    floor: Duration,
}

#[derive(Deserialize)]
struct SignIn {
    password: String,
}

impl UserMigration {
    pub(crate) fn new(chain: Chain, forgot_password: bool, floor: Duration) -> Self {
        Self {
            chain,
            forgot_password,
            floor,
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
        let deadline = invocation.deadline();
        let (store, said) = match self.chain.authenticate(typed, &password, deadline).await {
            Ok(answer) => answer,
            Err(failed) => return settled(failed),
        };
        note(invocation, store, None);
        Ok(match said {
            Authenticated::Unknown => untouched(self.unknown()),
            Authenticated::WrongPassword => untouched("wrong-password"),
            Authenticated::Disabled => untouched("disabled"),
            Authenticated::Unsupported(code) => untouched(code),
            Authenticated::Verified(user) => {
                note(invocation, store, Some(&user));
                let mapped = map(store, &user, typed, invocation);
                // Always said: Cognito does not document what it takes an absent one for.
                migrated("password-verified", mapped.attributes, Some("CONFIRMED"))
            }
        })
    }

    async fn forgotten(
        &self,
        event: &TriggerEvent,
        invocation: &Invocation,
    ) -> Result<Decision, Failure> {
        let typed = event.user_name()?;
        if !self.forgot_password {
            return Ok(untouched("forgot-password-off"));
        }
        let (store, said) = match self.chain.find(typed, invocation.deadline()).await {
            Ok(answer) => answer,
            Err(failed) => return settled(failed),
        };
        note(invocation, store, None);
        Ok(match said {
            Found::Unknown => untouched(self.unknown()),
            Found::Disabled => untouched("disabled"),
            Found::Unsupported(code) => untouched(code),
            Found::User(user) => {
                let mapped = map(store, &user, typed, invocation);
                if mapped.reachable() {
                    migrated("password-forgotten", mapped.attributes, None)
                } else {
                    untouched("no-verified-destination")
                }
            }
        })
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
            self.floor
        }
    }
}

/// A store that is down says nothing of a user, unless the way to it did.
fn settled(failed: ChainError) -> Result<Decision, Failure> {
    if failed.tells_of_a_user {
        let decision = Decision::new(
            Outcome::Failed,
            "later-dependency-failed",
            Answer::Unchanged,
        );
        return Ok(decision.because(failed));
    }
    Err(Failure::Dependency("the legacy store", failed.into()))
}

fn note(invocation: &Invocation, store: Option<&Store>, user: Option<&LegacyUser>) {
    let scheme = user.and_then(|user| user.scheme);
    if let Some(store) = store {
        let scheme = scheme.map(|scheme| scheme.name());
        invocation.note(|line, _| line.of_store(store.name(), scheme));
    }
}

fn map(store: Option<&Store>, user: &LegacyUser, typed: &str, invocation: &Invocation) -> Mapped {
    let mapped = store.map(|store| store.attributes().apply(user, typed));
    let mapped = mapped.unwrap_or_default();
    if !mapped.left_out.is_empty() {
        let (request_id, attributes) = (invocation.request_id(), mapped.left_out.join(","));
        tracing::warn!(
            request_id,
            attributes,
            "attributes are left out: Cognito would refuse their values"
        );
    }
    mapped
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use shared::deadline::DeadlineExceeded;

    use super::*;

    const FLOOR: Duration = Duration::from_millis(300);

    fn floor_of(decision: &Decision) -> Duration {
        let chain = Chain::default();
        let function = UserMigration::new(chain, false, FLOOR);
        let text = r#"{"triggerSource":"UserMigration_Authentication"}"#;
        let event = RawValue::from_string(text.to_owned()).unwrap();
        function.floor(&TriggerEvent::parse(&event).unwrap(), decision)
    }

    fn settled_as(failure: &Failure) -> Decision {
        UserMigration::new(Chain::default(), false, FLOOR).settle(failure)
    }

    #[test]
    fn an_answer_that_depends_on_a_user_takes_the_floor() {
        for reason in [
            "unknown-user",
            "wrong-password",
            "disabled",
            "cost-over-cap",
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
