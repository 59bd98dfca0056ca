//! What an administrator does to single users. Who may call these is decided in front of the pool.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    UserPool,
    attributes::{Attribute, Attributes},
    delivery::mediums,
    error::Answer,
    events::{Metadata, ValidationDatum},
    password::PasswordHash,
    settings::Contact,
    trigger::{Call, Source},
    users::{Status, User},
};
use crate::{iam::JsonError, random};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminCreateUser {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
    temporary_password: Option<String>,
    message_action: Option<String>,
    desired_delivery_mediums: Option<Value>,
    #[serde(default)]
    force_alias_creation: bool,
    validation_data: Option<Vec<ValidationDatum>>,
    client_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminConfirmSignUp {
    user_pool_id: String,
    username: String,
    client_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminGetUser {
    user_pool_id: String,
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminSetUserPassword {
    user_pool_id: String,
    username: String,
    password: String,
    #[serde(default)]
    permanent: bool,
}

impl UserPool {
    /// Pre sign-up may refuse; what else it answers is ignored. No post confirmation follows.
    pub(super) async fn admin_create_user(&self, request: AdminCreateUser) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        if let Some(password) = &request.temporary_password {
            self.settings().password.check(password)?;
        }
        if request.message_action.as_deref() == Some("RESEND") {
            return Err(JsonError::invalid_parameter(
                "RESEND is not part of this pool.",
            ));
        }
        let mut attributes = Attributes::from_request(&self.settings(), request.user_attributes)?;
        let sub = random::uuid()?;
        let username = self.new_username(&request.username, &mut attributes, &sub)?;
        self.state()
            .refuse_duplicate(&self.settings(), &username, &attributes)?;

        self.call(Call::pre_sign_up(
            Source::PreSignUpAdminCreateUser,
            &username,
            None,
            &attributes,
            request.validation_data,
            request.client_metadata.as_ref(),
        ))
        .await?;

        let password = match request.temporary_password {
            Some(password) => password,
            None => random::token()?,
        };
        let status = Status::ForceChangePassword;
        let user = User::new(
            (&self.settings().pool_id, &username),
            &sub,
            attributes,
            status,
            Some(&password),
        );
        let described = user.describe("Attributes");
        {
            let mut state = self.state();
            state.refuse_duplicate(&self.settings(), &username, &user.attributes)?;
            let verified: Vec<Contact> = Contact::ALL
                .into_iter()
                .filter(|contact| user.is_verified(*contact))
                .collect();
            state.users.insert(username.clone(), user);
            for contact in verified {
                let force = request.force_alias_creation;
                if let Err(taken) = state.verify(&self.settings(), &username, contact, force) {
                    state.users.remove(&username);
                    return Err(taken);
                }
            }
        }
        if request.message_action.as_deref() != Some("SUPPRESS") {
            let mediums = mediums(request.desired_delivery_mediums.as_ref());
            self.invite(&username, &mediums, &password);
        }
        Ok(json!({ "User": described }))
    }

    pub(super) async fn admin_confirm_sign_up(&self, request: AdminConfirmSignUp) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let username = {
            let mut state = self.state();
            let user = state
                .find_mut(&self.settings(), &request.username)
                .ok_or_else(JsonError::user_not_found)?;
            user.require_unconfirmed()?;
            user.status = Status::Confirmed;
            user.username.clone()
        };
        let source = Source::PostConfirmationConfirmSignUp;
        self.tell_post_confirmation(source, &username, None, request.client_metadata.as_ref())
            .await?;
        Ok(json!({}))
    }

    pub(super) async fn admin_get_user(&self, request: AdminGetUser) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let state = self.state();
        let user = state
            .find(&self.settings(), &request.username)
            .ok_or_else(JsonError::user_not_found)?;
        Ok(Value::Object(user.describe("UserAttributes")))
    }

    pub(super) async fn admin_set_user_password(&self, request: AdminSetUserPassword) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let settings = self.settings();
        settings.password.check(&request.password)?;
        let pool_id = &settings.pool_id;
        let mut state = self.state();
        let user = state
            .find_mut(&self.settings(), &request.username)
            .ok_or_else(JsonError::user_not_found)?;
        let name = (pool_id.as_str(), user.username.as_str());
        user.password = Some(PasswordHash::new(name, &request.password));
        user.status = if request.permanent {
            Status::Confirmed
        } else {
            Status::ForceChangePassword
        };
        Ok(json!({}))
    }
}
