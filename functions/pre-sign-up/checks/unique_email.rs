//! `unique_email`: whether another user of the pool was confirmed with the mailbox of the address.
//!
//! Claims are taken at confirmation, so that a stranger cannot reserve an address; two who sign up at the same
//! time both come in, and the second to be confirmed is told as `mailbox-taken`. What claims there are is
//! complete only once reconcile has seen the whole pool: until then this check reports.

use shared::{
    deadline::Deadline,
    state::{DirectoryKey, read_text},
};

use crate::{Applicant, judge::Finding, services::Services};

/// What the claim says.
pub(super) async fn look(
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Finding {
    let address = match applicant.email() {
        Ok(address) => address,
        Err(undecided) => return undecided,
    };
    let Some(pool) = applicant.user_pool_id else {
        return Finding::undecided("no-user-pool");
    };
    let claim = DirectoryKey::email_claim(pool, &address.mailbox());
    let claimed = match services.directory_item(&claim, deadline).await {
        Ok(None) => return Finding::Clear,
        Ok(Some(_)) => {
            let run = DirectoryKey::reconcile(pool);
            services.directory_item(&run, deadline).await
        }
        Err(error) => Err(error),
    };
    match claimed {
        Ok(Some(run)) if read_text(&run, "completed_at").is_some() => {
            Finding::Objection("email-taken")
        }
        Ok(_) => Finding::Remark("email-taken"),
        Err(error) => Finding::unanswered("unique-email-unavailable", error),
    }
}
