//! What a signed-in person does to the own account, by an access token: password, attributes, signing
//! out everywhere, leaving.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    UserPool,
    attributes::{Attribute, Attributes},
    delivery::Reach,
    error::Answer,
    mailbox::Purpose,
    password::PasswordHash,
    settings::Contact,
};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Holder {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangePassword {
    access_token: String,
    previous_password: String,
    proposed_password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateUserAttributes {
    access_token: String,
    user_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VerifyUserAttribute {
    access_token: String,
    attribute_name: String,
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RevokeToken {
    client_id: String,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfUser {
    user_pool_id: String,
    username: String,
}

impl UserPool {
    pub(super) async fn get_user(&self, request: Holder) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        let state = self.state();
        let user = state
            .users
            .get(&username)
            .ok_or_else(JsonError::user_not_found)?;
        let mut answer = user.describe("UserAttributes");
        answer.retain(|name, _| name == "Username" || name == "UserAttributes");
        Ok(Value::Object(answer))
    }

    pub(super) async fn change_password(&self, request: ChangePassword) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        let settings = self.settings();
        settings.password.check(&request.proposed_password)?;
        let name = (settings.pool_id.as_str(), username.as_str());
        let mut state = self.state();
        let user = state
            .users
            .get_mut(&username)
            .ok_or_else(JsonError::user_not_found)?;
        let known = user.password.as_ref();
        if !known.is_some_and(|known| known.matches(name, &request.previous_password)) {
            return Err(JsonError::wrong_credentials());
        }
        user.password = Some(PasswordHash::new(name, &request.proposed_password));
        Ok(json!({}))
    }

    /// An address that changes has to be proven anew.
    pub(super) async fn update_user_attributes(&self, request: UpdateUserAttributes) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        let changes = Attributes::from_request(&self.settings(), request.user_attributes)?;
        let mut unproven = Vec::new();
        {
            let mut state = self.state();
            let user = state
                .users
                .get_mut(&username)
                .ok_or_else(JsonError::user_not_found)?;
            for (name, value) in changes.iter() {
                if name.ends_with("_verified") || name == "identities" {
                    let message = format!("Cannot modify the non-mutable attribute {name}");
                    return Err(JsonError::not_authorized(message));
                }
                let contact = Contact::ALL
                    .into_iter()
                    .find(|contact| contact.attribute() == name);
                let changed = user.attributes.get(name) != Some(value);
                user.attributes.set(name, value);
                if let Some(contact) = contact.filter(|_| changed) {
                    user.attributes.set(contact.verified_attribute(), "false");
                    unproven.push(contact);
                }
            }
        }
        let auto_verified = self.settings().auto_verified.clone();
        let mut sent = Vec::new();
        for contact in unproven {
            if auto_verified.contains(&contact) {
                sent.push(self.send_code(&username, contact, Purpose::VerifyAttribute)?);
            }
        }
        Ok(json!({ "CodeDeliveryDetailsList": sent }))
    }

    pub(super) async fn verify_user_attribute(&self, request: VerifyUserAttribute) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        let mut state = self.state();
        let user = state
            .users
            .get_mut(&username)
            .ok_or_else(JsonError::user_not_found)?;
        let contact = user.proof(Purpose::VerifyAttribute, &request.code)?;
        if contact.attribute() != request.attribute_name {
            return Err(JsonError::code_mismatch());
        }
        user.codes.remove(&Purpose::VerifyAttribute);
        state.verify(&self.settings(), &username, contact, true)?;
        Ok(json!({}))
    }

    pub(super) async fn resend_attribute_code(&self, request: AttributeCode) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        let contact = Contact::ALL
            .into_iter()
            .find(|contact| contact.attribute() == request.attribute_name);
        let contact = contact
            .filter(|contact| self.reachable_by(&username, Reach::AutoVerified) == Some(*contact));
        let contact = contact
            .ok_or_else(|| JsonError::invalid_parameter("The attribute cannot be verified."))?;
        let details = self.send_code(&username, contact, Purpose::VerifyAttribute)?;
        Ok(json!({ "CodeDeliveryDetails": details }))
    }

    /// Ends every sign-in; the access token that asks for it is the last one that counts.
    pub(super) async fn global_sign_out(&self, request: Holder) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        self.state().sign_out(&username);
        Ok(json!({}))
    }

    pub(super) async fn admin_user_global_sign_out(&self, request: OfUser) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let username = self
            .username_of(&request.username)
            .ok_or_else(JsonError::user_not_found)?;
        self.state().sign_out(&username);
        Ok(json!({}))
    }

    /// A refresh token and all that came of it; one that is unknown is revoked already.
    pub(super) async fn revoke_token(&self, request: RevokeToken) -> Answer {
        self.check_client(&request.client_id)?;
        self.state().sessions.remove(&request.token);
        Ok(json!({}))
    }

    pub(super) async fn delete_user(&self, request: Holder) -> Answer {
        let username = self.holder_of(&request.access_token)?;
        self.remove(&username);
        Ok(json!({}))
    }

    pub(super) async fn admin_delete_user(&self, request: OfUser) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let username = self
            .username_of(&request.username)
            .ok_or_else(JsonError::user_not_found)?;
        self.remove(&username);
        Ok(json!({}))
    }

    fn remove(&self, username: &str) {
        let mut state = self.state();
        state.sign_out(username);
        state.users.remove(username);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeCode {
    access_token: String,
    attribute_name: String,
}
