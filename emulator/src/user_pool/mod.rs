//! A user pool that speaks Cognito's wire protocol for what people do, and calls its triggers as
//! Cognito does. Everything is in memory.

mod admin;
mod attributes;
mod confirm_sign_up;
mod delivery;
mod error;
mod events;
mod federation;
mod forgot_password;
mod groups;
mod list_users;
mod mailbox;
mod migration;
mod password;
mod settings;
mod sign_in;
mod sign_up;
mod tokens;
mod trigger;
mod usernames;
mod users;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{http::StatusCode, response::Response};
use serde::de::DeserializeOwned;

use self::{error::Answer, users::State};
pub use self::{
    federation::FederatedUser,
    mailbox::{Delivery, Mailbox, Purpose},
    settings::{Contact, Settings, Triggers},
    trigger::{Invoke, TRIGGER_ATTEMPTS, TRIGGER_TIMEOUT, TriggerOutcome},
};
use crate::{
    iam::{JsonError, json_response},
    jwt_signer::{JwtSigner, KeyError},
};

/// Signs the pool's tokens. It is in a public repository: whoever trusts it trusts everybody.
const DEVELOPMENT_KEY: &str = include_str!("../keys/user-pool.development-only.pem");

/// One user pool with one app client; clones share it.
#[derive(Clone)]
pub struct UserPool(Arc<Inner>);

struct Inner {
    settings: Settings,
    invoke: Invoke,
    signer: JwtSigner,
    mailbox: Mailbox,
    state: Mutex<State>,
}

impl UserPool {
    /// An empty pool that calls its triggers through `invoke`.
    pub fn new(settings: Settings, invoke: Invoke) -> Result<Self, KeyError> {
        Ok(Self(Arc::new(Inner {
            settings,
            invoke,
            signer: JwtSigner::rs256(DEVELOPMENT_KEY)?,
            mailbox: Mailbox::new(),
            state: Mutex::default(),
        })))
    }

    /// Answers one request: the operation is what follows the dot in `X-Amz-Target`, the body is
    /// awsJson1.1.
    pub async fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let answer = match operation {
            "AdminAddUserToGroup" => {
                run(body, |request| self.admin_add_user_to_group(request)).await
            }
            "AdminConfirmSignUp" => run(body, |request| self.admin_confirm_sign_up(request)).await,
            "AdminCreateUser" => run(body, |request| self.admin_create_user(request)).await,
            "AdminDisableProviderForUser" => {
                run(body, |request| {
                    self.admin_disable_provider_for_user(request)
                })
                .await
            }
            "AdminGetUser" => run(body, |request| self.admin_get_user(request)).await,
            "AdminInitiateAuth" => run(body, |request| self.admin_initiate_auth(request)).await,
            "AdminLinkProviderForUser" => {
                run(body, |request| self.admin_link_provider_for_user(request)).await
            }
            "AdminListGroupsForUser" => {
                run(body, |request| self.admin_list_groups_for_user(request)).await
            }
            "AdminRemoveUserFromGroup" => {
                run(body, |request| self.admin_remove_user_from_group(request)).await
            }
            "AdminSetUserPassword" => {
                run(body, |request| self.admin_set_user_password(request)).await
            }
            "ConfirmForgotPassword" => {
                run(body, |request| self.confirm_forgot_password(request)).await
            }
            "ConfirmSignUp" => run(body, |request| self.confirm_sign_up(request)).await,
            "CreateGroup" => run(body, |request| self.create_group(request)).await,
            "DescribeUserPool" => run(body, |request| self.describe_user_pool(request)).await,
            "ForgotPassword" => run(body, |request| self.forgot_password(request)).await,
            "GetUser" => run(body, |request| self.get_user(request)).await,
            "InitiateAuth" => run(body, |request| self.initiate_auth(request)).await,
            "ListUsers" => run(body, |request| self.list_users(request)).await,
            "ResendConfirmationCode" => {
                run(body, |request| self.resend_confirmation_code(request)).await
            }
            "RespondToAuthChallenge" => {
                run(body, |request| self.respond_to_auth_challenge(request)).await
            }
            "SignUp" => run(body, |request| self.sign_up(request)).await,
            _ => Err(JsonError::unknown_operation(operation)),
        };
        match answer {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

    /// The codes that people would have got.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0.mailbox
    }

    /// What the pool is set to.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn signer(&self) -> &JwtSigner {
        &self.0.signer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn invoke(
        &self,
        function: String,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = TriggerOutcome> + Send>> {
        (self.0.invoke)(function, event)
    }

    /// The pool's own name for the user whom `name` signs in.
    fn username_of(&self, name: &str) -> Option<String> {
        self.state()
            .find(self.settings(), name)
            .map(|user| user.username.clone())
    }

    fn check_client(&self, client_id: &str) -> Result<(), JsonError> {
        if client_id == self.settings().client_id {
            return Ok(());
        }
        let message = format!("User pool client {client_id} does not exist.");
        Err(JsonError::resource_not_found(message))
    }

    fn check_pool(&self, pool_id: &str) -> Result<(), JsonError> {
        if pool_id == self.settings().pool_id {
            return Ok(());
        }
        let message = format!("User pool {pool_id} does not exist.");
        Err(JsonError::resource_not_found(message))
    }
}

async fn run<R: DeserializeOwned, F: Future<Output = Answer>>(
    body: &[u8],
    operation: impl FnOnce(R) -> F,
) -> Answer {
    operation(parse(body)?).await
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
