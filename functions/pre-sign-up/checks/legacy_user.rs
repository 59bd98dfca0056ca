//! `legacy_user`: the address of a legacy user who has not moved in yet belongs to them. Otherwise a stranger
//! could sign up with it first, and the person would never move in.
//!
//! Moving in fires this trigger too, from a source that AWS does not document. It passes, for user-migration
//! has recorded whom it offers before it answers. An offer that is older than that does not: Cognito may have
//! refused the user, and a stranger must not have the address by it.

use shared::{
    deadline::Deadline,
    legacy::Found,
    policy,
    state::{DirectoryKey, EphemeralKey, Item, read_text},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::Looked;
use crate::{Applicant, judge::Finding, services::Services};

/// The person reads it: it says no more than that the address cannot be had.
const NOT_AVAILABLE: &str = "address-not-available";

/// How long after an offer a sign-up is the person's own moving in. Cognito asks pre-sign-up as soon as it has
/// the offer, gives a trigger 5 s, and has been seen to ask one three times; the rest is for clocks that differ.
const OFFER: Duration = Duration::seconds(60);

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
            Ok(Some(record)) if passes(&record, OffsetDateTime::now_utc()) => Finding::Clear,
            Ok(_) => Finding::Objection(NOT_AVAILABLE),
            Err(error) => Finding::unanswered("legacy-unavailable", error),
        }
        .into();
    }
    Finding::Clear.into()
}

/// Whether whom `record` is of has moved in, or is about to. Who has moved in and was deleted in the pool since may sign
/// up anew, as everybody may.
fn passes(record: &Item, now: OffsetDateTime) -> bool {
    match read_text(record, "state") {
        Some("moved") => true,
        Some("offered") => {
            let at = read_text(record, "offered_at").unwrap_or_default();
            let at = OffsetDateTime::parse(at, &Rfc3339);
            at.is_ok_and(|at| (now - at).abs() <= OFFER)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use shared::state::text;

    use super::*;

    fn record(state: &str, offered_at: &str) -> Item {
        Item::from([text("state", state), text("offered_at", offered_at)])
    }

    #[test]
    fn an_offer_passes_for_a_minute_and_who_has_moved_in_for_ever() {
        let at = "2026-11-21T12:00:00Z";
        let now = OffsetDateTime::parse(at, &Rfc3339).unwrap();
        for (seconds, expected) in [
            (0, true),
            (60, true),
            (61, false),
            (-60, true),
            (-61, false),
        ] {
            let later = now + Duration::seconds(seconds);
            assert_eq!(passes(&record("offered", at), later), expected, "{seconds}");
            assert!(passes(&record("moved", at), later), "{seconds}");
        }
        assert!(!passes(&record("offered", "yesterday"), now));
        assert!(!passes(&record("", at), now));
        assert!(!passes(&Item::default(), now));
    }
}
