//! `invitation`: who was invited.

use std::time::Duration;

use serde::Deserialize;

use super::super::bounded::Bounded;

/// An invitation that serves one account.
#[derive(Debug, Clone, Copy)]
pub struct Invitation {
    /// How long a sign-up holds it, within which nobody else can sign up with it.
    pub hold: Duration,
}

/// An invitation that serves one account. Its code comes as `invitation` in the validation data, or else in
/// the client metadata.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Invitation")
)]
pub(super) struct WrittenInvitation {
    /// Hours for which a sign-up holds it. Cognito's own code is valid for 24.
    #[serde(default = "Bounded::<1, 168>::new::<24>")]
    hold_hours: Bounded<1, 168>,
}

impl From<WrittenInvitation> for Invitation {
    fn from(written: WrittenInvitation) -> Self {
        let hours = u64::from(written.hold_hours.get());
        Self {
            hold: Duration::from_secs(hours * 3600),
        }
    }
}
