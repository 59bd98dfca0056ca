//! The checks that decide by the event and the policy alone.

use shared::policy::{Check, CheckKind};

use super::{Examiner, attribute, email_domain, federation, phone_number, user_name};
use crate::{Applicant, judge::Finding};

/// What such a check finds.
pub(super) fn examine(check: &Check, examiner: &Examiner, applicant: &Applicant<'_>) -> Finding {
    match (&check.kind, examiner) {
        (CheckKind::EmailDomain(domains), _) => email_domain::examine(domains, applicant),
        (CheckKind::UserName(rules), _) => user_name::examine(rules, applicant),
        (CheckKind::Attribute(rules), _) => attribute::examine(rules, applicant),
        (CheckKind::PhoneNumber(prefixes), _) => phone_number::examine(prefixes, applicant),
        (CheckKind::DisposableDomain(_), Examiner::DisposableDomains(list)) => {
            list.examine(applicant)
        }
        (CheckKind::Federation(rules), _) => federation::examine(rules, applicant),
        // `Checks::new` pairs them, and asks services for the others.
        _ => Finding::undecided("not-examined"),
    }
}
