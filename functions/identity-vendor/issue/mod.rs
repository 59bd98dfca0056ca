//! Issue: a granted role becomes a Cognito token or AWS credentials.

mod identity_pool;
mod identity_record;
mod sts;

use std::collections::BTreeMap;

use secrecy::SecretString;
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    policy::Name,
    vending::{Caller, MAX_INTERNAL_TOKEN_SECONDS, Role, tags},
};

pub(crate) use self::{
    identity_pool::{IdentityPool, OpenIdToken, TokenRequest},
    identity_record::IdentityRecords,
    sts::{Credentials, Sts},
};
use crate::{
    denial::{Denial, Denied},
    request::Wanted,
    role_arn::RoleArn,
};

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
    pub(crate) identity_id: String,
    pub(crate) account_id: String,
}

/// The services that issue.
pub(crate) struct Issue {
    records: IdentityRecords,
    identity_pool: IdentityPool,
    sts: Sts,
    role_arns: BTreeMap<Name, RoleArn>,
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

    /// What `grant` comes to for `caller`: what was wanted, or what the role is vended as.
    pub(crate) async fn issue(
        &self,
        caller: &Caller,
        grant: &Grant<'_>,
        wanted: Option<Wanted>,
        deadline: Deadline,
    ) -> Result<Vended, Denied> {
        let tags = tags(grant.role.tags(), caller)
            .map_err(|refused| Denied::because(Denial::ClaimNotUsable, refused))?;
        let request = |seconds| TokenRequest {
            alias: grant.alias,
            tags: &tags,
            seconds,
        };
        let session_policy = match (grant.role, wanted) {
            (Role::Token { token_seconds, .. }, None | Some(Wanted::Token)) => {
                let request = request(*token_seconds);
                let token = self.open_id_token(caller, &request, deadline).await?;
                return Ok(Vended::Token(token, *token_seconds));
            }
            (Role::Credentials { .. }, Some(Wanted::Token)) => {
                let text = "this role is vended as credentials, not as a token";
                return Err(Denial::InvalidTarget(text).into());
            }
            (Role::Token { .. }, Some(Wanted::Credentials)) => None,
            (Role::Credentials { session_policy, .. }, _) => session_policy.as_ref(),
        };
        let session_policy = session_policy
            .map(|policy| policy.render(caller))
            .transpose();
        let session_policy =
            session_policy.map_err(|refused| Denied::because(Denial::ClaimNotUsable, refused))?;
        let arn = self.role_arns.get(grant.alias).ok_or(Denial::Internal)?;
        let request = request(MAX_INTERNAL_TOKEN_SECONDS);
        let token = self.open_id_token(caller, &request, deadline).await?;
        let duration = grant.role.duration_seconds();
        let credentials = self
            .sts
            .assume(arn, &token, duration, session_policy.as_deref(), deadline)
            .await?;
        Ok(Vended::Credentials(VendedCredentials {
            credentials,
            identity_id: token.identity_id,
            account_id: arn.account_id().to_owned(),
        }))
    }

    /// A token of the caller's one identity, which is made at the first call.
    async fn open_id_token(
        &self,
        caller: &Caller,
        request: &TokenRequest<'_>,
        deadline: Deadline,
    ) -> Result<OpenIdToken, ServiceError> {
        let identity = self.records.find_or_create(caller, deadline).await?;
        let user_id = identity.developer_user_id.as_str();
        let known = identity.identity_id.as_deref();
        let pool = &self.identity_pool;
        let token = pool
            .open_id_token(user_id, known, request, deadline)
            .await?;
        if known.is_some() {
            return Ok(token);
        }
        let kept = self
            .records
            .keep_identity_id(caller, &token.identity_id, deadline)
            .await?;
        if kept == token.identity_id {
            Ok(token)
        } else {
            // Another first call was faster, and Cognito made two: the one on record is theirs.
            pool.open_id_token(user_id, Some(&kept), request, deadline)
                .await
        }
    }
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
