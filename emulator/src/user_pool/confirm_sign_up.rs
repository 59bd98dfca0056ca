//! ConfirmSignUp and ResendConfirmationCode: a person proves an address.

use serde::Deserialize;
use serde_json::json;

use super::{
    UserPool,
    delivery::Reach,
    error::Answer,
    events::Metadata,
    mailbox::Purpose,
    trigger::Source,
    users::{Status, User},
};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConfirmSignUp {
    client_id: String,
    username: String,
    confirmation_code: String,
    #[serde(default)]
    force_alias_creation: bool,
    client_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResendConfirmationCode {
    client_id: String,
    username: String,
}

impl UserPool {
    pub(super) async fn confirm_sign_up(&self, request: ConfirmSignUp) -> Answer {
        self.check_client(&request.client_id)?;
        let username = {
            let mut state = self.state();
            let Some(user) = state.find(&self.settings(), &request.username) else {
                return Err(self.unknown_user(JsonError::expired_code()));
            };
            user.require_unconfirmed()?;
            let contact = user.proof(Purpose::ConfirmSignUp, &request.confirmation_code)?;
            let username = user.username.clone();
            state.verify(
                &self.settings(),
                &username,
                contact,
                request.force_alias_creation,
            )?;
            if let Some(user) = state.users.get_mut(&username) {
                user.status = Status::Confirmed;
                user.codes.remove(&Purpose::ConfirmSignUp);
            }
            username
        };
        let source = Source::PostConfirmationConfirmSignUp;
        self.tell_post_confirmation(
            source,
            &username,
            Some(&request.client_id),
            request.client_metadata.as_ref(),
        )
        .await?;
        Ok(json!({}))
    }

    pub(super) async fn resend_confirmation_code(&self, request: ResendConfirmationCode) -> Answer {
        self.check_client(&request.client_id)?;
        let Some(username) = self.username_of(&request.username) else {
            return self.simulate_delivery(&request.username);
        };
        let state = self.state();
        let user = state.users.get(&username);
        if user.is_some_and(|user| user.status != Status::Unconfirmed) {
            return Err(JsonError::invalid_parameter("User is already confirmed."));
        }
        drop(state);
        let Some(contact) = self.reachable_by(&username, Reach::AutoVerified) else {
            return self.simulate_delivery(&request.username);
        };
        let details = self.send_code(&username, contact, Purpose::ConfirmSignUp)?;
        Ok(json!({ "CodeDeliveryDetails": details }))
    }
}

impl User {
    pub(super) fn require_unconfirmed(&self) -> Result<(), JsonError> {
        if self.status == Status::Unconfirmed {
            return Ok(());
        }
        let message = format!(
            "User cannot be confirmed. Current status is {}",
            self.status.name()
        );
        Err(JsonError::not_authorized(message))
    }
}
