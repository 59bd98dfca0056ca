//! InitiateAuth, AdminInitiateAuth and RespondToAuthChallenge: a person signs in.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    UserPool, error::Answer, events::Metadata, parameters::Parameters, password::PasswordHash,
    settings::Flow, users::Status,
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

/// What a password opens.
enum Admission {
    Tokens,
    NewPasswordRequired,
}

impl UserPool {
    pub(super) async fn initiate_auth(&self, request: InitiateAuth) -> Answer {
        self.authenticate(request, Flow::UserPassword).await
    }

    pub(super) async fn admin_initiate_auth(&self, request: AdminInitiateAuth) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        self.authenticate(request.request, Flow::AdminUserPassword)
            .await
    }

    async fn authenticate(&self, request: InitiateAuth, password_flow: Flow) -> Answer {
        self.check_client(&request.client_id)?;
        match (request.auth_flow.as_str(), password_flow) {
            ("REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN", _) => {
                self.check_flow(Flow::RefreshToken)?;
                self.refresh(request.auth_parameters.required("REFRESH_TOKEN")?)
            }
            ("USER_SRP_AUTH", _) => self.begin_srp(&request.auth_parameters),
            ("USER_PASSWORD_AUTH", Flow::UserPassword)
            | ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", Flow::AdminUserPassword) => {
                self.check_flow(password_flow)?;
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

    /// The client must be set to take this flow.
    pub(super) fn check_flow(&self, flow: Flow) -> Result<(), JsonError> {
        if self.settings().flows.contains(&flow) {
            return Ok(());
        }
        Err(JsonError::invalid_parameter(match flow {
            Flow::UserPassword => "USER_PASSWORD_AUTH flow not enabled for this client",
            Flow::Srp => "USER_SRP_AUTH is not enabled for the client.",
            Flow::AdminUserPassword | Flow::RefreshToken => "Auth flow not enabled for this client",
        }))
    }

    async fn sign_in(&self, name: &str, password: &str, metadata: Option<&Metadata>) -> Answer {
        let username = match self.username_of(name) {
            Some(username) => username,
            None => self
                .migrate_at_sign_in(name, password, metadata)
                .await?
                .ok_or_else(|| self.unknown_user(JsonError::wrong_credentials()))?,
        };
        self.check_password(&username, password)?;
        self.admitted(&username)
    }

    /// What somebody gets who has shown the password.
    pub(super) fn admitted(&self, username: &str) -> Answer {
        match self.admit(username)? {
            Admission::Tokens => self.authentication_result(username),
            Admission::NewPasswordRequired => self.demand_new_password(username),
        }
    }

    /// The status answers before the password does, as reported in aws/aws-sdk-js#4608.
    fn check_password(&self, username: &str, password: &str) -> Result<(), JsonError> {
        self.admit(username)?;
        let settings = self.settings();
        let state = self.state();
        let user = state.users.get(username);
        let known = user.and_then(|user| user.password.as_ref());
        let name = (settings.pool_id.as_str(), username);
        if known.is_some_and(|known| known.matches(name, password)) {
            Ok(())
        } else {
            Err(JsonError::wrong_credentials())
        }
    }

    fn admit(&self, username: &str) -> Result<Admission, JsonError> {
        let state = self.state();
        let user = state
            .users
            .get(username)
            .ok_or_else(JsonError::wrong_credentials)?;
        Ok(match user.status {
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
        })
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
        match request.challenge_name.as_str() {
            "PASSWORD_VERIFIER" => return self.finish_srp(&request.challenge_responses),
            "NEW_PASSWORD_REQUIRED" => {}
            _ => return Err(JsonError::invalid_parameter("Challenge not supported.")),
        }
        let password = request.challenge_responses.required("NEW_PASSWORD")?;
        let settings = self.settings();
        settings.password.check(password)?;
        let pool_id = &settings.pool_id;
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
            let name = (pool_id.as_str(), username.as_str());
            user.password = Some(PasswordHash::new(name, password));
            user.status = Status::Confirmed;
            username
        };
        self.authentication_result(&username)
    }
}
