//! `legacy_user`: the address of a legacy user who has not moved in yet belongs to them. Otherwise a stranger
//! could sign up with it first, and the person would never move in.
//!
//! Moving in fires this trigger too, from a source that AWS does not document. It passes, for user-migration
//! has recorded whom it offers before it answers.

use shared::{
    deadline::Deadline,
    legacy::Found,
    policy,
    state::{DirectoryKey, EphemeralKey},
};

use super::Looked;
use crate::{Applicant, judge::Finding, services::Services};

/// The person reads it: it says no more than that the address cannot be had.
const NOT_AVAILABLE: &str = "address-not-available";

/// Whether the address is that of a legacy user who has not moved in.
pub(super) async fn look(
    rules: &policy::LegacyUser,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Looked {
    if let Err(undecided) = applicant.email() {
        return undecided.into();
    }
    // As it came: the stores fold case as the policy says.
    let address = applicant.attribute("email").unwrap_or_default();
    let Some(pool) = applicant.user_pool_id else {
        return Finding::undecided("no-user-pool").into();
    };
    // The answer tells who is in the old system, so nobody gets it for a list of addresses.
    let client = applicant.client_id.unwrap_or_default();
    let bucket = EphemeralKey::limit("pre-sign-up", "legacy", &[pool, client]);
    match services
        .limiter
        .take(&bucket, rules.attempts_per_client, deadline)
        .await
    {
        Ok(true) => {}
        Ok(false) => return Finding::undecided("legacy-limited").into(),
        Err(error) => return Finding::unanswered("legacy-unavailable", error).into(),
    }
    for store in &services.legacy_stores {
        let found = match store.find(address, deadline).await {
            Ok(found) => found,
            Err(error) => return Finding::unanswered("legacy-unavailable", error).into(),
        };
        let user = match found {
            Found::Unknown => continue,
            Found::User(user) => user,
            // An account that may not sign in is no stranger's either.
            Found::Disabled | Found::Unsupported(_) => {
                return Finding::Objection(NOT_AVAILABLE).into();
            }
        };
        let key = DirectoryKey::moved(pool, store.name(), &user.record_id);
        return match services.directory_item(&key, deadline).await {
            Ok(Some(_)) => Finding::Clear,
            Ok(None) => Finding::Objection(NOT_AVAILABLE),
            Err(error) => Finding::unanswered("legacy-unavailable", error),
        }
        .into();
    }
    Finding::Clear.into()
}
