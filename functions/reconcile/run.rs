//! One run: goes on with the pass where the last run stopped, until the pass is done or the time is up.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::{
    aws::{ServiceError, Trouble},
    deadline::Deadline,
    enrol::Enroller,
    invitation::REMEMBERED,
    invocation::{Decision, Handler, Interrupted, Invocation, asks_for_health},
    policy,
    record::Recorder,
    retire::Retirer,
    telemetry::Outcome,
};
use time::OffsetDateTime;

use crate::{
    counts::{Count, Counts},
    cursor::{Cursor, CursorItem, Saved, Stage},
    directory::Directory,
    heal::{Healer, SOURCE},
    pace::Pace,
    pass::Pass,
    pool::Pool,
    queue::Queue,
    seen::Seen,
    tier::{Changed, TierEvent, Tiers},
};

/// Longer than Lambda lets a function run: its own deadline counts.
const BUDGET: Duration = Duration::from_secs(3600);

/// The part of a run's time, one in so many, in which nothing new is begun.
const RESERVE: u32 = 20;

/// Seconds before a page that met a throttled or silent service is tried again.
const PAUSES: [u64; 4] = [1, 2, 4, 8];

/// The function, with its clients.
pub(crate) struct Reconcile {
    pub(crate) recorder: Recorder,
    pub(crate) retirer: Retirer,
    pub(crate) enroller: Enroller,
    pub(crate) queue: Queue,
    pub(crate) directory: Directory,
    pub(crate) cognito: aws_sdk_cognitoidentityprovider::Client,
    pub(crate) pool_id: Arc<str>,
    pub(crate) policy: policy::PostConfirmation,
}

/// What a run is asked for. A member that is not known is an error: `dry-run` would be none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Input {
    /// Says what there is to do, from the beginning of the pool, and does nothing.
    dry_run: bool,
    /// Calls of Cognito a second. By default ListUsers and AdminGetUser keep to a sixth of their quotas.
    calls_per_second: u32,
    /// Users who have changed since so many seconds are left to post-confirmation, which may be at work.
    settle_seconds: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            dry_run: false,
            calls_per_second: 5,
            settle_seconds: 120,
        }
    }
}

/// What the function is asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// To go on with the pass over the pool.
    Run(Input),
    /// To let a user's groups follow a tier.
    Tier(TierEvent),
    /// To say that it has started.
    Health,
}

/// What a run answers with.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Why it ended.
    reason: &'static str,
    dry_run: bool,
    counts: std::collections::BTreeMap<&'static str, u64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The pass is done.
    Completed,
    /// The pass is done, but for users whose records a service refuses.
    Incomplete,
    /// The time was up.
    Continues,
    /// A later run goes on with it.
    Overtaken,
}

impl Handler for Reconcile {
    const FUNCTION: &'static str = SOURCE;
    type Request = Option<Asked>;
    type Answer = Option<Report>;
    type Response = Report;
    type Error = &'static str;

    fn read(payload: Box<RawValue>) -> Option<Asked> {
        if asks_for_health(&payload) {
            return Some(Asked::Health);
        }
        // An array would be read as the members in their order.
        let payload = payload.get();
        let order = payload.starts_with('{').then_some(payload)?;
        let tier = TierEvent::read(order).map(Asked::Tier);
        tier.or_else(|| serde_json::from_str(order).ok().map(Asked::Run))
    }

    fn budget(&self, _: &Option<Asked>) -> Duration {
        BUDGET
    }

    async fn decide(
        &self,
        request: &Option<Asked>,
        invocation: &Invocation,
    ) -> Decision<Option<Report>> {
        let input = match request {
            Some(Asked::Run(input)) => input,
            Some(Asked::Tier(event)) => return self.tier(event, invocation.deadline()).await,
            Some(Asked::Health) => return answered(Outcome::Answered, "healthy"),
            None => return Decision::new(Outcome::Failed, "malformed-event", None),
        };
        let mut counts = Counts::default();
        let end = self.run(input, &mut counts, invocation.deadline()).await;
        let counts = counts.named();
        invocation.note(|line, _| line.of_pool(&self.pool_id, counts.clone()));
        let (outcome, reason) = match end {
            Ok(End::Completed) => (Outcome::Reconciled, "pass-completed"),
            Ok(End::Incomplete) => (Outcome::Reconciled, "pass-incomplete"),
            Ok(End::Continues) => (Outcome::Reconciled, "to-be-continued"),
            Ok(End::Overtaken) => (Outcome::Reconciled, "overtaken"),
            Err(error) => {
                return Decision::new(Outcome::Failed, "dependency-failed", None).because(error);
            }
        };
        let report = Report {
            reason,
            dry_run: input.dry_run,
            counts,
        };
        Decision::new(outcome, reason, Some(report))
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

impl Reconcile {
    async fn tier(&self, event: &TierEvent, deadline: Deadline) -> Decision<Option<Report>> {
        let pool = Pool {
            client: &self.cognito,
            id: &self.pool_id,
            pace: Pace::new(Input::default().calls_per_second),
        };
        let tiers = Tiers {
            client: self.directory.client(),
            table: self.directory.table(),
            pool: &pool,
            policy: &self.policy,
        };
        let reason = match tiers.change(event, deadline).await {
            Ok(Changed::Done) => "tier-changed",
            Ok(Changed::Stale) => "tier-stale",
            Ok(Changed::UnknownTier) => {
                return Decision::new(Outcome::Failed, "tier-unknown", None);
            }
            // Delivered again, it may find the user recorded.
            Ok(Changed::NoProfile) => return Decision::new(Outcome::Failed, "no-profile", None),
            Err(error) => {
                return Decision::new(Outcome::Failed, "dependency-failed", None).because(error);
            }
        };
        answered(Outcome::Reconciled, reason)
    }

    async fn run(
        &self,
        input: &Input,
        counts: &mut Counts,
        deadline: Deadline,
    ) -> Result<End, ServiceError> {
        let stop = deadline.keeping(deadline.remaining() / RESERVE);
        let pool = Pool {
            client: &self.cognito,
            id: &self.pool_id,
            pace: Pace::new(input.calls_per_second),
        };
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let pass = Pass {
            directory: &self.directory,
            queue: &self.queue,
            pool: &pool,
            healer: Healer {
                recorder: &self.recorder,
                retirer: &self.retirer,
                enroller: &self.enroller,
                directory: &self.directory,
                policy: &self.policy,
                pool: &pool,
                pool_id: &self.pool_id,
                dry_run: input.dry_run,
            },
            settled_by: now.saturating_sub(input.settle_seconds.into()),
            forgotten: now.saturating_sub_unsigned(REMEMBERED.as_secs()),
            deadline,
        };
        let item = CursorItem {
            client: self.directory.client(),
            table: self.directory.table(),
            pool_id: &self.pool_id,
        };
        let mut cursor = if input.dry_run {
            Cursor::unsaved()
        } else {
            item.load(deadline).await?
        };
        if !input.dry_run {
            pass.drain(counts, stop).await;
        }
        let mut seen = item.recall(&mut cursor, deadline).await?;
        let ended = pages(&pass, (&item, &mut cursor), &mut seen, counts, stop).await;
        let done = matches!(ended, Ok(End::Completed | End::Incomplete | End::Overtaken));
        if !done && !input.dry_run && cursor.stage != Stage::first() {
            // What is not kept costs the next run calls; it goes on all the same.
            let kept = item.keep(&mut cursor, &seen, deadline).await;
            let saved = match kept {
                Ok(()) => item.save(&mut cursor, counts, false, deadline).await,
                Err(error) => Err(error),
            };
            if let Err(error) = saved {
                let cause = error.to_string();
                tracing::warn!(
                    function = SOURCE,
                    cause,
                    "whom the pass has listed is not kept"
                );
            }
        }
        ended
    }
}

/// The answer where nothing is counted.
fn answered(outcome: Outcome, reason: &'static str) -> Decision<Option<Report>> {
    let report = Report {
        reason,
        dry_run: false,
        counts: std::collections::BTreeMap::new(),
    };
    Decision::new(outcome, reason, Some(report))
}

/// Page by page, until the pass is done or the time is up.
async fn pages(
    pass: &Pass<'_>,
    (item, cursor): (&CursorItem<'_>, &mut Cursor),
    seen: &mut Seen,
    counts: &mut Counts,
    stop: Deadline,
) -> Result<End, ServiceError> {
    let (dry_run, deadline) = (pass.healer.dry_run, pass.deadline);
    let mut pauses = PAUSES.map(Duration::from_secs).into_iter();
    loop {
        let mut completed = false;
        if stop.remaining().is_zero() {
            return Ok(End::Continues);
        }
        let (next, done) = match pass.step(&cursor.stage, seen).await {
            Ok(stepped) => stepped,
            // Throttled or silent: the same page later, while there is time.
            Err(error) if error.trouble != Trouble::Refused => match pauses.next() {
                Some(pause) if pause < stop.remaining() => {
                    tokio::time::sleep(pause).await;
                    continue;
                }
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        pauses = PAUSES.map(Duration::from_secs).into_iter();
        cursor.refused |= done.contains(&Count::Refused);
        counts.extend(done);
        cursor.stage = next.unwrap_or_else(|| {
            completed = true;
            Stage::first()
        });
        if !dry_run && item.save(cursor, counts, completed, deadline).await? == Saved::Overtaken {
            return Ok(End::Overtaken);
        }
        match (completed, cursor.refused) {
            (true, false) => return Ok(End::Completed),
            (true, true) => return Ok(End::Incomplete),
            (false, _) => {}
        }
    }
}
