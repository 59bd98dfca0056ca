//! The calls that need no signature: what phones and browsers ask of an identity pool.

use serde_json::{Value, json};

use super::{
    Claims, ISSUER, IdentityPool, internal,
    logins::Visitor,
    requests::{IdentityCall, NewIdentity, invalid, not_authorized, not_found},
    role::role,
};
use crate::iam::{JsonError, SessionRequest};

/// How long the token of GetOpenIdToken is good for ("valid for 10 minutes").
const PUBLIC_TOKEN_SECONDS: u64 = 600;
/// The session of GetCredentialsForIdentity.
const CREDENTIALS_SECONDS: u64 = 3600;

impl IdentityPool {
    pub(super) fn get_id(&self, request: &NewIdentity) -> Result<Value, JsonError> {
        self.same_pool(&request.identity_pool_id)?;
        if !request.logins.is_empty() {
            let visitor = self.login(&request.logins, None)?;
            return Ok(json!({ "IdentityId": visitor.claims.sub }));
        }
        self.guests_welcome()?;
        let (now, region) = (self.iam.now(), &self.iam.place().region);
        let created = self.identities().create(region, now);
        Ok(json!({ "IdentityId": created.map_err(|_| internal())? }))
    }

    /// The basic flow, which a pool may refuse.
    pub(super) fn get_open_id_token(&self, request: &IdentityCall) -> Result<Value, JsonError> {
        let identity = self.acting_as(request)?.claims;
        if !self.definition.allow_classic_flow {
            return Err(invalid(
                "Basic (classic) flow is not enabled, please use enhanced flow.",
            ));
        }
        let token = self.token(
            &identity.sub,
            identity.amr,
            identity.tags,
            PUBLIC_TOKEN_SECONDS,
        )?;
        Ok(json!({ "IdentityId": identity.sub, "Token": token }))
    }

    /// The enhanced flow: Cognito chooses the role, whatever else the token would open.
    pub(super) fn get_credentials(&self, request: &IdentityCall) -> Result<Value, JsonError> {
        let Visitor {
            claims: identity,
            user,
        } = self.acting_as(request)?;
        let guest = identity
            .amr
            .iter()
            .any(|method| method == "unauthenticated");
        let custom = request.custom_role_arn.as_deref();
        let role_arn = role(&self.definition, guest, user.as_ref(), custom)?;
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
                role_arn.ok_or_else(wrong_roles)?,
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

    /// Whom a public call acts for: the holder of a token of that very identity, or a guest's identity
    /// by its id alone.
    fn acting_as(&self, request: &IdentityCall) -> Result<Visitor, JsonError> {
        let id = &request.identity_id;
        let forbidden = || not_authorized(format!("Access to Identity '{id}' is forbidden."));
        let guest = match self.identities().get(id) {
            None => return Err(not_found("Identity", id)),
            Some(identity) => identity.logins.is_empty(),
        };
        if !request.logins.is_empty() {
            // A guest who signs in keeps the identity.
            let wanted = guest.then_some(id.as_str());
            let visitor = self.login(&request.logins, wanted)?;
            return if visitor.claims.sub == *id {
                Ok(visitor)
            } else {
                Err(forbidden())
            };
        }
        if !guest {
            return Err(forbidden());
        }
        self.guests_welcome()?;
        let claims = Claims {
            sub: id.clone(),
            aud: self.definition.id.clone(),
            amr: vec!["unauthenticated".to_owned()],
            iss: ISSUER.to_owned(),
            exp: 0,
            iat: 0,
            tags: None,
        };
        Ok(Visitor { claims, user: None })
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
}
