//! InitiateAuth, AdminInitiateAuth, RespondToAuthChallenge and GetUser: a person signs in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    UserPool,
    error::Answer,
    events::Metadata,
    password::{PasswordHash, check_policy},
    users::Status,
};
use crate::{iam::JsonError, random};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InitiateAuth {
    auth_flow: String,
    client_id: String,
    #[serde(default)]
    auth_parameters: Parameters,
    client_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminInitiateAuth {
    user_pool_id: String,
    #[serde(flatten)]
    request: InitiateAuth,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RespondToAuthChallenge {
    client_id: String,
    challenge_name: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    challenge_responses: Parameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetUser {
    access_token: String,
}

#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Parameters(BTreeMap<String, String>);

/// What a password opens.
enum Admission {
    Tokens,
    NewPasswordRequired,
}

impl UserPool {
    pub(super) async fn initiate_auth(&self, request: InitiateAuth) -> Answer {
        self.authenticate(request, "USER_PASSWORD_AUTH").await
    }

    pub(super) async fn admin_initiate_auth(&self, request: AdminInitiateAuth) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        self.authenticate(request.request, "ADMIN_USER_PASSWORD_AUTH")
            .await
    }

    async fn authenticate(&self, request: InitiateAuth, password_flow: &str) -> Answer {
        self.check_client(&request.client_id)?;
        match request.auth_flow.as_str() {
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
                self.refresh(request.auth_parameters.required("REFRESH_TOKEN")?)
            }
            flow if flow == password_flow => {
                let name = request.auth_parameters.required("USERNAME")?;
                let password = request.auth_parameters.required("PASSWORD")?;
                self.sign_in(name, password, request.client_metadata.as_ref())
                    .await
            }
            _ => Err(JsonError::invalid_parameter(
                "Initiate Auth method not supported.",
            )),
        }
    }

    async fn sign_in(&self, name: &str, password: &str, metadata: Option<&Metadata>) -> Answer {
        let username = match self.username_of(name) {
            Some(username) => username,
            None => self
                .migrate_at_sign_in(name, password, metadata)
                .await?
                .ok_or_else(|| self.unknown_user(JsonError::wrong_credentials()))?,
        };
        match self.admit(&username, password)? {
            Admission::Tokens => self.authentication_result(&username),
            Admission::NewPasswordRequired => self.demand_new_password(&username),
        }
    }

    /// The status answers before the password does, as reported in aws/aws-sdk-js#4608.
    fn admit(&self, username: &str, password: &str) -> Result<Admission, JsonError> {
        let state = self.state();
        let user = state
            .users
            .get(username)
            .ok_or_else(JsonError::wrong_credentials)?;
        let admission = match user.status {
            Status::Unconfirmed => {
                return Err(JsonError::new(
                    "UserNotConfirmedException",
                    "User is not confirmed.",
                ));
            }
            Status::ResetRequired => {
                let message = "Password reset required for the user";
                return Err(JsonError::new("PasswordResetRequiredException", message));
            }
            Status::Confirmed | Status::ExternalProvider => Admission::Tokens,
            Status::ForceChangePassword => Admission::NewPasswordRequired,
        };
        match &user.password {
            Some(known) if known.matches(password) => Ok(admission),
            _ => Err(JsonError::wrong_credentials()),
        }
    }

    fn demand_new_password(&self, username: &str) -> Answer {
        let session = random::token()?;
        let mut state = self.state();
        state
            .challenges
            .insert(session.clone(), username.to_owned());
        let user = state
            .users
            .get(username)
            .ok_or_else(JsonError::user_not_found)?;
        Ok(json!({
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": session,
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": username,
                "requiredAttributes": "[]",
                "userAttributes": Value::Object(user.attributes.to_map()).to_string(),
            },
        }))
    }

    pub(super) async fn respond_to_auth_challenge(
        &self,
        request: RespondToAuthChallenge,
    ) -> Answer {
        self.check_client(&request.client_id)?;
        if request.challenge_name != "NEW_PASSWORD_REQUIRED" {
            return Err(JsonError::invalid_parameter("Challenge not supported."));
        }
        let password = request.challenge_responses.required("NEW_PASSWORD")?;
        check_policy(password, self.settings().password_minimum_length)?;
        let username = {
            let mut state = self.state();
            let username = state
                .challenges
                .remove(&request.session)
                .ok_or_else(|| JsonError::not_authorized("Invalid session for the user."))?;
            let user = state
                .users
                .get_mut(&username)
                .ok_or_else(JsonError::user_not_found)?;
            user.password = Some(PasswordHash::new(password)?);
            user.status = Status::Confirmed;
            username
        };
        self.authentication_result(&username)
    }

    pub(super) async fn get_user(&self, request: GetUser) -> Answer {
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
}

impl Parameters {
    fn required(&self, name: &str) -> Result<&str, JsonError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            JsonError::invalid_parameter(format!("Missing required parameter {name}"))
        })
    }
}
