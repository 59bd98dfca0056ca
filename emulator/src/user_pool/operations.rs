//! The operations of the pool, by the names of Cognito's API.

use serde::de::DeserializeOwned;

use super::{UserPool, error::Answer};
use crate::iam::JsonError;

macro_rules! operations {
    ($($name:literal => $method:ident,)*) => {
        /// Whether this pool has the operation.
        pub fn knows(operation: &str) -> bool {
            matches!(operation, $($name)|*)
        }

        impl UserPool {
            pub(super) async fn answer(&self, operation: &str, body: &[u8]) -> Answer {
                match operation {
                    $($name => self.$method(parse(body)?).await,)*
                    _ => Err(JsonError::unknown_operation(operation)),
                }
            }
        }
    };
}

operations! {
    "AdminAddUserToGroup" => admin_add_user_to_group,
    "AdminConfirmSignUp" => admin_confirm_sign_up,
    "AdminCreateUser" => admin_create_user,
    "AdminDeleteUser" => admin_delete_user,
    "AdminDisableProviderForUser" => admin_disable_provider_for_user,
    "AdminGetUser" => admin_get_user,
    "AdminInitiateAuth" => admin_initiate_auth,
    "AdminLinkProviderForUser" => admin_link_provider_for_user,
    "AdminListGroupsForUser" => admin_list_groups_for_user,
    "AdminRemoveUserFromGroup" => admin_remove_user_from_group,
    "AdminSetUserPassword" => admin_set_user_password,
    "AdminUserGlobalSignOut" => admin_user_global_sign_out,
    "ChangePassword" => change_password,
    "ConfirmForgotPassword" => confirm_forgot_password,
    "ConfirmSignUp" => confirm_sign_up,
    "CreateGroup" => create_group,
    "DeleteUser" => delete_user,
    "DescribeUserPool" => describe_user_pool,
    "DescribeUserPoolClient" => describe_user_pool_client,
    "ForgotPassword" => forgot_password,
    "GetTokensFromRefreshToken" => get_tokens_from_refresh_token,
    "GetUser" => get_user,
    "GetUserAttributeVerificationCode" => resend_attribute_code,
    "GetUserPoolMfaConfig" => user_pool_mfa_config,
    "GlobalSignOut" => global_sign_out,
    "InitiateAuth" => initiate_auth,
    "ListGroups" => list_groups,
    "ListUserPoolClients" => list_user_pool_clients,
    "ListUsers" => list_users,
    "ResendConfirmationCode" => resend_confirmation_code,
    "RespondToAuthChallenge" => respond_to_auth_challenge,
    "RevokeToken" => revoke_token,
    "SetUserPoolMfaConfig" => set_user_pool_mfa_config,
    "SignUp" => sign_up,
    "UpdateUserAttributes" => update_user_attributes,
    "UpdateUserPool" => update_user_pool,
    "UpdateUserPoolClient" => update_user_pool_client,
    "VerifyUserAttribute" => verify_user_attribute,
}

/// Never repeats a value of the request, which may be a password.
fn parse<R: DeserializeOwned>(body: &[u8]) -> Result<R, JsonError> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match text.split('`').nth(1).filter(|_| text.starts_with("missing field")) {
            Some(field) => JsonError::invalid_parameter(format!(
                "1 validation error detected: Value at '{}{}' failed to satisfy constraint: Member must not be null",
                field.chars().take(1).flat_map(char::to_lowercase).collect::<String>(),
                field.chars().skip(1).collect::<String>(),
            )),
            None => JsonError::new("SerializationException", "The request is not what this operation takes."),
        }
    })
}
