//! Who calls, and what they may do: roles from the template, sessions issued here, signatures checked,
//! policies evaluated. Every local AWS service asks this registry, so that a grant forgotten in
//! template.yaml fails on this machine first.

mod errors;
mod policy;
mod session;
mod sigv4;
mod wire;

pub use errors::{AccessDenied, AssumeError, AuthenticationError, IamError};
pub use policy::{Context, Decision, MalformedPolicy, Trusted, check, evaluate, evaluate_trust};
pub use session::{NoRandomness, Session, random};
pub use wire::{JsonError, json_response};

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::http::HeaderMap;
use serde_json::Value;

use crate::template::{Place, RoleDefinition};
use sigv4::Authorization;

/// The account owner's key on this machine: may do everything, and is no secret. For the AWS CLI, the
/// tour and the tests.
pub const ADMIN_ACCESS_KEY_ID: &str = "AKIALOCALADMIN000000";
/// Belongs to [`ADMIN_ACCESS_KEY_ID`].
pub const ADMIN_SECRET_ACCESS_KEY: &str = "local/admin/secret/that/guards/nothing00";

/// The identity provider that the roles of an identity pool trust.
pub const COGNITO_IDENTITY: &str = "cognito-identity.amazonaws.com";

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

/// What a verified Cognito token says of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// `sub`: the IdentityId.
    pub subject: String,
    /// `aud`: the identity pool's id.
    pub audience: String,
    /// `amr`: `authenticated`, the provider, …
    pub amr: Vec<String>,
    /// The claim `https://aws.amazon.com/tags`: principal tags.
    pub tags: BTreeMap<String, String>,
}

/// What is asked of a role beside the role itself.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// `RoleSessionName`.
    pub name: String,
    /// Seconds.
    pub duration: u64,
    /// Policies that narrow the role's.
    pub policies: Vec<Value>,
}

/// Roles, sessions and the clock they expire by.
pub struct Iam {
    place: Place,
    clock: Clock,
    roles: HashMap<String, RoleDefinition>,
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
            .map(|role| (role.arn.clone(), role.clone()))
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

    /// Who signed this request.
    ///
    /// # Errors
    /// No signature, an unknown or expired key, a token that is not that key's, a wrong signature.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Caller, AuthenticationError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let header = text("authorization").ok_or(AuthenticationError::Missing)?;
        let authorization = Authorization::parse(header).ok_or(AuthenticationError::Incomplete)?;
        let token = text("x-amz-security-token");
        let key = authorization.access_key_id;
        if key == ADMIN_ACCESS_KEY_ID && token.is_none() {
            return if authorization.verify(ADMIN_SECRET_ACCESS_KEY, headers, body) {
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
        if !authorization.verify(&session.secret_access_key, headers, body) {
            return Err(AuthenticationError::WrongSignature);
        }
        Ok(Caller::Session(session))
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
        let policies = role
            .map(|role| role.policies.as_slice())
            .unwrap_or_default();
        let identity_based = evaluate(policies, action, resource, &context);
        let session_based = if session.session_policies.is_empty() {
            Decision::Allow
        } else {
            evaluate(&session.session_policies, action, resource, &context)
        };
        AccessDenied::judge(session, action, resource, identity_based, session_based)
    }

    /// Credentials for a function's environment, under the role that Lambda would assume for it. They
    /// do not expire: here nothing would renew them.
    ///
    /// # Errors
    /// No such role, or one that does not trust Lambda.
    pub fn session_for_role(
        &self,
        role_arn: &str,
        session_name: &str,
    ) -> Result<Arc<Session>, AssumeError> {
        let role = self.trusting(
            role_arn,
            Trusted::Service("lambda.amazonaws.com"),
            "sts:AssumeRole",
            &Context::new(),
        )?;
        self.issue(role, session_name, u64::MAX, Context::new(), Vec::new())
    }

    /// A session of `role_arn` for the holder of a Cognito token, if the role's trust policy says so.
    ///
    /// # Errors
    /// The trust policy refuses, or the role's sessions are shorter.
    pub fn assume_role_with_web_identity(
        &self,
        role_arn: &str,
        identity: &WebIdentity,
        request: SessionRequest,
    ) -> Result<Arc<Session>, AssumeError> {
        let federated = |name: &str| format!("{COGNITO_IDENTITY}:{name}");
        let identity_keys = Context::from([
            (federated("sub"), vec![identity.subject.clone()]),
            (federated("aud"), vec![identity.audience.clone()]),
            (federated("amr"), identity.amr.clone()),
        ]);
        let mut asked = identity_keys.clone();
        asked.insert("sts:RoleSessionName".to_owned(), vec![request.name.clone()]);
        asked.insert(
            "aws:TagKeys".to_owned(),
            identity.tags.keys().cloned().collect(),
        );
        for (key, value) in &identity.tags {
            asked.insert(format!("aws:RequestTag/{key}"), vec![value.clone()]);
        }
        let principal = Trusted::Federated(COGNITO_IDENTITY);
        let role = self.trusting(role_arn, principal, "sts:AssumeRoleWithWebIdentity", &asked)?;
        if !identity.tags.is_empty() {
            self.trusting(role_arn, principal, "sts:TagSession", &asked)?;
        }
        let mut context = identity_keys;
        context.insert(
            "aws:FederatedProvider".to_owned(),
            vec![COGNITO_IDENTITY.to_owned()],
        );
        for (key, value) in &identity.tags {
            context.insert(format!("aws:PrincipalTag/{key}"), vec![value.clone()]);
        }
        let expires_at = self.expiry(role, request.duration)?;
        self.issue(role, &request.name, expires_at, context, request.policies)
    }

    /// A session of `role_arn` for `caller`. In one account a trust policy that names the caller is
    /// enough; one that names the account leaves it to the caller's own policies.
    ///
    /// # Errors
    /// Neither allows it, or the role's sessions (or a chained one, 3600 s) are shorter.
    pub fn assume_role(
        &self,
        caller: &Caller,
        role_arn: &str,
        request: SessionRequest,
    ) -> Result<Arc<Session>, AssumeError> {
        let action = "sts:AssumeRole";
        let root = self.place.iam_arn("root");
        let account = [root.as_str(), self.place.account_id.as_str()];
        let itself = match caller {
            Caller::Admin => account.to_vec(),
            Caller::Session(session) => vec![&*session.role_arn, &*session.assumed_role_arn],
        };
        let context = Context::new();
        let role = match self.trusting(role_arn, Trusted::Aws(&itself), action, &context) {
            Ok(role) => role,
            Err(refusal) => {
                let delegated = self.trusting(role_arn, Trusted::Aws(&account), action, &context);
                match self.authorize(caller, action, role_arn, &context) {
                    Ok(()) => delegated.map_err(|_| refusal)?,
                    Err(_) => return Err(refusal),
                }
            }
        };
        if matches!(caller, Caller::Session(_)) && request.duration > 3600 {
            return Err(AssumeError::ChainedTooLong);
        }
        let expires_at = self.expiry(role, request.duration)?;
        self.issue(
            role,
            &request.name,
            expires_at,
            Context::new(),
            request.policies,
        )
    }

    fn trusting(
        &self,
        role_arn: &str,
        principal: Trusted<'_>,
        action: &'static str,
        context: &Context,
    ) -> Result<&RoleDefinition, AssumeError> {
        // Whether a role exists is nobody's business who may not assume it.
        let role = self
            .roles
            .get(role_arn)
            .ok_or(AssumeError::Denied { action })?;
        match evaluate_trust(&role.trust_policy, principal, action, context) {
            Decision::Allow => Ok(role),
            _ => Err(AssumeError::Denied { action }),
        }
    }

    fn expiry(&self, role: &RoleDefinition, duration: u64) -> Result<u64, AssumeError> {
        if duration > role.max_session_duration {
            return Err(AssumeError::TooLong);
        }
        Ok(self.now().saturating_add(duration))
    }

    fn issue(
        &self,
        role: &RoleDefinition,
        name: &str,
        expires_at: u64,
        mut context: Context,
        session_policies: Vec<Value>,
    ) -> Result<Arc<Session>, AssumeError> {
        let account = &self.place.account_id;
        let assumed_role_id = format!("{}:{name}", session::unique_id("AROA")?);
        for (key, value) in [
            ("aws:PrincipalArn", &role.arn),
            ("aws:PrincipalAccount", account),
            ("aws:userid", &assumed_role_id),
        ] {
            context.insert(key.to_owned(), vec![value.clone()]);
        }
        let session = Arc::new(Session {
            role_arn: role.arn.clone(),
            assumed_role_arn: format!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name),
            assumed_role_id,
            access_key_id: session::unique_id("ASIA")?,
            secret_access_key: session::secret()?,
            session_token: session::token()?,
            expires_at,
            context,
            session_policies,
        });
        self.sessions()
            .insert(session.access_key_id.clone(), Arc::clone(&session));
        Ok(session)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
