//! From a proof to what is vended: verify, choose, record, issue.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use shared::{
    aws::{ServiceError, Trouble},
    deadline::Deadline,
    jwt::{Issuer, UnverifiedJwt, VerifiedClaims, VerifyError},
    policy::{Flow, IdentityVendor, MAX_INTERNAL_TOKEN_SECONDS, MAX_TOKEN_SECONDS, Name, Role},
    telemetry::{AuditLine, LogKey},
};

use crate::{
    bindings::Bound,
    choice::{Choice, choose},
    cognito::{IdentityPool, OpenIdToken},
    identity_record::IdentityRecords,
    request::{Request, Wanted},
    respond::Refusal,
    sts::{Credentials, Sts},
};

/// All that an exchange needs.
pub(crate) struct Exchange {
    pub(crate) policy: IdentityVendor,
    pub(crate) bound: Bound,
    pub(crate) records: IdentityRecords,
    pub(crate) identity_pool: IdentityPool,
    pub(crate) sts: Sts,
}

/// What leaves.
pub(crate) enum Vended {
    /// A Cognito OpenID token, and how many seconds it lives.
    Token(OpenIdToken, u32),
    /// Credentials, of which identity and account.
    Credentials {
        credentials: Credentials,
        identity_id: String,
        account_id: String,
    },
}

/// A refusal, and the cause that only the log may have.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) refusal: Refusal,
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    pub(crate) rule: Option<String>,
}

/// The proof names no issuer of the policy.
#[derive(Debug, thiserror::Error)]
#[error("the issuer is not in the policy")]
struct UnknownIssuer;

/// A granted role, and the rule that granted it.
struct Grant<'a> {
    alias: &'a Name,
    role: &'a Role,
    rule: Option<&'a Name>,
}

impl Exchange {
    /// Decides `request`. What becomes known on the way goes into `line`.
    pub(crate) async fn vend(
        &self,
        request: &Request,
        line: &mut AuditLine,
        log_key: &LogKey,
        deadline: Deadline,
    ) -> Result<(Vended, Option<String>), Denied> {
        let (issuer, claims) = self.verify(request, deadline).await?;
        line.about_subject(issuer.name().as_str(), claims.subject(), log_key);
        let grant = self.grant(issuer.name(), &claims, request.role.as_ref())?;
        line.for_role(grant.alias.as_str());
        let vended = self
            .issue(issuer.name(), &claims, &grant, request.wanted, deadline)
            .await?;
        line.issued(sha256(vended.secret()));
        Ok((vended, grant.rule.map(|rule| rule.as_str().to_owned())))
    }

    async fn verify(
        &self,
        request: &Request,
        deadline: Deadline,
    ) -> Result<(&Issuer, VerifiedClaims), Denied> {
        let jwt = UnverifiedJwt::decode(request.proof.expose_secret())
            .map_err(|error| Denied::because(Refusal::ProofRejected, error))?;
        let mut issuers = self.bound.issuers.iter();
        let issuer = issuers
            .find(|issuer| issuer.claims_to_issue(&jwt))
            .ok_or_else(|| Denied::because(Refusal::ProofRejected, UnknownIssuer))?;
        let claims = issuer.verify(&jwt, deadline).await?;
        Ok((issuer, claims))
    }

    fn grant(
        &self,
        issuer: &Name,
        claims: &VerifiedClaims,
        requested: Option<&Name>,
    ) -> Result<Grant<'_>, Denied> {
        let claim = |name: &str| claims.get(name).cloned();
        match choose(&self.policy, issuer, claim, requested) {
            Choice::Role(alias, rule) => match self.policy.roles.get(alias) {
                Some(role) => Ok(Grant { alias, role, rule }),
                None => Err(Denied::from(Refusal::NotGranted)),
            },
            Choice::Refused(rule) => Err(Denied {
                rule: Some(rule.as_str().to_owned()),
                ..Denied::from(Refusal::NotGranted)
            }),
            Choice::NoRole => Err(Denied::from(Refusal::NotGranted)),
        }
    }

    async fn issue(
        &self,
        issuer: &Name,
        claims: &VerifiedClaims,
        grant: &Grant<'_>,
        wanted: Option<Wanted>,
        deadline: Deadline,
    ) -> Result<Vended, Denied> {
        let flow = *grant.role.flow.get_ref();
        let wanted = wanted.unwrap_or(match flow {
            Flow::Token => Wanted::Token,
            Flow::Credentials => Wanted::Credentials,
        });
        if (wanted, flow) == (Wanted::Token, Flow::Credentials) {
            let text = "this role is vended as credentials, not as a token";
            return Err(Denied::from(Refusal::InvalidTarget(text)));
        }
        let arn = self.bound.role_arn(grant.alias).ok_or(Refusal::Internal)?;
        let seconds = match wanted {
            Wanted::Token => grant
                .role
                .token_seconds
                .as_ref()
                .map_or(MAX_TOKEN_SECONDS, |s| s.get_ref().get()),
            Wanted::Credentials => MAX_INTERNAL_TOKEN_SECONDS,
        };
        let token = self
            .open_id_token(issuer, claims.subject(), grant.alias, seconds, deadline)
            .await?;
        if wanted == Wanted::Token {
            return Ok(Vended::Token(token, seconds));
        }
        let duration = grant
            .role
            .duration_seconds
            .as_ref()
            .map(|seconds| seconds.get_ref().get());
        let duration = duration.unwrap_or(Role::DEFAULT_DURATION_SECONDS);
        let session_policy = grant
            .role
            .session_policy
            .as_ref()
            .map(|policy| policy.get_ref().as_str());
        let credentials = self
            .sts
            .assume(arn, &token, duration, session_policy, deadline)
            .await?;
        Ok(Vended::Credentials {
            credentials,
            identity_id: token.identity_id,
            account_id: arn.account_id().to_owned(),
        })
    }

    async fn open_id_token(
        &self,
        issuer: &Name,
        subject: &str,
        alias: &Name,
        seconds: u32,
        deadline: Deadline,
    ) -> Result<OpenIdToken, Denied> {
        let identity = self
            .records
            .find_or_create(issuer, subject, deadline)
            .await?;
        let known_id = identity.identity_id.as_deref();
        let token = self
            .identity_pool
            .open_id_token(
                &identity.developer_user_id,
                known_id,
                alias,
                seconds,
                deadline,
            )
            .await?;
        if known_id.is_none() {
            self.records
                .keep_identity_id(issuer, subject, &token.identity_id, deadline)
                .await?;
        }
        Ok(token)
    }
}

impl Vended {
    /// The token that leaves, by whose hash it can be found again.
    fn secret(&self) -> &str {
        match self {
            Self::Token(token, _) => token.token.expose_secret(),
            Self::Credentials { credentials, .. } => credentials.session_token.expose_secret(),
        }
    }
}

impl Denied {
    pub(crate) fn because(
        refusal: Refusal,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            refusal,
            cause: Some(cause.into()),
            rule: None,
        }
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            cause: None,
            rule: None,
        }
    }
}

impl From<VerifyError> for Denied {
    fn from(error: VerifyError) -> Self {
        let refusal = match &error {
            VerifyError::Rejected(_) => Refusal::ProofRejected,
            VerifyError::KeysUnavailable(_) => Refusal::Unavailable,
        };
        Self::because(refusal, error)
    }
}

impl From<ServiceError> for Denied {
    fn from(error: ServiceError) -> Self {
        let refusal = match error.trouble {
            Trouble::Throttled => Refusal::Throttled,
            Trouble::Unavailable => Refusal::Unavailable,
            // What AWS refuses here is wired or granted wrongly: nothing that the caller could mend.
            Trouble::Refused => Refusal::Internal,
        };
        Self::because(refusal, error)
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}
