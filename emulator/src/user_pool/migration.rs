//! A user of the old system moves in, at a sign-in or a forgotten password.

use serde_json::{Map, Value, json};

use super::{
    UserPool,
    attributes::Attributes,
    delivery::mediums,
    events::{Metadata, with_client_metadata},
    settings::Contact,
    trigger::{Call, Source, flag},
    users::{Status, User},
};
use crate::{iam::JsonError, random};

impl UserPool {
    /// The name of the user who moved in with this password, which is from now on the pool's.
    pub(super) async fn migrate_at_sign_in(
        &self,
        name: &str,
        password: &str,
        metadata: Option<&Metadata>,
    ) -> Result<Option<String>, JsonError> {
        // The metadata of InitiateAuth arrives as validation data (developer guide, "Migrate user
        // Lambda trigger").
        let request =
            json!({ "password": password, "validationData": metadata, "userAttributes": null });
        let Some(response) = self
            .ask_user_migration(Source::UserMigrationAuthentication, name, request)
            .await?
        else {
            return Ok(None);
        };
        let status = match response.get("finalUserStatus").and_then(Value::as_str) {
            None => Status::ForceChangePassword,
            Some("CONFIRMED") => Status::Confirmed,
            Some("RESET_REQUIRED") => Status::ResetRequired,
            Some(_) => return Err(unrecognizable()),
        };
        self.move_in(name, Some(password), status, response).await
    }

    /// The name of the user who moved in without a password.
    pub(super) async fn migrate_at_forgot_password(
        &self,
        name: &str,
        metadata: Option<&Metadata>,
    ) -> Result<Option<String>, JsonError> {
        let request = json!({ "validationData": null, "userAttributes": null });
        let request = with_client_metadata(request, metadata);
        match self
            .ask_user_migration(Source::UserMigrationForgotPassword, name, request)
            .await?
        {
            Some(response) => {
                self.move_in(name, None, Status::ResetRequired, response)
                    .await
            }
            None => Ok(None),
        }
    }

    /// An answer without attributes means that the old system does not know the user either.
    async fn ask_user_migration(
        &self,
        source: Source,
        name: &str,
        request: Value,
    ) -> Result<Option<Map<String, Value>>, JsonError> {
        let response = json!({
            "userAttributes": null,
            "forceAliasCreation": null,
            "enableSMSMFA": null,
            "finalUserStatus": null,
            "messageAction": null,
            "desiredDeliveryMediums": null,
        });
        let settings = self.settings();
        let client_id = Some(settings.client_id.as_str());
        let response = self
            .call(Call {
                source,
                username: name,
                client_id,
                request,
                response,
            })
            .await?;
        Ok(response.filter(|response| {
            let attributes = response.get("userAttributes").and_then(Value::as_object);
            attributes.is_some_and(|attributes| !attributes.is_empty())
        }))
    }

    async fn move_in(
        &self,
        name: &str,
        password: Option<&str>,
        status: Status,
        mut response: Map<String, Value>,
    ) -> Result<Option<String>, JsonError> {
        let Some(Value::Object(mut given)) = response.remove("userAttributes") else {
            return Ok(None);
        };
        let chosen = given.remove("username");
        let chosen = chosen.as_ref().and_then(Value::as_str).unwrap_or(name);
        let mut attributes = Attributes::from_response(&self.settings(), given)?;
        let sub = random::uuid()?;
        let username = self.new_username(chosen, &mut attributes, &sub)?;
        if self.settings().migration_fires_pre_sign_up {
            let source = Source::PreSignUpAdminCreateUser;
            let settings = self.settings();
            let client_id = Some(settings.client_id.as_str());
            self.call(Call::pre_sign_up(
                source,
                &username,
                client_id,
                &attributes,
                None,
                None,
            ))
            .await?;
        }

        let verified: Vec<Contact> = Contact::ALL
            .into_iter()
            .filter(|contact| attributes.get(contact.verified_attribute()) == Some("true"))
            .collect();
        let force = flag(&response, "forceAliasCreation")?;
        let user = User::new(
            (&self.settings().pool_id, &username),
            &sub,
            attributes,
            status,
            password,
        );
        {
            let mut state = self.state();
            // The same person may have moved in by another request in the meantime.
            if let Some(user) = state.find(&self.settings(), name) {
                return Ok(Some(user.username.clone()));
            }
            state.refuse_duplicate(&self.settings(), &username, &user.attributes)?;
            state.users.insert(username.clone(), user);
            for contact in verified {
                if let Err(taken) = state.verify(&self.settings(), &username, contact, force) {
                    state.users.remove(&username);
                    return Err(taken);
                }
            }
        }
        if response.get("messageAction").and_then(Value::as_str) != Some("SUPPRESS") {
            let mediums = mediums(
                response
                    .get("desiredDeliveryMediums")
                    .filter(|names| !names.is_null()),
            );
            self.invite(&username, &mediums, "");
        }
        Ok(Some(username))
    }
}

fn unrecognizable() -> JsonError {
    JsonError::new(
        "InvalidLambdaResponseException",
        "Unrecognizable lambda output",
    )
}
