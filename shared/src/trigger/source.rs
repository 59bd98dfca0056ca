//! `triggerSource`: which moment of which flow fired the trigger.

use std::fmt;

/// The value of `triggerSource` (Amazon Cognito developer guide, "Lambda trigger sources"). Open: Cognito
/// may add some at any time, and a function that serves another trigger names its own with
/// [`TriggerSource::new`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TriggerSource<'a>(&'a str);

impl TriggerSource<'static> {
    /// A person signs up.
    pub const PRE_SIGN_UP_SIGN_UP: Self = Self("PreSignUp_SignUp");
    /// An administrator creates a user.
    pub const PRE_SIGN_UP_ADMIN_CREATE_USER: Self = Self("PreSignUp_AdminCreateUser");
    /// The first sign-in through an external provider.
    pub const PRE_SIGN_UP_EXTERNAL_PROVIDER: Self = Self("PreSignUp_ExternalProvider");
    /// A user was confirmed, by code, by an administrator or automatically.
    pub const POST_CONFIRMATION_CONFIRM_SIGN_UP: Self = Self("PostConfirmation_ConfirmSignUp");
    /// A forgotten password was replaced.
    pub const POST_CONFIRMATION_CONFIRM_FORGOT_PASSWORD: Self =
        Self("PostConfirmation_ConfirmForgotPassword");
    /// Somebody whom the pool does not know signs in with a password.
    pub const USER_MIGRATION_AUTHENTICATION: Self = Self("UserMigration_Authentication");
    /// Somebody whom the pool does not know has forgotten the password.
    pub const USER_MIGRATION_FORGOT_PASSWORD: Self = Self("UserMigration_ForgotPassword");
}

impl<'a> TriggerSource<'a> {
    /// `text` as it stands in an event.
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The text as it stands in the event: for comparison and storage, not for logs.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The trigger before the underscore, `PreSignUp` of `PreSignUp_SignUp`; empty where there is none.
    pub fn trigger(self) -> &'a str {
        self.0.split_once('_').map_or("", |(trigger, _)| trigger)
    }
}

/// The text where it is shaped as Cognito shapes it, `Word_Word`, else `unknown`: it comes from outside
/// and goes to a log line.
impl fmt::Display for TriggerSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
        };
        let shaped = self
            .0
            .split_once('_')
            .is_some_and(|(trigger, moment)| word(trigger) && word(moment));
        f.write_str(if shaped && self.0.len() <= LONGEST {
            self.0
        } else {
            "unknown"
        })
    }
}

impl fmt::Debug for TriggerSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TriggerSource({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_of_the_future_is_shown_and_what_is_shaped_otherwise_is_not() {
        let shown = |text| TriggerSource::new(text).to_string();
        assert_eq!(shown("PreSignUp_FromTheFuture"), "PreSignUp_FromTheFuture");
        let long = format!("PreSignUp_{}", "x".repeat(64));
        for odd in ["canary", "canary_", "a_b_c", "a_canary@example.com", &long] {
            assert_eq!(shown(odd), "unknown");
        }
    }

    #[test]
    fn the_trigger_is_what_stands_before_the_underscore() {
        assert_eq!(TriggerSource::new("PreSignUp_New").trigger(), "PreSignUp");
        assert_eq!(TriggerSource::new("PreSignUp").trigger(), "");
    }
}
