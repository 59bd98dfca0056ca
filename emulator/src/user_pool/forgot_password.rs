//! ForgotPassword and ConfirmForgotPassword: a person sets a new password by a code.

use serde::Deserialize;
use serde_json::json;

use super::{
    UserPool,
    delivery::Reach,
    error::Answer,
    events::Metadata,
    mailbox::Purpose,
    password::PasswordHash,
    trigger::Source,
    users::{Status, User},
};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ForgotPassword {
    client_id: String,
    username: String,
    client_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConfirmForgotPassword {
    client_id: String,
    username: String,
    confirmation_code: String,
    password: String,
    client_metadata: Option<Metadata>,
}

impl UserPool {
    pub(super) async fn forgot_password(&self, request: ForgotPassword) -> Answer {
        self.check_client(&request.client_id)?;
        let username = match self.username_of(&request.username) {
            Some(username) => Some(username),
            None => {
                let metadata = request.client_metadata.as_ref();
                self.migrate_at_forgot_password(&request.username, metadata)
                    .await?
            }
        };
        let Some(username) = username else {
            return self.simulate_delivery(&request.username);
        };
        let invited = |user: &User| user.status == Status::ForceChangePassword;
        if self.state().users.get(&username).is_some_and(invited) {
            let message = "User password cannot be reset in the current state.";
            return Err(JsonError::not_authorized(message));
        }
        // A code goes to a verified address only; who has none looks like nobody (developer guide,
        // "Managing user existence error responses").
        match self.reachable_by(&username, Reach::Verified) {
            Some(contact) => {
                let details = self.send_code(&username, contact, Purpose::ForgotPassword)?;
                Ok(json!({ "CodeDeliveryDetails": details }))
            }
            None if self.settings().prevent_user_existence_errors => {
                self.simulate_delivery(&request.username)
            }
            None => Err(JsonError::invalid_parameter(
                "Cannot reset password for the user as there is no registered/verified email or phone_number",
            )),
        }
    }

    pub(super) async fn confirm_forgot_password(&self, request: ConfirmForgotPassword) -> Answer {
        self.check_client(&request.client_id)?;
        let settings = self.settings();
        settings.password.check(&request.password)?;
        let pool_id = &settings.pool_id;
        let username = {
            let mut state = self.state();
            let Some(user) = state.find_mut(&self.settings(), &request.username) else {
                return Err(self.unknown_user(JsonError::code_mismatch()));
            };
            user.proof(Purpose::ForgotPassword, &request.confirmation_code)?;
            user.codes.remove(&Purpose::ForgotPassword);
            let name = (pool_id.as_str(), user.username.as_str());
            user.password = Some(PasswordHash::new(name, &request.password));
            user.status = Status::Confirmed;
            user.username.clone()
        };
        let source = Source::PostConfirmationConfirmForgotPassword;
        let client_id = Some(request.client_id.as_str());
        self.tell_post_confirmation(
            source,
            &username,
            client_id,
            request.client_metadata.as_ref(),
        )
        .await?;
        Ok(json!({}))
    }
}
