//! Issue: a granted role becomes a Cognito token or AWS credentials.

mod guest;
mod identity;
mod identity_pool;
mod identity_record;
mod sts;

use std::collections::BTreeMap;

use secrecy::SecretString;
use shared::{
    aws::{Ahead, ServiceError},
    deadline::Deadline,
    invocation::Invocation,
    policy::Name,
    telemetry::{self, Principal},
    vending::{Caller, MAX_INTERNAL_TOKEN_SECONDS, Role, tags},
};
use time::OffsetDateTime;

use self::{
    identity::Identities,
    identity_record::Identity,
    sts::{Session, SessionName, SourcedSession},
};
pub(crate) use self::{
    identity_pool::{IdentityPool, OpenIdToken, TokenRequest},
    identity_record::IdentityRecords,
    sts::{Credentials, Sts},
};
use crate::{
    denial::{Denial, Denied},
    limits::Admitted,
    request::Wanted,
    role_arn::RoleArn,
};

/// What STS answers to a session whose policy and tags are together larger than it packs.
const TOO_LARGE: &str = "PackedPolicyTooLarge";

/// A granted role, and the rule that granted it.
pub(crate) struct Grant<'a> {
    pub(crate) alias: &'a Name,
    pub(crate) role: &'a Role,
    pub(crate) rule: Option<&'a Name>,
}

/// What leaves.
pub(crate) enum Vended {
    /// A Cognito OpenID token, and how many seconds it lives.
    Token(OpenIdToken, u32),
    /// Credentials.
    Credentials(VendedCredentials),
}

/// Credentials, and of which identity and account they are.
pub(crate) struct VendedCredentials {
    pub(crate) credentials: Credentials,
    /// None with the flow `direct`.
    pub(crate) identity_id: Option<String>,
    pub(crate) account_id: String,
}

/// The services that issue.
pub(crate) struct Issue {
    records: IdentityRecords,
    identity_pool: IdentityPool,
    sts: Sts,
    role_arns: BTreeMap<Name, RoleArn>,
}

/// The session that is wanted of STS, for one caller.
struct Plan<'a> {
    caller: &'a Caller,
    identity: &'a Identity,
    grant: &'a Grant<'a>,
    arn: &'a RoleArn,
    seconds: u32,
    policy: Option<String>,
    source_identity: Option<String>,
    admitted: &'a Admitted<'a>,
    invocation: &'a Invocation,
}

impl Issue {
    pub(crate) fn new(
        records: IdentityRecords,
        identity_pool: IdentityPool,
        sts: Sts,
        role_arns: BTreeMap<Name, RoleArn>,
    ) -> Self {
        Self {
            records,
            identity_pool,
            sts,
            role_arns,
        }
    }

    /// Opens the connections to STS and, where `asks_cognito`, to Cognito.
    pub(crate) async fn open(&self, ahead: &Ahead, asks_cognito: bool, deadline: Deadline) {
        let cognito = async {
            if asks_cognito {
                self.identity_pool.open(ahead, deadline).await;
            }
        };
        tokio::join!(self.sts.open(ahead, deadline), cognito);
    }

    /// What `grant` comes to for `caller`: what was wanted, or what the role is vended as.
    pub(crate) async fn issue(
        &self,
        caller: &Caller,
        grant: &Grant<'_>,
        wanted: Option<Wanted>,
        admitted: &Admitted<'_>,
        invocation: &Invocation,
    ) -> Result<Vended, Denied> {
        let deadline = invocation.deadline();
        let refuse = |text| Err(Denied::from(Denial::InvalidTarget(text)));
        match (grant.role, wanted) {
            (Role::Credentials { .. } | Role::Direct { .. }, Some(Wanted::Token)) => {
                return refuse("this role is vended as credentials, not as a token");
            }
            (Role::Direct { .. }, _) if caller.guest_identity.is_some() => {
                return refuse(
                    "sessions of this role have no identity that a guest's could become",
                );
            }
            _ => {}
        }
        // All that can refuse without a call comes before the first one.
        let tags = tags(grant.role.tags(), caller).map_err(unusable)?;
        let policy = grant.role.session_policy();
        let policy = policy.map(|policy| policy.render(caller)).transpose();
        let policy = policy.map_err(unusable)?;
        let source_identity = grant.role.source_identity(caller).map_err(unusable)?;
        let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0);
        let seconds = grant.role.seconds_for(caller, now);
        let seconds = seconds.map_err(|error| Denied::because(Denial::ProofEndsTooSoon, error))?;

        let on_record = self.records.read(caller, grant.alias, deadline).await?;
        if on_record.revokes(caller) {
            return Err(Denial::Revoked.into());
        }
        let identity = match on_record.identity {
            Some(identity) => identity,
            None => self.records.create(caller, deadline).await?,
        };
        let plan = Plan {
            caller,
            identity: &identity,
            grant,
            arn: self.role_arns.get(grant.alias).ok_or(Denial::Internal)?,
            seconds,
            policy,
            source_identity,
            admitted,
            invocation,
        };
        match (grant.role, wanted) {
            (Role::Token { token_seconds, .. }, None | Some(Wanted::Token)) => {
                let token = self.open_id_token(&plan, &tags, *token_seconds).await?;
                plan.note(&tags, *token_seconds, Some(&token.identity_id), None);
                Ok(Vended::Token(token, *token_seconds))
            }
            _ => {
                let vended = self.credentials(&plan, &tags).await?;
                Ok(Vended::Credentials(vended))
            }
        }
    }

    /// Credentials with these tags; where they are too large for STS, once more without those that may be dropped.
    async fn credentials(
        &self,
        plan: &Plan<'_>,
        tags: &BTreeMap<String, String>,
    ) -> Result<VendedCredentials, Denied> {
        let too_large = match self.session(plan, tags).await {
            Err(Failed::TooLarge(error)) => error,
            Err(Failed::Denied(denied)) => return Err(denied),
            Ok(vended) => return Ok(vended),
        };
        let droppable = plan.grant.role.tags().iter();
        let droppable = droppable.filter(|(_, tag)| tag.droppable);
        let droppable: Vec<&str> = droppable.map(|(key, _)| key.as_str()).collect();
        if droppable.is_empty() {
            return Err(unusable(too_large));
        }
        let mut kept = tags.clone();
        kept.retain(|key, _| !droppable.contains(&key.as_str()));
        tracing::warn!(
            dropped = droppable.join(","),
            "session without its droppable tags"
        );
        match self.session(plan, &kept).await {
            Err(Failed::TooLarge(error)) => Err(unusable(error)),
            Err(Failed::Denied(denied)) => Err(denied),
            Ok(vended) => Ok(vended),
        }
    }

    async fn session(
        &self,
        plan: &Plan<'_>,
        tags: &BTreeMap<String, String>,
    ) -> Result<VendedCredentials, Failed> {
        let session = |name| Session {
            role_arn: plan.arn,
            name,
            seconds: plan.seconds,
            policy: plan.policy.as_deref(),
        };
        let deadline = plan.invocation.deadline();
        let (credentials, identity_id) = if let Role::Direct { .. } = plan.grant.role {
            let wanted = plan.grant.role.tags().iter();
            let transitive =
                wanted.filter(|(key, tag)| tag.transitive && tags.contains_key(key.as_str()));
            let name = SessionName::of(&plan.identity.developer_user_id);
            plan.note(tags, plan.seconds, None, Some(&name));
            let sourced = SourcedSession {
                session: session(name),
                alias: plan.grant.alias,
                tags,
                transitive: transitive.map(|(key, _)| key.as_str()).collect(),
                source_identity: plan.source_identity.as_deref(),
            };
            let credentials = self.sts.assume_directly(&sourced, deadline).await?;
            (credentials, None)
        } else {
            let token = self.open_id_token(plan, tags, MAX_INTERNAL_TOKEN_SECONDS);
            let token = token.await.map_err(Failed::Denied)?;
            let name = SessionName::of(&token.identity_id);
            plan.note(tags, plan.seconds, Some(&token.identity_id), Some(&name));
            let credentials = self.sts.assume(&session(name), &token, deadline).await?;
            (credentials, Some(token.identity_id))
        };
        Ok(VendedCredentials {
            credentials,
            identity_id,
            account_id: plan.arn.account_id().to_owned(),
        })
    }

    /// A Cognito token of the caller's identity.
    async fn open_id_token(
        &self,
        plan: &Plan<'_>,
        tags: &BTreeMap<String, String>,
        seconds: u32,
    ) -> Result<OpenIdToken, Denied> {
        let identities = Identities {
            admitted: plan.admitted,
            records: &self.records,
            pool: &self.identity_pool,
            deadline: plan.invocation.deadline(),
        };
        let request = TokenRequest {
            alias: plan.grant.alias,
            tags,
            seconds,
        };
        identities
            .open_id_token(plan.caller, plan.identity, &request)
            .await
    }
}

impl Plan<'_> {
    /// Notes in the audit line what leaves the vendor, or what STS is asked for.
    fn note(
        &self,
        tags: &BTreeMap<String, String>,
        duration_seconds: u32,
        identity_id: Option<&str>,
        name: Option<&SessionName>,
    ) {
        self.invocation.note(|line, key| {
            let source_identity = self.source_identity.as_deref();
            line.session(telemetry::Session {
                flow: self.grant.role.flow(),
                duration_seconds,
                tags: tags.keys().cloned().collect(),
                identity_id: identity_id.map(str::to_owned),
                session_name: name.map(|name| name.as_str().to_owned()),
                source_identity: source_identity
                    .map(|value| Principal::of_source_identity(key, value)),
            });
        });
    }
}

/// Why there is no session.
enum Failed {
    /// Policy and tags are too large together.
    TooLarge(ServiceError),
    Denied(Denied),
}

impl From<ServiceError> for Failed {
    fn from(error: ServiceError) -> Self {
        if error.code.starts_with(TOO_LARGE) {
            Self::TooLarge(error)
        } else {
            Self::Denied(error.into())
        }
    }
}

fn unusable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Denied {
    Denied::because(Denial::ClaimNotUsable, cause)
}

impl Vended {
    /// A stable code for the audit line.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Token(..) => "token",
            Self::Credentials(_) => "credentials",
        }
    }

    /// The token that leaves, by whose hash it can be found again.
    pub(crate) fn secret(&self) -> &SecretString {
        match self {
            Self::Token(token, _) => &token.token,
            Self::Credentials(vended) => &vended.credentials.session_token,
        }
    }
}
