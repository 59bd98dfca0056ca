//! Cognito Identity as far as a vendor of developer-authenticated identities and its clients need it
//! (awsJson1.1, `X-Amz-Target: AWSCognitoIdentityService.*`).
//!
//! The developer call and the look-ups need a signed caller whose role allows them; what phones call
//! is public, as in AWS.
//!
//! Source: Amazon Cognito Federated Identities API reference.

mod identities;
mod requests;
mod token;

pub use token::{Claims, ISSUER, TagsClaim, TokenError, TokenKey, UnusableKey};

use std::{
    collections::BTreeMap,
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
    iam::{COGNITO_IDENTITY, Context, Iam, JsonError, SessionRequest, json_response},
    template::IdentityPoolDefinition,
};
use identities::{Identities, LinkError};
use requests::{
    DeveloperIdentity, DeveloperToken, IdentityCall, Lookup, NewIdentity, invalid, not_authorized,
    not_found,
};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "AWSCognitoIdentityService.";

/// How long the token of GetOpenIdToken is good for ("valid for 10 minutes").
const PUBLIC_TOKEN_SECONDS: u64 = 600;
/// The session of GetCredentialsForIdentity.
const CREDENTIALS_SECONDS: u64 = 3600;

/// The identity pool of the template.
pub struct IdentityPool {
    definition: IdentityPoolDefinition,
    iam: Arc<Iam>,
    key: Arc<TokenKey>,
    identities: Mutex<Identities>,
}

impl IdentityPool {
    /// A pool without identities.
    pub fn new(definition: IdentityPoolDefinition, iam: Arc<Iam>, key: Arc<TokenKey>) -> Self {
        Self {
            definition,
            iam,
            key,
            identities: Mutex::default(),
        }
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
        match self.dispatch(headers, &body) {
            Ok(answer) => json_response(StatusCode::OK, "1.1", &answer),
            Err(error) => error.into_response("1.1"),
        }
    }

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
            Some(operation @ "LookupDeveloperIdentity") => {
                self.authorize(operation, headers, body)?;
                self.lookup(&requests::read(body)?)
            }
            Some(operation @ "DescribeIdentity") => {
                self.authorize(operation, headers, body)?;
                self.describe(&requests::read(body)?)
            }
            _ => Err(JsonError::new(
                "UnknownOperationException",
                "not known here",
            )),
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
        let wanted = request.identity_id.as_deref();
        let (now, region) = (self.iam.now(), &self.iam.place().region);
        let linked = self.identities().link(user, wanted, region, now);
        let identity_id = linked.map_err(|error| match error {
            LinkError::Unknown => not_found("Identity", wanted.unwrap_or_default()),
            LinkError::RegisteredElsewhere => JsonError::new(
                "DeveloperUserAlreadyRegisteredException",
                "The developer user identifier is already registered with another identity.",
            ),
            LinkError::NoRandomness => internal(),
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

    fn get_id(&self, request: &NewIdentity) -> Result<Value, JsonError> {
        self.same_pool(&request.identity_pool_id)?;
        if !request.logins.is_empty() {
            let claims = self.login(&request.logins)?;
            return Ok(json!({ "IdentityId": claims.sub }));
        }
        self.guests_welcome()?;
        let (now, region) = (self.iam.now(), &self.iam.place().region);
        let created = self.identities().create(region, now);
        Ok(json!({ "IdentityId": created.map_err(|_| internal())? }))
    }

    fn get_open_id_token(&self, request: &IdentityCall) -> Result<Value, JsonError> {
        let identity = self.acting_as(request)?;
        let token = self.token(
            &identity.sub,
            identity.amr,
            identity.tags,
            PUBLIC_TOKEN_SECONDS,
        )?;
        Ok(json!({ "IdentityId": identity.sub, "Token": token }))
    }

    /// The enhanced flow: the pool's default role, whatever else the token would open.
    fn get_credentials(&self, request: &IdentityCall) -> Result<Value, JsonError> {
        let identity = self.acting_as(request)?;
        let guest = identity
            .amr
            .iter()
            .any(|method| method == "unauthenticated");
        let role_arn = if guest {
            &self.definition.unauthenticated_role_arn
        } else {
            &self.definition.authenticated_role_arn
        };
        if request.custom_role_arn.is_some() {
            return Err(invalid(
                "CustomRoleArn is for logins whose token lists roles.",
            ));
        }
        let wrong_roles = || {
            JsonError::new(
                "InvalidIdentityPoolConfigurationException",
                "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
            )
        };
        let session_request = SessionRequest {
            name: "CognitoIdentityCredentials".to_owned(),
            duration: CREDENTIALS_SECONDS,
            policies: Vec::new(),
        };
        let session = self
            .iam
            .assume_role_with_web_identity(
                role_arn.as_deref().ok_or_else(wrong_roles)?,
                &identity.web_identity(),
                session_request,
            )
            .map_err(|_| wrong_roles())?;
        Ok(json!({
            "IdentityId": identity.sub,
            "Credentials": {
                "AccessKeyId": session.access_key_id,
                "SecretKey": session.secret_access_key,
                "SessionToken": session.session_token,
                "Expiration": session.expires_at,
            },
        }))
    }

    fn lookup(&self, request: &Lookup) -> Result<Value, JsonError> {
        self.same_pool(&request.identity_pool_id)?;
        let identities = self.identities();
        let user = request.developer_user_identifier.as_deref();
        let of_user = user.and_then(|user| identities.of_developer_user(user));
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
            "DeveloperUserIdentifierList": found.developer_users,
        }))
    }

    fn describe(&self, request: &DeveloperIdentity) -> Result<Value, JsonError> {
        let id = &request.identity_id;
        let identities = self.identities();
        let identity = identities
            .get(id)
            .ok_or_else(|| not_found("Identity", id))?;
        // Providers only: who the owner is, this call does not tell.
        let provider = self.definition.developer_provider_name.as_ref();
        let logins = provider.filter(|_| !identity.developer_users.is_empty());
        Ok(json!({
            "IdentityId": id,
            "Logins": logins.into_iter().collect::<Vec<_>>(),
            "CreationDate": identity.created_at,
            "LastModifiedDate": identity.modified_at,
        }))
    }

    /// Whom a public call acts for: the holder of a token of that very identity, or a guest's identity
    /// by its id alone.
    fn acting_as(&self, request: &IdentityCall) -> Result<Claims, JsonError> {
        let id = &request.identity_id;
        let forbidden = || not_authorized(format!("Access to Identity '{id}' is forbidden."));
        let guest = match self.identities().get(id) {
            None => return Err(not_found("Identity", id)),
            Some(identity) => identity.developer_users.is_empty(),
        };
        if !request.logins.is_empty() {
            let claims = self.login(&request.logins)?;
            return if claims.sub == *id {
                Ok(claims)
            } else {
                Err(forbidden())
            };
        }
        if !guest {
            return Err(forbidden());
        }
        self.guests_welcome()?;
        Ok(Claims {
            sub: id.clone(),
            aud: self.definition.id.clone(),
            amr: vec!["unauthenticated".to_owned()],
            iss: ISSUER.to_owned(),
            exp: 0,
            iat: 0,
            tags: None,
        })
    }

    /// The claims of the Cognito token among the logins; no other provider is known here.
    fn login(&self, logins: &BTreeMap<String, String>) -> Result<Claims, JsonError> {
        let token = logins.get(COGNITO_IDENTITY);
        let token = token.ok_or_else(|| {
            not_authorized("Token is not from a supported provider of this identity pool.")
        })?;
        let claims = self.key.verify(token, self.iam.now());
        let claims =
            claims.map_err(|error| not_authorized(format!("Invalid login token. {error}")))?;
        if claims.aud != self.definition.id {
            return Err(not_authorized(
                "Invalid login token. Incorrect token audience.",
            ));
        }
        Ok(claims)
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
        self.key.sign(&claims).map_err(|UnusableKey| internal())
    }

    fn same_pool(&self, id: &str) -> Result<(), JsonError> {
        if id == self.definition.id {
            Ok(())
        } else {
            Err(not_found("IdentityPool", id))
        }
    }

    fn guests_welcome(&self) -> Result<(), JsonError> {
        if self.definition.allow_unauthenticated {
            Ok(())
        } else {
            Err(not_authorized(
                "Unauthenticated access is not supported for this identity pool.",
            ))
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
