//! Who calls, and what they may do: roles from the template, sessions issued here, signatures checked,
//! policies evaluated. Every local AWS service asks this registry, so that a grant forgotten in
//! template.yaml fails on this machine first.

mod assume;
mod errors;
mod policy;
mod session;
mod sigv4;
mod variables;
mod wire;

pub use assume::{SessionRequest, WebIdentity};
pub use errors::{AccessDenied, AssumeError, AuthenticationError, IamError};
use policy::Policies;
pub use policy::{Decision, MalformedPolicy, Trusted, check, evaluate, evaluate_trust};
pub use session::{NoRandomness, Session, SessionMarks, random};
pub use wire::{JsonError, json_response};

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::template::{Place, RoleDefinition};
use axum::http::{HeaderMap, Method, Uri};
use sigv4::Authorization;

/// The account owner's key on this machine: may do everything, and is no secret. For the AWS CLI, the
/// tour and the tests.
pub const ADMIN_ACCESS_KEY_ID: &str = "AKIALOCALADMIN000000";
/// Belongs to [`ADMIN_ACCESS_KEY_ID`].
pub const ADMIN_SECRET_ACCESS_KEY: &str = "local/admin/secret/that/guards/nothing00";

/// The identity provider that the roles of an identity pool trust.
pub const COGNITO_IDENTITY: &str = "cognito-identity.amazonaws.com";

/// Condition keys and their values. A key without values is absent.
pub type Context = BTreeMap<String, Vec<String>>;

/// Seconds since 1970, as a value: tests say what time it is.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    })
}

/// Who signed a request.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The account owner, by [`ADMIN_ACCESS_KEY_ID`].
    Admin,
    /// A role session.
    Session(Arc<Session>),
}

/// A role of the template, and what its policies say.
struct Role {
    definition: RoleDefinition,
    policies: Policies,
}

/// Roles, sessions and the clock they expire by.
pub struct Iam {
    place: Place,
    clock: Clock,
    roles: HashMap<String, Role>,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
}

impl Iam {
    /// A registry of these roles.
    ///
    /// # Errors
    /// A role with a policy that cannot be evaluated, by its name.
    pub fn new(place: Place, roles: &[RoleDefinition], clock: Clock) -> Result<Self, IamError> {
        for role in roles {
            for document in role.policies.iter().chain([&role.trust_policy]) {
                check(document).map_err(|reason| IamError {
                    role: role.name.clone(),
                    reason,
                })?;
            }
        }
        let roles = roles
            .iter()
            .map(|role| {
                let policies = Policies::read(&role.policies);
                let definition = role.clone();
                let arn = role.arn.clone();
                (
                    arn,
                    Role {
                        definition,
                        policies,
                    },
                )
            })
            .collect();
        Ok(Self {
            place,
            clock,
            roles,
            sessions: Mutex::default(),
        })
    }

    /// Account, region and stack name.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Who signed this `POST /`, the form of every JSON and query service.
    ///
    /// # Errors
    /// No signature, an unknown or expired key, a token that is not that key's, a wrong signature.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Caller, AuthenticationError> {
        self.authenticate_request(&Method::POST, &Uri::from_static("/"), headers, body)
    }

    /// Who signed this request of a REST service.
    ///
    /// # Errors
    /// The same.
    pub fn authenticate_request(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Caller, AuthenticationError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let header = text("authorization").ok_or(AuthenticationError::Missing)?;
        let authorization = Authorization::parse(header).ok_or(AuthenticationError::Incomplete)?;
        let token = text("x-amz-security-token");
        let key = authorization.access_key_id;
        let request = sigv4::Request {
            method,
            uri,
            headers,
            body,
        };
        if key == ADMIN_ACCESS_KEY_ID && token.is_none() {
            return if authorization.verify(ADMIN_SECRET_ACCESS_KEY, &request) {
                Ok(Caller::Admin)
            } else {
                Err(AuthenticationError::WrongSignature)
            };
        }
        let session = self.sessions().get(key).cloned();
        let session = session
            .filter(|session| token == Some(session.session_token.as_str()))
            .ok_or(AuthenticationError::UnknownKey)?;
        if session.expires_at <= self.now() {
            return Err(AuthenticationError::Expired);
        }
        if !authorization.verify(&session.secret_access_key, &request) {
            return Err(AuthenticationError::WrongSignature);
        }
        Ok(Caller::Session(session))
    }

    /// Whether whoever signed this request may do `action` on `resource`.
    ///
    /// # Errors
    /// No caller, or one who may not.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        action: &str,
        resource: &str,
    ) -> Result<(), JsonError> {
        let caller = self.authenticate(headers, body)?;
        Ok(self.authorize(&caller, action, resource, &Context::new())?)
    }

    /// Whether the caller may do `action` on `resource`: the role's policies and, if the session has
    /// any, its session policies too must allow it. `request` holds the condition keys of the request.
    ///
    /// # Errors
    /// The refusal, in AWS's words.
    pub fn authorize(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
        request: &Context,
    ) -> Result<(), AccessDenied> {
        let Caller::Session(session) = caller else {
            return Ok(());
        };
        let mut context = session.context.clone();
        context.extend(request.clone());
        let role = self.roles.get(&session.role_arn);
        let identity_based = role.map_or(Decision::ImplicitDeny, |role| {
            role.policies.evaluate(action, resource, &context)
        });
        let session_based = match &session.session_policies {
            None => Decision::Allow,
            Some(policies) => policies.evaluate(action, resource, &context),
        };
        AccessDenied::judge(session, action, resource, identity_based, session_based)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
