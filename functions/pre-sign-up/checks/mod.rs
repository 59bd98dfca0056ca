//! The checks of the policy, in order. A check examines and changes nothing: one that must reserve something
//! has to do it after all have examined, so that a sign-up that is refused reserves nothing.

mod attribute;
mod disposable_domain;
mod email_domain;
mod phone_number;
mod text;
mod user_name;

use std::{error::Error, path::Path, time::Instant};

use shared::{
    deadline::Deadline,
    policy::{Check, CheckKind, PreSignUp},
};

use self::disposable_domain::DisposableDomains;
use crate::{
    Applicant,
    judge::{Finding, Heard, Ruling, Verdict, judge},
};

/// The checks of the policy, with what they need.
pub struct Checks(Vec<(Check, Examiner)>);

/// What a check looks with, where the policy alone does not do.
enum Examiner {
    /// The policy alone.
    Policy,
    /// The list of disposable domains.
    DisposableDomains(DisposableDomains),
}

impl Checks {
    /// The checks of `policy`. What a check needs is made only if there is such a check. `folder` has the
    /// policy's other files.
    ///
    /// # Errors
    /// When something that a check needs cannot be made.
    pub fn new(policy: PreSignUp, folder: &Path) -> Result<Self, Box<dyn Error + Send + Sync>> {
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
        Ok(Self(checks?))
    }

    /// Hears the checks that apply to `applicant`, in order, until one refuses; `heard` is told of each.
    pub async fn hear<'a>(
        &'a self,
        applicant: &Applicant<'_>,
        _deadline: Deadline,
        mut heard: impl FnMut(&Heard<'a>),
    ) -> Verdict<'a> {
        let applies = |check: &Check| {
            check.applies_to.contains(&applicant.kind) && check.clients.include(applicant.client_id)
        };
        let mut reported = false;
        for (check, examiner) in self.0.iter().filter(|(check, _)| applies(check)) {
            let began = Instant::now();
            let finding = examiner.examine(check, applicant);
            let ruling = judge(check, &finding);
            let this = Heard {
                check,
                finding,
                ruling,
                took: began.elapsed(),
            };
            heard(&this);
            match ruling {
                Ruling::Pass => {}
                Ruling::Report(_) => reported = true,
                Ruling::Refuse(reason) => {
                    let cause = match this.finding {
                        Finding::Undecided { cause, .. } => cause,
                        _ => None,
                    };
                    return Verdict::Refuse {
                        check,
                        reason,
                        cause,
                    };
                }
            }
        }
        Verdict::Admit { reported }
    }
}

impl Examiner {
    fn examine(&self, check: &Check, applicant: &Applicant<'_>) -> Finding {
        match (&check.kind, self) {
            (CheckKind::EmailDomain(domains), _) => email_domain::examine(domains, applicant),
            (CheckKind::UserName(rules), _) => user_name::examine(rules, applicant),
            (CheckKind::Attribute(rules), _) => attribute::examine(rules, applicant),
            (CheckKind::PhoneNumber(prefixes), _) => phone_number::examine(prefixes, applicant),
            (CheckKind::DisposableDomain(_), Self::DisposableDomains(list)) => {
                list.examine(applicant)
            }
            // `Checks::new` pairs them.
            (CheckKind::DisposableDomain(_), Self::Policy) => Finding::undecided("not-examined"),
        }
    }
}

#[cfg(test)]
mod tests;
