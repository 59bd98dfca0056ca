//! What the old pool's answers to a password mean.

use aws_sdk_cognitoidentityprovider::{
    operation::admin_initiate_auth::AdminInitiateAuthError, types::ChallengeNameType,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::legacy::{Authenticated, StoreError};

/// The user has never shown that the address is theirs.
pub(super) const NOT_CONFIRMED: &str = "not-confirmed";
/// The old pool wants another password before it lets the user in.
pub(super) const RESET_REQUIRED: &str = "reset-required";
/// The password was made by an administrator, for one use.
pub(super) const TEMPORARY_PASSWORD: &str = "temporary-password";

/// What a try with a password came to.
#[derive(Debug)]
pub(super) enum Tried {
    /// The password is right.
    Right,
    /// The password is right, and the old pool asks for a second factor, which does not move.
    RightWithMfa,
    /// The user does not get in.
    Refused(Authenticated),
}

/// The meaning of a challenge: a pool asks for a second factor only after the right password.
///
/// # Errors
/// For a challenge that says nothing of a password.
pub(super) fn challenged(challenge: Option<&ChallengeNameType>) -> Result<Tried, StoreError> {
    match challenge {
        Some(
            ChallengeNameType::SmsMfa
            | ChallengeNameType::SoftwareTokenMfa
            | ChallengeNameType::EmailOtp
            | ChallengeNameType::SelectMfaType
            | ChallengeNameType::MfaSetup
            | ChallengeNameType::DeviceSrpAuth,
        ) => Ok(Tried::RightWithMfa),
        Some(ChallengeNameType::NewPasswordRequired) => {
            let said = Authenticated::Unsupported(TEMPORARY_PASSWORD);
            Ok(Tried::Refused(said))
        }
        _ => Err(StoreError::Answer),
    }
}

/// What an error says of the user; `None` where it says something of the deployment.
pub(super) fn refused(error: &AdminInitiateAuthError) -> Option<Authenticated> {
    use AdminInitiateAuthError as Error;

    match error {
        // Cognito answers a wrong SECRET_HASH by the same type.
        Error::NotAuthorizedException(_) => {
            let message = error.message().unwrap_or_default();
            (!message.contains("secret hash")).then_some(Authenticated::WrongPassword(None))
        }
        // Deleted a moment ago.
        Error::UserNotFoundException(_) => Some(Authenticated::WrongPassword(None)),
        Error::UserNotConfirmedException(_) => Some(Authenticated::Unsupported(NOT_CONFIRMED)),
        Error::PasswordResetRequiredException(_) => {
            Some(Authenticated::Unsupported(RESET_REQUIRED))
        }
        // A trigger of the old pool does not let them in.
        Error::UserLambdaValidationException(_) => Some(Authenticated::Disabled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cognitoidentityprovider::types::error::{
        InvalidParameterException, NotAuthorizedException, PasswordResetRequiredException,
        TooManyRequestsException, UserLambdaValidationException, UserNotConfirmedException,
    };

    use super::*;

    fn not_authorized(message: &str) -> AdminInitiateAuthError {
        let metadata = aws_smithy_types::error::ErrorMetadata::builder()
            .message(message)
            .build();
        let error = NotAuthorizedException::builder().meta(metadata).build();
        AdminInitiateAuthError::NotAuthorizedException(error)
    }

    #[test]
    fn a_challenge_for_a_second_factor_means_that_the_password_was_right() {
        for challenge in [
            ChallengeNameType::SmsMfa,
            ChallengeNameType::SoftwareTokenMfa,
            ChallengeNameType::EmailOtp,
            ChallengeNameType::SelectMfaType,
            ChallengeNameType::MfaSetup,
        ] {
            assert!(matches!(
                challenged(Some(&challenge)),
                Ok(Tried::RightWithMfa)
            ));
        }
        let temporary = challenged(Some(&ChallengeNameType::NewPasswordRequired));
        assert!(matches!(
            temporary,
            Ok(Tried::Refused(Authenticated::Unsupported(
                "temporary-password"
            )))
        ));
        for other in [None, Some(ChallengeNameType::CustomChallenge)] {
            assert!(matches!(
                challenged(other.as_ref()),
                Err(StoreError::Answer)
            ));
        }
    }

    #[test]
    fn what_the_old_pool_says_of_a_user_is_no_failure_and_what_it_says_of_us_is() {
        for message in [
            "Incorrect username or password.",
            "Password attempts exceeded",
            "User is disabled.",
        ] {
            let said = refused(&not_authorized(message));
            assert!(
                matches!(said, Some(Authenticated::WrongPassword(_))),
                "{message}"
            );
        }
        let ours = not_authorized("Unable to verify secret hash for client 1example");
        assert!(refused(&ours).is_none());

        use AdminInitiateAuthError as Error;
        let unconfirmed = UserNotConfirmedException::builder().build();
        let reset = PasswordResetRequiredException::builder().build();
        for (error, reason) in [
            (
                Error::UserNotConfirmedException(unconfirmed),
                "not-confirmed",
            ),
            (
                Error::PasswordResetRequiredException(reset),
                "reset-required",
            ),
        ] {
            let said = refused(&error);
            assert!(matches!(said, Some(Authenticated::Unsupported(is)) if is == reason));
        }
        let trigger = UserLambdaValidationException::builder().build();
        let said = refused(&Error::UserLambdaValidationException(trigger));
        assert!(matches!(said, Some(Authenticated::Disabled)));
        let flow = InvalidParameterException::builder().build();
        assert!(refused(&Error::InvalidParameterException(flow)).is_none());
        let many = TooManyRequestsException::builder().build();
        assert!(refused(&Error::TooManyRequestsException(many)).is_none());
    }
}
