//! `[post-confirmation]`: what is kept of a user who was confirmed.

use serde::Deserialize;

use super::{Findings, Section, bounded::Bounded};

/// The rules of post-confirmation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PostConfirmation {
    /// What happens to the user when the profile cannot be stored. They are confirmed already.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// The attributes that the profile keeps, as Cognito names them (`custom:` included).
    #[serde(default = "profile_attributes")]
    pub profile_attributes: Vec<String>,
    /// Seconds within which a second password reset of the same user is the same event, delivered again.
    /// Cognito gives such events no id.
    #[serde(default = "Bounded::<1, 3600>::new::<60>")]
    pub password_reset_window_seconds: Bounded<1, 3600>,
}

/// What happens when post-confirmation cannot do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnFailure {
    /// The user goes on; the audit line says `deferred`, to alarm on and to heal later.
    #[default]
    Confirm,
    /// The user sees an error, though they are confirmed.
    Fail,
}

impl Default for PostConfirmation {
    /// What holds while the section cannot be read: the user goes on.
    fn default() -> Self {
        Self {
            on_failure: OnFailure::default(),
            profile_attributes: profile_attributes(),
            password_reset_window_seconds: Bounded::new::<60>(),
        }
    }
}

impl Section for PostConfirmation {
    const NAME: &'static str = "post-confirmation";

    fn check(&self, _: &mut Findings) {}
}

fn profile_attributes() -> Vec<String> {
    [
        "email",
        "email_verified",
        "phone_number",
        "phone_number_verified",
        "name",
        "locale",
    ]
    .map(str::to_owned)
    .to_vec()
}
