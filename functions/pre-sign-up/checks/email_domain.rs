//! `email_domain`: the domain of the e-mail address, against lists in the policy.

use shared::policy::EmailDomain;

use crate::{Applicant, judge::Finding};

/// What the lists say of the address's domain.
pub(super) fn examine(domains: &EmailDomain, applicant: &Applicant<'_>) -> Finding {
    let address = match applicant.email() {
        Ok(address) => address,
        Err(undecided) => return undecided,
    };
    let domain = address.domain();
    if domains.deny.iter().any(|pattern| pattern.covers(domain)) {
        return Finding::Objection("email-domain-denied");
    }
    match &domains.allow {
        Some(allow) if !allow.iter().any(|pattern| pattern.matches(domain)) => {
            Finding::Objection("email-domain-not-allowed")
        }
        _ => Finding::Clear,
    }
}
