//! `velocity`: how often people sign up, by address, domain, phone prefix or app client.
//!
//! Every question counts that the local checks let through: also one that another check refuses, and one that Cognito
//! asks again, for nothing tells it from another sign-up. So a budget has room for three questions of one sign-up.

use shared::{
    deadline::Deadline,
    phone::is_e164,
    policy::{Name, Velocity, VelocityBy},
    state::EphemeralKey,
};

use crate::{Applicant, judge::Finding, services::Services};

/// What all clients count as that the policy does not name.
const UNKNOWN: &str = "unknown";

/// Takes one from the bucket, and says whether there was one.
pub(super) async fn look(
    name: &Name,
    rules: &Velocity,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Finding {
    let Some(pool) = applicant.user_pool_id else {
        return Finding::undecided("no-user-pool");
    };
    let counted = match counted(&rules.by, applicant) {
        Ok(Some(counted)) => counted,
        Ok(None) => return Finding::Clear,
        Err(undecided) => return undecided,
    };
    let key = EphemeralKey::limit("pre-sign-up", name.as_str(), &[pool, &counted]);
    match services.limiter.take(&key, rules.rate, deadline).await {
        Ok(true) => Finding::Clear,
        Ok(false) => Finding::Objection("too-many-sign-ups"),
        Err(error) => Finding::unanswered("velocity-unavailable", error),
    }
}

/// What the sign-up is counted by; nothing where there is no phone number.
fn counted(by: &VelocityBy, applicant: &Applicant<'_>) -> Result<Option<String>, Finding> {
    Ok(Some(match by {
        VelocityBy::Email => applicant.email()?.mailbox(),
        VelocityBy::EmailDomain => applicant.email()?.domain().to_string(),
        VelocityBy::PhonePrefix(digits) => {
            let Some(number) = applicant.attribute("phone_number") else {
                return Ok(None);
            };
            if !is_e164(number) {
                return Err(Finding::undecided("invalid-phone-number"));
            }
            number.chars().take(1 + digits).collect()
        }
        VelocityBy::Client(known) => {
            let known = |id: &&str| known.contains(*id);
            applicant
                .client_id
                .filter(known)
                .unwrap_or(UNKNOWN)
                .to_owned()
        }
    }))
}
