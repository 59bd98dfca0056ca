//! Who becomes which role: trust policies judged, sessions issued.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    AssumeError, COGNITO_IDENTITY, Caller, Context, Decision, Iam, Policies, Session, SessionMarks,
    Trusted, evaluate_trust, session,
};
use crate::template::RoleDefinition;

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

impl Iam {
    /// A session of an hour for an AWS service that acts under a role of the template.
    ///
    /// # Errors
    /// No such role, or one that does not trust the service.
    pub fn session_for_service(
        &self,
        role_arn: &str,
        service: &'static str,
        session_name: &str,
    ) -> Result<Arc<Session>, AssumeError> {
        let trusted = Trusted::Service(service);
        let role = self.trusting(role_arn, trusted, "sts:AssumeRole", &Context::new())?;
        let expires_at = self.now().saturating_add(3600);
        self.issue(
            role,
            session_name,
            expires_at,
            Context::new(),
            Vec::new(),
            SessionMarks::default(),
        )
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
        self.issue(
            role,
            session_name,
            u64::MAX,
            Context::new(),
            Vec::new(),
            SessionMarks::default(),
        )
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
        self.issue(
            role,
            &request.name,
            expires_at,
            context,
            request.policies,
            SessionMarks::default(),
        )
    }

    /// A session of `role_arn` for `caller`. In one account a trust policy that names the caller is
    /// enough; one that names the account leaves it to the caller's own policies. Tags need `sts:TagSession`
    /// too, a source identity `sts:SetSourceIdentity`.
    ///
    /// # Errors
    /// Neither allows it, or the role's sessions (or a chained one, 3600 s) are shorter.
    pub fn assume_role(
        &self,
        caller: &Caller,
        role_arn: &str,
        external_id: Option<&str>,
        request: SessionRequest,
        marks: SessionMarks,
    ) -> Result<Arc<Session>, AssumeError> {
        let inherited = match caller {
            Caller::Session(session) => session.marks.clone(),
            Caller::Admin => SessionMarks::default(),
        };
        // IAM user guide, "Pass session tags in AWS STS", "Chaining roles with session tags".
        let transitive = inherited.transitive.iter();
        let handed_on: BTreeMap<String, String> = transitive
            .filter_map(|key| Some((key.clone(), inherited.tags.get(key)?.clone())))
            .collect();
        let changes = |set: &Option<String>| {
            inherited.source_identity.is_some() && *set != inherited.source_identity
        };
        if marks.tags.keys().any(|key| handed_on.contains_key(key))
            || marks.source_identity.is_some() && changes(&marks.source_identity)
        {
            return Err(AssumeError::Denied {
                action: "sts:AssumeRole",
            });
        }
        let mut asked = Context::from([
            ("sts:RoleSessionName".to_owned(), vec![request.name.clone()]),
            (
                "aws:TagKeys".to_owned(),
                marks.tags.keys().cloned().collect(),
            ),
            ("sts:TransitiveTagKeys".to_owned(), marks.transitive.clone()),
        ]);
        for (key, value) in &marks.tags {
            asked.insert(format!("aws:RequestTag/{key}"), vec![value.clone()]);
        }
        let set = marks.source_identity.iter().cloned().collect();
        asked.insert("sts:SourceIdentity".to_owned(), set);
        asked.extend(external_id.map(|id| ("sts:ExternalId".to_owned(), vec![id.to_owned()])));
        let role = self.permitted(caller, role_arn, "sts:AssumeRole", &asked)?;
        if !marks.tags.is_empty() || !handed_on.is_empty() {
            self.permitted(caller, role_arn, "sts:TagSession", &asked)?;
        }
        let source_identity = marks.source_identity.or(inherited.source_identity);
        if source_identity.is_some() {
            self.permitted(caller, role_arn, "sts:SetSourceIdentity", &asked)?;
        }
        if matches!(caller, Caller::Session(_)) && request.duration > 3600 {
            return Err(AssumeError::ChainedTooLong);
        }
        let expires_at = self.expiry(role, request.duration)?;
        let mut context = Context::new();
        let mut tags = marks.tags;
        let mut transitive = marks.transitive;
        transitive.extend(handed_on.keys().cloned());
        tags.extend(handed_on);
        for (key, value) in &tags {
            context.insert(format!("aws:PrincipalTag/{key}"), vec![value.clone()]);
        }
        if let Some(identity) = &source_identity {
            context.insert("aws:SourceIdentity".to_owned(), vec![identity.clone()]);
        }
        let marks = SessionMarks {
            tags,
            transitive,
            source_identity,
        };
        self.issue(
            role,
            &request.name,
            expires_at,
            context,
            request.policies,
            marks,
        )
    }

    /// The role, if it lets `caller` do `action`, or leaves it to their policies and these do.
    fn permitted(
        &self,
        caller: &Caller,
        role_arn: &str,
        action: &'static str,
        context: &Context,
    ) -> Result<&RoleDefinition, AssumeError> {
        let root = self.place.iam_arn("root");
        let account = [root.as_str(), self.place.account_id.as_str()];
        let itself = match caller {
            Caller::Admin => account.to_vec(),
            Caller::Session(session) => vec![&*session.role_arn, &*session.assumed_role_arn],
        };
        match self.trusting(role_arn, Trusted::Aws(&itself), action, context) {
            Ok(role) => Ok(role),
            Err(refusal) => {
                let delegated = self.trusting(role_arn, Trusted::Aws(&account), action, context);
                match self.authorize(caller, action, role_arn, context) {
                    Ok(()) => delegated.map_err(|_| refusal),
                    Err(_) => Err(refusal),
                }
            }
        }
    }

    fn trusting(
        &self,
        role_arn: &str,
        principal: Trusted<'_>,
        action: &'static str,
        context: &Context,
    ) -> Result<&RoleDefinition, AssumeError> {
        // Whether a role exists is nobody's business who may not assume it.
        let role = self.roles.get(role_arn);
        let role = &role.ok_or(AssumeError::Denied { action })?.definition;
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
        marks: SessionMarks,
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
        let narrowed = !session_policies.is_empty();
        let session = Arc::new(Session {
            role_arn: role.arn.clone(),
            assumed_role_arn: format!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name),
            assumed_role_id,
            access_key_id: session::unique_id("ASIA")?,
            secret_access_key: session::secret()?,
            session_token: session::token()?,
            expires_at,
            context,
            session_policies: narrowed.then(|| Policies::read(&session_policies)),
            marks,
        });
        self.sessions()
            .insert(session.access_key_id.clone(), Arc::clone(&session));
        Ok(session)
    }
}
