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

/// Whose an address is in the legacy stores.
enum Owner {
    /// Nobody's, or that of somebody who has moved in: they may have been deleted in the pool since.
    Nobody,
    /// Somebody's whom user-migration offers just now: this is their moving in.
    Offered,
    /// Somebody's who has not moved in.
    NotMovedIn,
}

/// What a record says of who has moved in, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    In,
    /// Offered just now.
    Offered,
    NotIn,
}

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
    let owner = match owner(address, pool, services, deadline).await {
        Ok(owner) => owner,
        Err(unanswered) => return unanswered.into(),
    };
    // Who moves in is not counted: as many as want to may move in within a minute, whoever signs up meanwhile.
    if matches!(owner, Owner::Offered) {
        return Finding::Clear.into();
    }
    // Every other answer tells who is in the old system, "nobody" too, so nobody gets it for a list of addresses.
    let client = applicant.client_id.unwrap_or_default();
    let bucket = EphemeralKey::limit("pre-sign-up", "legacy", &[pool, client]);
    let rate = rules.attempts_per_client;
    match services.limiter.take(&bucket, rate, deadline).await {
        Ok(true) if matches!(owner, Owner::NotMovedIn) => Finding::Objection(NOT_AVAILABLE),
        Ok(true) => Finding::Clear,
        Ok(false) => Finding::undecided("legacy-limited"),
        Err(error) => Finding::unanswered("legacy-unavailable", error),
    }
    .into()
}

/// Asks one store after another.
///
/// # Errors
/// The finding, where a store or the directory table does not answer.
async fn owner(
    address: &str,
    pool: &str,
    services: &Services,
    deadline: Deadline,
) -> Result<Owner, Finding> {
    const UNAVAILABLE: &str = "legacy-unavailable";
    for store in &services.legacy_stores {
        let found = store.find(address, deadline).await;
        let found = found.map_err(|error| Finding::unanswered(UNAVAILABLE, error))?;
        let user = match found {
            Found::Unknown => continue,
            Found::User(user) => user,
            // An account that may not sign in is no stranger's either.
            Found::Disabled | Found::Unsupported(_) => return Ok(Owner::NotMovedIn),
        };
        let key = DirectoryKey::moved(pool, store.name(), &user.record_id);
        let record = services.directory_item(&key, deadline).await;
        let record = record.map_err(|error| Finding::unanswered(UNAVAILABLE, error))?;
        let now = OffsetDateTime::now_utc();
        return Ok(match record.map_or(Moved::NotIn, |it| moved(&it, now)) {
            Moved::In => Owner::Nobody,
            Moved::Offered => Owner::Offered,
            Moved::NotIn => Owner::NotMovedIn,
        });
    }
    Ok(Owner::Nobody)
}

/// Whether whom `record` is of has moved in, or is about to.
fn moved(record: &Item, now: OffsetDateTime) -> Moved {
    match read_text(record, "state") {
        Some("moved") => Moved::In,
        Some("offered") => {
            let at = read_text(record, "offered_at").unwrap_or_default();
            match OffsetDateTime::parse(at, &Rfc3339) {
                Ok(at) if (now - at).abs() <= OFFER => Moved::Offered,
                _ => Moved::NotIn,
            }
        }
        _ => Moved::NotIn,
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
            (0, Moved::Offered),
            (60, Moved::Offered),
            (61, Moved::NotIn),
            (-60, Moved::Offered),
            (-61, Moved::NotIn),
        ] {
            let later = now + Duration::seconds(seconds);
            assert_eq!(moved(&record("offered", at), later), expected, "{seconds}");
            assert_eq!(moved(&record("moved", at), later), Moved::In, "{seconds}");
        }
        assert_eq!(moved(&record("offered", "yesterday"), now), Moved::NotIn);
        assert_eq!(moved(&record("", at), now), Moved::NotIn);
        assert_eq!(moved(&Item::default(), now), Moved::NotIn);
    }
}
