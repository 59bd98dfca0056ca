//! Cognito Identity as far as a vendor of developer-authenticated identities and its clients need it
//! (awsJson1.1, `X-Amz-Target: AWSCognitoIdentityService.*`).
//!
//! The developer call and the look-ups need a signed caller whose role allows them; what phones call
//! is public, as in AWS.
//!
//! Source: Amazon Cognito Federated Identities API reference.

mod identities;
mod logins;
mod public;
mod quota;
mod requests;
mod role;
mod token;

pub use token::{Claims, ISSUER, TagsClaim, TokenError, TokenKey};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    iam::{Context, Iam, JsonError, json_response},
    template::IdentityPoolDefinition,
    user_pool::UserPool,
};
use identities::{Identities, LinkError, Login};
use quota::Quota;
use requests::{Deletion, DeveloperIdentity, DeveloperToken, Lookup, invalid, not_found};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "AWSCognitoIdentityService.";

/// The identity pools of a template. They share the key, as the real ones do.
pub struct IdentityPools {
    pools: Vec<IdentityPool>,
    key: Arc<TokenKey>,
    developer_tokens: Arc<Quota>,
}

impl IdentityPools {
    /// Pools without identities. `users` is the user pool whose tokens they may take.
    pub fn new(
        definitions: &[IdentityPoolDefinition],
        iam: &Arc<Iam>,
        key: &Arc<TokenKey>,
        users: Option<&UserPool>,
    ) -> Self {
        let developer_tokens = Arc::<Quota>::default();
        let pool = |definition: &IdentityPoolDefinition| IdentityPool {
            developer_tokens: Arc::clone(&developer_tokens),
            definition: definition.clone(),
            iam: Arc::clone(iam),
            key: Arc::clone(key),
            users: users.cloned(),
            identities: Mutex::default(),
        };
        Self {
            pools: definitions.iter().map(pool).collect(),
            key: Arc::clone(key),
            developer_tokens: Arc::clone(&developer_tokens),
        }
    }

    /// From now on two first calls for one login get two identities.
    pub fn give_two_first_identities(&self) {
        for pool in &self.pools {
            pool.identities().two_first = true;
        }
    }

    /// From now on, at most `a_second` calls of GetOpenIdTokenForDeveloperIdentity in any second: AWS's quota is 50.
    /// Until then any number is allowed.
    pub fn allow_developer_tokens(&self, a_second: usize) {
        self.developer_tokens.allow(Some(a_second));
    }

    /// Calls of GetOpenIdTokenForDeveloperIdentity that were within the quota, by developer user.
    pub fn developer_token_calls(&self) -> BTreeMap<String, u64> {
        self.developer_tokens.calls()
    }

    /// Calls of GetOpenIdTokenForDeveloperIdentity that were over it.
    pub fn throttled_developer_tokens(&self) -> u64 {
        self.developer_tokens.throttled()
    }

    /// The public key of the tokens, where the real service has it.
    pub fn router(&self) -> Router {
        let jwks = self.key.jwks();
        Router::new().route(
            "/.well-known/jwks_uri",
            get(move || std::future::ready(Json(jwks.clone()))),
        )
    }

    /// Answers one request.
    pub async fn handle(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let answer = match self.pool_of(&body) {
            Ok(pool) => pool.dispatch(headers, &body),
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

    /// The pool that the request names, itself or by an identity; the first one for a request that
    /// names none, which that pool will refuse.
    fn pool_of(&self, body: &[u8]) -> Result<&IdentityPool, JsonError> {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        let mut pools = self.pools.iter();
        let found = match (text("IdentityPoolId"), text("IdentityId")) {
            (Some(id), _) => {
                let named = pools.find(|pool| pool.definition.id == id);
                return named.ok_or_else(|| not_found("IdentityPool", id));
            }
            (None, Some(id)) => pools.find(|pool| pool.identities().get(id).is_some()),
            // DeleteIdentities names no pool.
            (None, None) => {
                let first = request.pointer("/IdentityIdsToDelete/0");
                let first = first.and_then(Value::as_str);
                first.and_then(|id| pools.find(|pool| pool.identities().get(id).is_some()))
            }
        };
        found
            .or_else(|| self.pools.first())
            .ok_or_else(|| not_found("IdentityPool", "none"))
    }
}

/// One identity pool.
struct IdentityPool {
    definition: IdentityPoolDefinition,
    iam: Arc<Iam>,
    key: Arc<TokenKey>,
    users: Option<UserPool>,
    identities: Mutex<Identities>,
    developer_tokens: Arc<Quota>,
}

impl IdentityPool {
    fn dispatch(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, JsonError> {
        let target = headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
        match operation {
            Some("GetId") => self.get_id(&requests::read(body)?),
            Some("GetOpenIdToken") => self.get_open_id_token(&requests::read(body)?),
            Some("GetCredentialsForIdentity") => self.get_credentials(&requests::read(body)?),
            Some(operation @ "GetOpenIdTokenForDeveloperIdentity") => {
                self.authorize(operation, headers, body)?;
                self.developer_token(&requests::read(body)?)
            }
            Some(operation @ "DeleteIdentities") => {
                self.authorize(operation, headers, body)?;
                let request: Deletion = requests::read(body)?;
                let mut identities = self.identities();
                for id in &request.identity_ids_to_delete {
                    identities.delete(id);
                }
                Ok(json!({ "UnprocessedIdentityIds": [] }))
            }
            Some(operation @ "LookupDeveloperIdentity") => {
                self.authorize(operation, headers, body)?;
                self.lookup(&requests::read(body)?)
            }
            Some(operation @ "DescribeIdentity") => {
                self.authorize(operation, headers, body)?;
                self.describe(&requests::read(body)?)
            }
            operation => Err(JsonError::unknown_operation(operation.unwrap_or_default())),
        }
    }

    fn authorize(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), JsonError> {
        let caller = self.iam.authenticate(headers, body)?;
        let pool = format!("identitypool/{}", self.definition.id);
        let resource = self.iam.place().arn("cognito-identity", &pool);
        let action = format!("cognito-identity:{operation}");
        Ok(self
            .iam
            .authorize(&caller, &action, &resource, &Context::new())?)
    }

    fn developer_token(&self, request: &DeveloperToken) -> Result<Value, JsonError> {
        self.same_pool(&request.identity_pool_id)?;
        let duration = request.duration()?;
        let tags = request.tags()?;
        let (provider, user) = request.login(self.definition.developer_provider_name.as_deref())?;
        self.developer_tokens.call(user)?;
        let wanted = request.identity_id.as_deref();
        let (now, region) = (self.iam.now(), &self.iam.place().region);
        let login = Login {
            provider: provider.to_owned(),
            user: user.to_owned(),
        };
        let linked = self.identities().link(login, wanted, region, now);
        let identity_id = linked.map_err(|error| match error {
            LinkError::Unknown => not_found("Identity", wanted.unwrap_or_default()),
            LinkError::RegisteredElsewhere => JsonError::new(
                "DeveloperUserAlreadyRegisteredException",
                "The developer user identifier is already registered with another identity.",
            ),
        })?;
        let pool = &self.definition.id;
        let amr = vec![
            "authenticated".to_owned(),
            provider.to_owned(),
            format!("{provider}:{pool}:{user}"),
        ];
        let token = self.token(&identity_id, amr, tags, duration)?;
        Ok(json!({ "IdentityId": identity_id, "Token": token }))
    }

    fn lookup(&self, request: &Lookup) -> Result<Value, JsonError> {
        self.same_pool(&request.identity_pool_id)?;
        let identities = self.identities();
        let user = request.developer_user_identifier.as_deref();
        let provider = self.definition.developer_provider_name.as_deref();
        let login = |user: &str| Login {
            provider: provider.unwrap_or_default().to_owned(),
            user: user.to_owned(),
        };
        let of_user = user.and_then(|user| identities.of_login(&login(user)));
        let identity_id = match (&request.identity_id, user) {
            (Some(id), Some(_)) if of_user != Some(id) => {
                return Err(JsonError::new(
                    "ResourceConflictException",
                    "The identity and the developer user identifier do not belong together.",
                ));
            }
            (Some(id), _) => id,
            (None, Some(user)) => of_user.ok_or_else(|| not_found("Developer user", user))?,
            (None, None) => return Err(invalid("Give an IdentityId or a developer user.")),
        };
        let found = identities.get(identity_id);
        let found = found.ok_or_else(|| not_found("Identity", identity_id))?;
        Ok(json!({
            "IdentityId": identity_id,
            "DeveloperUserIdentifierList": found
                .logins
                .iter()
                .filter(|login| Some(login.provider.as_str()) == provider)
                .map(|login| login.user.as_str())
                .collect::<Vec<_>>(),
        }))
    }

    fn describe(&self, request: &DeveloperIdentity) -> Result<Value, JsonError> {
        let id = &request.identity_id;
        let identities = self.identities();
        let identity = identities
            .get(id)
            .ok_or_else(|| not_found("Identity", id))?;
        // Providers only: who the owner is, this call does not tell.
        let logins = identity.logins.iter().map(|login| login.provider.as_str());
        Ok(json!({
            "IdentityId": id,
            "Logins": logins.collect::<BTreeSet<_>>(),
            "CreationDate": identity.created_at,
            "LastModifiedDate": identity.modified_at,
        }))
    }

    fn token(
        &self,
        identity_id: &str,
        amr: Vec<String>,
        tags: Option<TagsClaim>,
        seconds: u64,
    ) -> Result<String, JsonError> {
        let now = self.iam.now();
        let claims = Claims {
            sub: identity_id.to_owned(),
            aud: self.definition.id.clone(),
            amr,
            iss: ISSUER.to_owned(),
            exp: now.saturating_add(seconds),
            iat: now,
            tags,
        };
        self.key.sign(&claims).map_err(|_| internal())
    }

    fn same_pool(&self, id: &str) -> Result<(), JsonError> {
        if id == self.definition.id {
            Ok(())
        } else {
            Err(not_found("IdentityPool", id))
        }
    }

    fn identities(&self) -> MutexGuard<'_, Identities> {
        self.identities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn internal() -> JsonError {
    JsonError {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        ..JsonError::new("InternalErrorException", "internal error")
    }
}
