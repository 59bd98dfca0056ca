//! A user on the way in, before the pool has a say.

use shared::{
    invocation::Invocation,
    legacy::{LegacyUser, Mapped, Store},
};

/// A user on the way in: known to `store` by the name that was typed.
pub(crate) struct Candidate<'a> {
    pub(crate) user: &'a LegacyUser,
    pub(crate) store: &'a Store,
    pub(crate) typed: &'a str,
}

impl Candidate<'_> {
    /// What of the user the pool gets. What it would refuse is left out, and told.
    pub(crate) fn map(&self, invocation: &Invocation) -> Mapped {
        let mapped = self.store.attributes().apply(self.user, self.typed);
        if !mapped.left_out.is_empty() {
            let (request_id, attributes) = (invocation.request_id(), mapped.left_out.join(","));
            tracing::warn!(
                request_id,
                attributes,
                "attributes are left out: Cognito would refuse their values"
            );
        }
        mapped
    }
}
