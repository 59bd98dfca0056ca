//! `legacy_user`: whose address it is already.

use std::time::Duration;

use serde::Deserialize;

use super::super::bounded::Bounded;
use crate::limit::Rate;

/// Addresses of users of the legacy stores who have not moved in yet.
#[derive(Debug, Clone, Copy)]
pub struct LegacyUser {
    /// How often one app client may ask.
    pub attempts_per_client: Rate,
}

/// Addresses of users of `[[user-migration.stores]]` who have not moved in yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LegacyUser")
)]
pub(super) struct WrittenLegacyUser {
    /// Questions that one app client may have looked up at once, and again in each minute; Cognito may ask three times
    /// for one sign-up. Beyond it the check cannot decide.
    #[serde(default = "Bounded::<3, 1_000_000>::new::<60>")]
    attempts_per_minute: Bounded<3, 1_000_000>,
}

impl From<WrittenLegacyUser> for LegacyUser {
    fn from(written: WrittenLegacyUser) -> Self {
        let minute = Duration::from_secs(60);
        let attempts_per_client = Rate::new(written.attempts_per_minute.get(), minute);
        Self {
            attempts_per_client,
        }
    }
}
