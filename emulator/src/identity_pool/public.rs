//! The calls that need no signature: what phones and browsers ask of an identity pool.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Claims, ISSUER, IdentityPool, internal,
    requests::{IdentityCall, NewIdentity, invalid, not_authorized, not_found},
};
use crate::iam::{COGNITO_IDENTITY, JsonError, SessionRequest};

/// How long the token of GetOpenIdToken is good for ("valid for 10 minutes").
const PUBLIC_TOKEN_SECONDS: u64 = 600;
/// The session of GetCredentialsForIdentity.
const CREDENTIALS_SECONDS: u64 = 3600;

impl IdentityPool {
    pub(super) fn get_id(&self, request: &NewIdentity) -> Result<Value, JsonError> {
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

    pub(super) fn get_open_id_token(&self, request: &IdentityCall) -> Result<Value, JsonError> {
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
    pub(super) fn get_credentials(&self, request: &IdentityCall) -> Result<Value, JsonError> {
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
