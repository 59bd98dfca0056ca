//! `triggerSource`: which moment of which flow fired the trigger.

use std::fmt;

/// The sources that Poolkeeper acts on (Amazon Cognito developer guide, "Lambda trigger sources").
/// Every other value passes through untouched: Cognito may add some at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerSource {
    /// A person signs up.
    PreSignUpSignUp,
    /// An administrator creates a user.
    PreSignUpAdminCreateUser,
    /// The first sign-in through an external provider.
    PreSignUpExternalProvider,
    /// A user was confirmed, by code, by an administrator or automatically.
    PostConfirmationConfirmSignUp,
    /// A forgotten password was replaced.
    PostConfirmationConfirmForgotPassword,
    /// Somebody whom the pool does not know signs in with a password.
    UserMigrationAuthentication,
    /// Somebody whom the pool does not know has forgotten the password.
    UserMigrationForgotPassword,
    /// Anything else.
    Unknown(String),
}

impl From<String> for TriggerSource {
    fn from(text: String) -> Self {
        match text.as_str() {
            "PreSignUp_SignUp" => Self::PreSignUpSignUp,
            "PreSignUp_AdminCreateUser" => Self::PreSignUpAdminCreateUser,
            "PreSignUp_ExternalProvider" => Self::PreSignUpExternalProvider,
            "PostConfirmation_ConfirmSignUp" => Self::PostConfirmationConfirmSignUp,
            "PostConfirmation_ConfirmForgotPassword" => Self::PostConfirmationConfirmForgotPassword,
            "UserMigration_Authentication" => Self::UserMigrationAuthentication,
            "UserMigration_ForgotPassword" => Self::UserMigrationForgotPassword,
            _ => Self::Unknown(text),
        }
    }
}

impl fmt::Display for TriggerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PreSignUpSignUp => "PreSignUp_SignUp",
            Self::PreSignUpAdminCreateUser => "PreSignUp_AdminCreateUser",
            Self::PreSignUpExternalProvider => "PreSignUp_ExternalProvider",
            Self::PostConfirmationConfirmSignUp => "PostConfirmation_ConfirmSignUp",
            Self::PostConfirmationConfirmForgotPassword => "PostConfirmation_ConfirmForgotPassword",
            Self::UserMigrationAuthentication => "UserMigration_Authentication",
            Self::UserMigrationForgotPassword => "UserMigration_ForgotPassword",
            // The text comes from outside and goes to a log line of bounded shape.
            Self::Unknown(_) => "unknown",
        })
    }
}
