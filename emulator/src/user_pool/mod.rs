//! A user pool that speaks Cognito's wire protocol for what people do, and calls its triggers as
//! Cognito does. Everything is in memory.

mod account;
mod admin;
mod attributes;
mod confirm_sign_up;
mod delivery;
mod describe;
mod error;
mod events;
mod federation;
mod forgot_password;
mod group;
mod groups;
mod list_users;
mod mailbox;
mod migration;
mod operations;
mod parameters;
mod password;
mod resource;
mod schema;
mod session;
mod settings;
mod sign_in;
mod sign_up;
mod srp;
mod srp_sign_in;
mod state;
mod store;
mod tokens;
mod trigger;
mod usernames;
mod users;

use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use axum::{http::StatusCode, response::Response};

use self::state::State;
pub use self::{
    federation::FederatedUser,
    mailbox::{Delivery, Mailbox, Purpose},
    operations::knows,
    settings::{Contact, Flow, PasswordPolicy, Settings, Triggers},
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
    settings: RwLock<Arc<Settings>>,
    invoke: Invoke,
    signer: JwtSigner,
    mailbox: Mailbox,
    state: Mutex<State>,
    /// Where the users are kept, if anywhere.
    file: OnceLock<PathBuf>,
}

impl UserPool {
    /// An empty pool that calls its triggers through `invoke`.
    pub fn new(settings: Settings, invoke: Invoke) -> Result<Self, KeyError> {
        Ok(Self(Arc::new(Inner {
            state: Mutex::new(State::with_groups(&settings.groups)),
            settings: RwLock::new(Arc::new(settings)),
            invoke,
            signer: JwtSigner::rs256(DEVELOPMENT_KEY)?,
            mailbox: Mailbox::new(),
            file: OnceLock::new(),
        })))
    }

    /// Answers one request: the operation is what follows the dot in `X-Amz-Target`, the body is
    /// awsJson1.1.
    pub async fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let answer = self.answer(operation, body).await;
        // An operation that fails at its trigger has changed the user before.
        self.keep();
        match answer {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

    /// The codes that people would have got.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0.mailbox
    }

    /// What the pool is set to, now.
    pub fn settings(&self) -> Arc<Settings> {
        let settings = self.0.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on a migration fires `PreSignUp` too, as [`Settings::migration_fires_pre_sign_up`] says.
    pub fn fire_pre_sign_up_on_migration(&self) {
        let mut settings = Settings::clone(&self.settings());
        settings.migration_fires_pre_sign_up = true;
        self.change_settings(settings);
    }

    fn change_settings(&self, settings: Settings) {
        let mut own = self
            .0
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *own = Arc::new(settings);
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
            .find(&self.settings(), name)
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
