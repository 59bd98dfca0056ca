//! What the policy makes of the checks' findings. Pure.

use std::{error::Error, time::Duration};

use shared::policy::{Check, Mode, Undecided};

/// What a check found. Reasons are stable codes, listed in LOGGING.md.
#[derive(Debug)]
pub enum Finding {
    /// Nothing to object to.
    Clear,
    /// An objection.
    Objection(&'static str),
    /// An objection that is only ever reported: what it rests on is not complete.
    Remark(&'static str),
    /// Nothing: the service that knows is not asked.
    NotAsked,
    /// It could not decide.
    Undecided {
        /// Why, as a code.
        reason: &'static str,
        /// Why, for the operator's log.
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl Finding {
    /// It could not decide, for a service did not answer as it should.
    pub(crate) fn unanswered(
        reason: &'static str,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let cause = Some(cause.into());
        Self::Undecided { reason, cause }
    }

    /// It could not decide, for want of something to look at.
    pub fn undecided(reason: &'static str) -> Self {
        Self::Undecided {
            reason,
            cause: None,
        }
    }
}

/// What one finding comes to under the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// On to the next check.
    Pass,
    /// On to the next check, noted in the audit line.
    Report(&'static str),
    /// The sign-up is refused.
    Refuse(&'static str),
}

/// A check that was heard: what is said of it to the audit line, or to who asks for an explanation.
#[derive(Debug)]
pub struct Heard<'a> {
    /// The check.
    pub check: &'a Check,
    /// What it found.
    pub finding: Finding,
    /// What that comes to.
    pub ruling: Ruling,
    /// The time that it took.
    pub took: Duration,
}

/// What was done for a sign-up that nobody objects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// An invitation is held for the address.
    InvitationHeld {
        /// Whether it is for this address and no other.
        bound: bool,
    },
    /// A provider's user is joined to the account that they have.
    Linked,
}

/// What all checks together come to.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// No check refuses.
    Admit {
        /// Whether a check is noted in the audit line.
        reported: bool,
        /// What was done for it.
        done: Vec<Done>,
    },
    /// A check refuses, and no later one is heard.
    Refuse {
        /// The check.
        check: &'a Check,
        /// Why, as a code.
        reason: &'static str,
        /// Why, for the operator's log.
        cause: Option<Box<dyn Error + Send + Sync>>,
    },
}

/// Owns mode and `on_undecided`.
pub(crate) fn judge(check: &Check, finding: &Finding) -> Ruling {
    match (finding, check.on_undecided, check.mode) {
        (Finding::Clear | Finding::NotAsked, ..) => Ruling::Pass,
        (Finding::Remark(reason), ..) => Ruling::Report(reason),
        (Finding::Undecided { reason, .. }, Undecided::Allow, _)
        | (Finding::Objection(reason) | Finding::Undecided { reason, .. }, _, Mode::Report) => {
            Ruling::Report(reason)
        }
        (Finding::Objection(reason) | Finding::Undecided { reason, .. }, _, Mode::Enforce) => {
            Ruling::Refuse(reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::policy::{PolicyFile, PreSignUp};

    use super::*;

    fn check(keys: &str) -> Check {
        let text = format!(
            "version = 1\n[[pre-sign-up.checks]]\nname = \"c\"\nemail_domain = {{ deny = [\"x.example\"] }}\n{keys}"
        );
        let policy = PolicyFile::parse("policy.toml", text).section::<PreSignUp>();
        policy.unwrap().checks.remove(0)
    }

    #[test]
    fn mode_and_on_undecided_decide_what_a_finding_comes_to() {
        let report = "mode = \"report\"";
        let allow = "on_undecided = \"allow\"";
        let both = "mode = \"report\"\non_undecided = \"allow\"";
        let objection = || Finding::Objection("objection");
        let undecided = || Finding::undecided("undecided");
        for (keys, finding, ruling) in [
            ("", Finding::Clear, Ruling::Pass),
            ("", Finding::NotAsked, Ruling::Pass),
            ("", Finding::Remark("remark"), Ruling::Report("remark")),
            ("", objection(), Ruling::Refuse("objection")),
            ("", undecided(), Ruling::Refuse("undecided")),
            (report, Finding::Clear, Ruling::Pass),
            (report, objection(), Ruling::Report("objection")),
            (report, undecided(), Ruling::Report("undecided")),
            (allow, objection(), Ruling::Refuse("objection")),
            (allow, undecided(), Ruling::Report("undecided")),
            (both, objection(), Ruling::Report("objection")),
            (both, undecided(), Ruling::Report("undecided")),
        ] {
            assert_eq!(judge(&check(keys), &finding), ruling, "{keys} {finding:?}");
        }
    }
}
