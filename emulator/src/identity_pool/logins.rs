//! The logins that a public call brings: a Cognito token, or an ID token of a user pool that the identity
//! pool takes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Claims, ISSUER, IdentityPool, TagsClaim,
    identities::{LinkError, Login},
    internal,
    requests::{not_authorized, not_found},
};
use crate::{
    iam::{COGNITO_IDENTITY, JsonError},
    template::CognitoProvider,
    user_pool::UserPool,
};

/// Whom a public call acts for.
pub(super) struct Visitor {
    /// What a token for this identity says.
    pub(super) claims: Claims,
    /// The claims of the user pool's ID token, and `<provider>:<client>`, which role mappings name.
    pub(super) user: Option<(Value, String)>,
}

impl IdentityPool {
    /// Who stands behind the logins. An identity is made or, if `wanted` is given, joined.
    pub(super) fn login(
        &self,
        logins: &BTreeMap<String, String>,
        wanted: Option<&str>,
    ) -> Result<Visitor, JsonError> {
        if let Some(token) = logins.get(COGNITO_IDENTITY) {
            let claims = self.own_token(token)?;
            return Ok(Visitor { claims, user: None });
        }
        // A client that derives the provider from the token's `iss` (Amplify) says where the pool is reached here.
        let reached = self.users.as_ref().map(UserPool::issuer);
        let reached = reached.and_then(|issuer| Some(issuer.split_once("://")?.1.to_owned()));
        let here = reached.and_then(|provider| logins.get(&provider));
        let known = self.definition.cognito_providers.iter();
        let found = known.filter_map(|provider| {
            let token = logins.get(&provider.name).or(here)?;
            Some((provider, token))
        });
        let Some((provider, token)) = found.into_iter().next() else {
            return Err(not_authorized(
                "Token is not from a supported provider of this identity pool.",
            ));
        };
        self.user_pool_login(provider, token, wanted)
    }

    /// A token of this service itself.
    fn own_token(&self, token: &str) -> Result<Claims, JsonError> {
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

    fn user_pool_login(
        &self,
        provider: &CognitoProvider,
        token: &str,
        wanted: Option<&str>,
    ) -> Result<Visitor, JsonError> {
        let users = self.users.as_ref();
        let users = users.filter(|users| {
            provider.name.rsplit('/').next() == Some(users.settings().pool_id.as_str())
        });
        let users = users.ok_or_else(|| {
            not_authorized("Invalid login token. Issuer doesn't match providerName")
        })?;
        let user = users.verified_id_token(token, provider.server_side_token_check);
        let user =
            user.map_err(|reason| not_authorized(format!("Invalid login token. {reason}")))?;
        let text = |claim: &str| user.get(claim).and_then(Value::as_str).map(str::to_owned);
        if text("aud").as_deref() != Some(&provider.client_id) {
            return Err(not_authorized(
                "Invalid login token. Incorrect token audience.",
            ));
        }
        let subject = text("sub").ok_or_else(internal)?;
        let login = Login {
            provider: provider.name.clone(),
            user: subject.clone(),
        };
        let (now, region) = (self.iam.now(), &self.iam.place().region);
        let linked = self.identities().link(login, wanted, region, now);
        let identity_id = linked.map_err(|error| match error {
            LinkError::Unknown => not_found("Identity", wanted.unwrap_or_default()),
            LinkError::RegisteredElsewhere => not_authorized(
                "Logins don't match. Please include at least one valid login for this identity or identity pool.",
            ),
        })?;
        let claims = Claims {
            sub: identity_id,
            aud: self.definition.id.clone(),
            amr: vec![
                "authenticated".to_owned(),
                provider.name.clone(),
                format!("{}:CognitoSignIn:{subject}", provider.name),
            ],
            iss: ISSUER.to_owned(),
            exp: 0,
            iat: 0,
            tags: self.principal_tags(&provider.name, &user),
        };
        let mapped_by = format!("{}:{}", provider.name, provider.client_id);
        Ok(Visitor {
            claims,
            user: Some((user, mapped_by)),
        })
    }

    /// What AWS::Cognito::IdentityPoolPrincipalTag makes of the claims. The defaults are those of
    /// "Using attributes for access control" in the developer guide.
    fn principal_tags(&self, provider: &str, user: &Value) -> Option<TagsClaim> {
        let mapping = self.definition.principal_tags.get(provider)?;
        let tags = mapping.iter().filter_map(|(tag, claim)| {
            let value = user.get(claim)?.as_str()?;
            Some((tag.clone(), vec![value.to_owned()]))
        });
        let principal_tags: BTreeMap<_, _> = tags.collect();
        (!principal_tags.is_empty()).then_some(TagsClaim { principal_tags })
    }
}
