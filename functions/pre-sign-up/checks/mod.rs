//! The checks of the policy. Those that decide by the event and the policy come first, in order, and cost nothing; then
//! CAPTCHA and blocks look, then the others, each at the same time; and only when nobody objects is anything done, so
//! that a sign-up that is refused reserves nothing.

mod attribute;
mod blocked;
mod captcha;
mod disposable_domain;
mod email_domain;
mod federation;
mod https;
mod invitation;
mod legacy_user;
mod local;
mod phone_number;
mod text;
mod unique_email;
mod user_name;
mod velocity;

use std::{error::Error, path::Path, time::Duration};

use futures_util::future::join_all;
use shared::{
    deadline::Deadline,
    policy::{AutoConfirm, Check, CheckKind, PreSignUp},
};
use tokio::time::Instant;

use self::disposable_domain::DisposableDomains;
use crate::{
    Applicant,
    auto_confirm::{self, Confirmation},
    judge::{Done, Finding, Heard, Ruling, Verdict, judge},
    services::Services,
};

/// What is kept of the deadline for the answer, so that a service that hangs is a finding of its check.
const ANSWER_RESERVE: Duration = Duration::from_millis(100);

/// What is kept of a check's share of the time, so that the check itself says what did not answer.
const CHECK_RESERVE: Duration = Duration::from_millis(50);

/// The checks of the policy, with what they need.
pub struct Checks {
    checks: Vec<(Check, Examiner)>,
    auto_confirm: Vec<AutoConfirm>,
    /// Without them, the checks that ask one are not asked.
    services: Option<Services>,
}

/// What a check looks with, where the policy alone does not do.
enum Examiner {
    /// The policy, and services if it asks one.
    Policy,
    /// The list of disposable domains.
    DisposableDomains(DisposableDomains),
}

/// What a check has seen, and what it will do if nobody objects.
struct Looked {
    finding: Finding,
    then: Option<Effect>,
}

/// What is done for a sign-up to which nobody objects. Each may be repeated.
enum Effect {
    /// Holds an invitation.
    HoldInvitation(invitation::Hold),
    /// Joins a provider's user to the account that they have.
    Join(federation::Joining),
}

/// Hears one check after another until one refuses.
struct Hearing<F> {
    heard: F,
    reported: bool,
}

impl Checks {
    /// The checks of `policy`. What a check needs is made only if there is such a check. `folder` has the
    /// policy's other files. Without `services`, checks that ask one find [`Finding::NotAsked`].
    ///
    /// # Errors
    /// When something that a check needs cannot be made.
    pub fn new(
        policy: PreSignUp,
        folder: &Path,
        services: Option<Services>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let examiner = |check: Check| {
            let examiner = match &check.kind {
                CheckKind::DisposableDomain(settings) => {
                    Examiner::DisposableDomains(DisposableDomains::read(settings, folder)?)
                }
                _ => Examiner::Policy,
            };
            Ok((check, examiner))
        };
        let checks: Result<_, Box<dyn Error + Send + Sync>> =
            policy.checks.into_iter().map(examiner).collect();
        let checks = checks?;
        Ok(Self {
            checks,
            auto_confirm: policy.auto_confirm,
            services,
        })
    }

    /// Whether an applicant for whom this was done is confirmed without a code.
    pub async fn confirm(
        &self,
        applicant: &Applicant<'_>,
        done: &[Done],
        deadline: Deadline,
    ) -> Confirmation<'_> {
        let deadline = deadline.keeping(ANSWER_RESERVE);
        let services = self.services.as_ref();
        auto_confirm::confirm(&self.auto_confirm, applicant, done, services, deadline).await
    }

    /// Hears the checks that apply to `applicant`, until one refuses; `heard` is told of each. Of those that
    /// look at the same time, the policy's order decides which is heard first.
    pub async fn hear<'a>(
        &'a self,
        applicant: &Applicant<'_>,
        deadline: Deadline,
        heard: impl FnMut(&Heard<'a>),
    ) -> Verdict<'a> {
        let deadline = deadline.keeping(ANSWER_RESERVE);
        let mut hearing = Hearing {
            heard,
            reported: false,
        };
        let applies = |check: &Check| {
            check.applies_to.contains(&applicant.kind) && check.clients.include(applicant.client_id)
        };
        let applicable = self.checks.iter().filter(|(check, _)| applies(check));
        let (remote, local): (Vec<_>, Vec<_>) =
            applicable.partition(|(check, _)| check.kind.asks_a_service());
        for (check, examiner) in local {
            let began = Instant::now();
            let finding = local::examine(check, examiner, applicant);
            if let Some(refused) = hearing.hears(check, finding, began.elapsed()) {
                return refused;
            }
        }
        if remote.is_empty() {
            return hearing.admits(Vec::new());
        }
        let (first, then): (Vec<_>, Vec<_>) = remote
            .into_iter()
            .map(|(check, _)| check)
            .partition(|check| goes_first(check));
        let may_act = then.iter().filter(|check| may_act(check)).count();
        let mut effects = Vec::new();
        let mut steps = usize::from(!first.is_empty()) + 1 + may_act;
        for checks in [first, then] {
            if checks.is_empty() {
                continue;
            }
            let looking = share(deadline, steps);
            steps -= 1;
            let looks = self.look_at_once(checks, applicant, looking).await;
            for (check, looked, took) in looks {
                effects.extend(looked.then.map(|effect| (check, effect)));
                if let Some(refused) = hearing.hears(check, looked.finding, took) {
                    return refused;
                }
            }
        }
        self.act(effects, deadline, hearing).await
    }

    /// What checks see that look at the same time, and the time that each took.
    async fn look_at_once<'a>(
        &'a self,
        checks: Vec<&'a Check>,
        applicant: &Applicant<'_>,
        deadline: Deadline,
    ) -> Vec<(&'a Check, Looked, Duration)> {
        let looks = checks.into_iter().map(|check| async move {
            let began = Instant::now();
            let looked = self.look(check, applicant, deadline).await;
            (check, looked, began.elapsed())
        });
        let mut looks = join_all(looks).await;
        let joins = |looked: &Looked| matches!(looked.then, Some(Effect::Join(_)));
        if looks.iter().any(|(_, looked, _)| joins(looked)) {
            // Who is joined to the account that holds the mailbox makes no second one.
            let mailbox = looks
                .iter_mut()
                .filter(|(check, ..)| matches!(check.kind, CheckKind::UniqueEmail));
            mailbox.for_each(|(_, looked, _)| *looked = Finding::Clear.into());
        }
        looks
    }

    /// What a check that asks a service sees by `deadline`.
    async fn look(&self, check: &Check, applicant: &Applicant<'_>, deadline: Deadline) -> Looked {
        let Some(services) = &self.services else {
            return Finding::NotAsked.into();
        };
        let earlier = deadline.keeping(CHECK_RESERVE);
        let looked = async {
            match &check.kind {
                CheckKind::Invitation(rules) => {
                    invitation::look(rules, applicant, services, earlier).await
                }
                CheckKind::Blocked => blocked::look(applicant, services, earlier).await.into(),
                CheckKind::UniqueEmail => unique_email::look(applicant, services, earlier)
                    .await
                    .into(),
                CheckKind::Velocity(rules) => {
                    let looked = velocity::look(&check.name, rules, applicant, services, earlier);
                    looked.await.into()
                }
                CheckKind::Federation(rules) => {
                    federation::look(check, rules, applicant, services, earlier).await
                }
                CheckKind::Captcha(rules) => captcha::look(rules, applicant, services, earlier)
                    .await
                    .into(),
                CheckKind::Https(rules) => https::look(rules, applicant, services, earlier)
                    .await
                    .into(),
                CheckKind::LegacyUser(rules) => {
                    legacy_user::look(rules, applicant, services, earlier).await
                }
                // `local` has them.
                _ => Finding::undecided("not-examined").into(),
            }
        };
        let looked = deadline.bound(looked).await;
        looked.unwrap_or_else(|exceeded| Finding::unanswered("check-overran", exceeded).into())
    }

    /// Does what nobody objects to, one after the other, each within its share of the time left.
    async fn act<'a, F: FnMut(&Heard<'a>)>(
        &self,
        effects: Vec<(&'a Check, Effect)>,
        deadline: Deadline,
        mut hearing: Hearing<F>,
    ) -> Verdict<'a> {
        let mut done = Vec::new();
        let Some(services) = &self.services else {
            return hearing.admits(done);
        };
        let mut left = effects.len();
        for (check, effect) in effects {
            let began = Instant::now();
            let applied = effect.apply(services, share(deadline, left)).await;
            left -= 1;
            match applied {
                Ok(effected) => done.push(effected),
                Err(finding) => {
                    if let Some(refused) = hearing.hears(check, finding, began.elapsed()) {
                        return refused;
                    }
                }
            }
        }
        hearing.admits(done)
    }
}

/// One of `steps` equal shares of the time left.
fn share(deadline: Deadline, steps: usize) -> Deadline {
    let steps = u32::try_from(steps.max(1)).unwrap_or(u32::MAX);
    deadline.at_most(deadline.remaining() / steps)
}

/// Whether a check that asks something looks before the others do. Whoever shows no CAPTCHA, or is blocked, must not
/// use up what is counted for all, nor have a legacy store or an endpoint asked.
fn goes_first(check: &Check) -> bool {
    matches!(check.kind, CheckKind::Captcha(_) | CheckKind::Blocked)
}

/// Whether a check may have something to do once nobody objects.
fn may_act(check: &Check) -> bool {
    matches!(
        check.kind,
        CheckKind::Invitation(_) | CheckKind::Federation(_)
    )
}

impl Effect {
    async fn apply(&self, services: &Services, deadline: Deadline) -> Result<Done, Finding> {
        let earlier = deadline.keeping(CHECK_RESERVE);
        let applied = async {
            match self {
                Self::HoldInvitation(hold) => hold.apply(services, earlier).await,
                Self::Join(joining) => joining.apply(services, earlier).await,
            }
        };
        let applied = deadline.bound(applied).await;
        applied.unwrap_or_else(|exceeded| Err(Finding::unanswered("check-overran", exceeded)))
    }
}

impl Looked {
    fn clear_then(effect: Effect) -> Self {
        Self {
            finding: Finding::Clear,
            then: Some(effect),
        }
    }
}

impl From<Finding> for Looked {
    fn from(finding: Finding) -> Self {
        let then = None;
        Self { finding, then }
    }
}

impl<'a, F: FnMut(&Heard<'a>)> Hearing<F> {
    /// The verdict, if this check refuses.
    fn hears(&mut self, check: &'a Check, finding: Finding, took: Duration) -> Option<Verdict<'a>> {
        let ruling = judge(check, &finding);
        let this = Heard {
            check,
            finding,
            ruling,
            took,
        };
        (self.heard)(&this);
        match ruling {
            Ruling::Pass => None,
            Ruling::Report(_) => {
                self.reported = true;
                None
            }
            Ruling::Refuse(reason) => {
                let cause = match this.finding {
                    Finding::Undecided { cause, .. } => cause,
                    _ => None,
                };
                Some(Verdict::Refuse {
                    check,
                    reason,
                    cause,
                })
            }
        }
    }

    fn admits(self, done: Vec<Done>) -> Verdict<'a> {
        let reported = self.reported;
        Verdict::Admit { reported, done }
    }
}

#[cfg(test)]
mod tests;
