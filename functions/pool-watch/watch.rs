//! One look at the pool: what is found, and what is done about it.

use std::{collections::BTreeMap, time::Duration};

use serde::{Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use shared::{
    aws::SignedError,
    deadline::Deadline,
    invocation::{Decision, Handler, Interrupted, Invocation, asks_for_health},
    telemetry::Outcome,
    user_pool::{
        AppClients, Facts, Finding, Healing, PoolApi, PoolSettings, Severity, Triggers, findings,
        heal,
    },
    wiring::Bindings,
};
use time::OffsetDateTime;

use crate::healer::{Healer, NotHealed};

/// What a look may take: some ten calls, and one for each app client that is looked at.
const BUDGET: Duration = Duration::from_secs(50);

/// App clients of one look. A pool may have a thousand, and DescribeUserPoolClient has a quota: the next look goes on
/// with the next ones.
const CLIENTS: usize = 100;

/// Seconds for which it is the turn of the same clients.
const TURN: i64 = 3600;

/// The pool, and what it should be like.
pub(crate) struct PoolWatch {
    pub(crate) api: PoolApi,
    pub(crate) wanted: Triggers,
    /// What user-migration believes of the pool's password policy.
    pub(crate) believed: Option<Bindings>,
    pub(crate) moving_in: bool,
    /// Nobody puts anything back without.
    pub(crate) healer: Option<Healer>,
}

/// What the function is asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// To look, and to heal if it may.
    Look,
    /// To say that it has started.
    Health,
}

/// What was found, for whoever invokes it by hand.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    reason: &'static str,
    findings: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    code: &'static str,
    what: String,
    remedy: String,
}

impl Handler for PoolWatch {
    const FUNCTION: &'static str = "pool-watch";
    type Request = Option<Asked>;
    type Answer = Option<Report>;
    type Response = Report;
    type Error = &'static str;

    /// A look takes no options: whoever asks for a `dry_run` is refused, for the pool would be healed.
    fn read(payload: Box<RawValue>) -> Option<Asked> {
        if asks_for_health(&payload) {
            return Some(Asked::Health);
        }
        let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(payload.get()).ok()?;
        members.is_empty().then_some(Asked::Look)
    }

    fn budget(&self, _: &Option<Asked>) -> Duration {
        BUDGET
    }

    async fn decide(
        &self,
        asked: &Option<Asked>,
        invocation: &Invocation,
    ) -> Decision<Option<Report>> {
        match asked {
            Some(Asked::Look) => {}
            Some(Asked::Health) => return decision(Outcome::Answered, "healthy", Vec::new()),
            None => return Decision::new(Outcome::Failed, "malformed-event", None),
        }
        let pool_id = self.api.user_pool_id();
        invocation.note(|line, _| line.of_pool(pool_id, BTreeMap::new()));
        let deadline = invocation.deadline();
        match self.look(deadline).await {
            Ok((pool, found, unseen)) => {
                for finding in &found {
                    let (function, cause) = (Self::FUNCTION, finding.to_string());
                    let request_id = invocation.request_id();
                    tracing::warn!(function, request_id, cause, "found in the user pool");
                }
                let is_fault = |found: &Finding| found.severity == Severity::Fault;
                match unseen {
                    // What was found of the rest counts; of what was not seen nobody can say that it is in order.
                    Some(error) if !found.iter().any(is_fault) => {
                        Decision::new(Outcome::Failed, "dependency-failed", None).because(error)
                    }
                    _ => self.act(&pool, found, deadline).await,
                }
            }
            Err(error) => Decision::new(Outcome::Failed, "dependency-failed", None).because(error),
        }
    }

    fn settle(&self, _: &Option<Asked>, interrupted: &Interrupted) -> Decision<Option<Report>> {
        Decision::new(Outcome::Failed, interrupted.reason(), None)
    }

    fn respond(
        &self,
        _: &Option<Asked>,
        decision: Decision<Option<Report>>,
        _: &Invocation,
    ) -> Result<Report, &'static str> {
        decision.answer.ok_or(decision.reason)
    }
}

impl PoolWatch {
    /// The pool, what is wrong with it, and why its app clients were not looked at.
    async fn look(
        &self,
        deadline: Deadline,
    ) -> Result<(PoolSettings, Vec<Finding>, Option<SignedError>), SignedError> {
        let pool = self.api.describe(deadline).await?;
        let mut policies = BTreeMap::new();
        for (trigger, arn) in &self.wanted.0 {
            policies.insert(*trigger, self.api.policy_of(arn, deadline).await?);
        }
        // Last, and half of the time at most: nothing else waits for them.
        let turn = OffsetDateTime::now_utc().unix_timestamp() / TURN;
        let clients = self
            .api
            .some_clients(
                CLIENTS,
                usize::try_from(turn).unwrap_or_default(),
                deadline.keeping(deadline.remaining() / 2),
            )
            .await;
        let (clients, unseen) = match clients {
            Ok(clients) => (clients, None),
            Err(error) => (AppClients::default(), Some(error)),
        };
        let found = findings(&Facts {
            pool: &pool,
            clients: &clients,
            wanted: &self.wanted,
            policies: &policies,
            password_policy: self.believed.as_ref(),
            moving_in: self.moving_in,
        });
        Ok((pool, found, unseen))
    }

    async fn act(
        &self,
        pool: &PoolSettings,
        found: Vec<Finding>,
        deadline: Deadline,
    ) -> Decision<Option<Report>> {
        let fault = found
            .iter()
            .find(|finding| finding.severity == Severity::Fault);
        let Some(fault) = fault.map(|fault| fault.code) else {
            return decision(Outcome::InOrder, "as-it-should-be", found);
        };
        let Some(healer) = &self.healer else {
            return decision(Outcome::Drifted, fault, found);
        };
        match self.treat(healer, pool, &found, deadline).await {
            Ok(true) => decision(Outcome::Healed, "triggers-put-back", found),
            Ok(false) => decision(Outcome::Drifted, fault, found),
            Err(error) => decision(Outcome::Drifted, fault, found).because(error),
        }
    }

    /// Whether the triggers were put back.
    async fn treat(
        &self,
        healer: &Healer,
        pool: &PoolSettings,
        found: &[Finding],
        deadline: Deadline,
    ) -> Result<bool, NotHealed> {
        let before = healer.healed_before(deadline).await?;
        if heal(found, &self.wanted, before.as_deref()) != Healing::Once {
            return Ok(false);
        }
        healer.heal(pool, &self.wanted, deadline).await?;
        Ok(true)
    }
}

fn decision(
    outcome: Outcome,
    reason: &'static str,
    found: Vec<Finding>,
) -> Decision<Option<Report>> {
    let told = |finding: Finding| Told {
        code: finding.code,
        what: finding.what,
        remedy: finding.remedy,
    };
    let findings = found.into_iter().map(told).collect();
    Decision::new(outcome, reason, Some(Report { reason, findings }))
}
