//! The pool's tokens (developer guide, "Using tokens with user pools") and where their key is
//! published.

use axum::{Json, Router, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    UserPool,
    error::Answer,
    group::{preferred_role, roles},
    session::Session,
    settings::Flow,
    state::State,
};
use crate::{iam::JsonError, random};

/// GetTokensFromRefreshToken.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RefreshRequest {
    client_id: String,
    refresh_token: String,
}

impl UserPool {
    /// The answer to a sign-in: three tokens.
    pub(super) fn authentication_result(&self, username: &str) -> Answer {
        let session = Session {
            username: username.to_owned(),
            auth_time: OffsetDateTime::now_utc().unix_timestamp(),
            origin_jti: random::uuid()?,
            event_id: random::uuid()?,
        };
        let refresh_token = random::token()?;
        let mut state = self.state();
        let mut result = self.tokens(&state, &session)?;
        if let Some(result) = result.as_object_mut() {
            result.insert("RefreshToken".into(), refresh_token.clone().into());
        }
        state.sessions.insert(refresh_token, session);
        Ok(json!({ "AuthenticationResult": result, "ChallengeParameters": {} }))
    }

    /// The answer to a refresh token: the other two, anew.
    pub(super) fn refresh(&self, refresh_token: &str) -> Answer {
        let state = self.state();
        let session = state
            .sessions
            .get(refresh_token)
            .ok_or_else(|| JsonError::not_authorized("Invalid Refresh Token"))?;
        let until = session
            .auth_time
            .saturating_add(self.settings().refresh_token_seconds);
        if until <= OffsetDateTime::now_utc().unix_timestamp() {
            return Err(JsonError::not_authorized("Refresh Token has expired"));
        }
        let result = self.tokens(&state, session)?;
        Ok(json!({ "AuthenticationResult": result, "ChallengeParameters": {} }))
    }

    fn tokens(&self, state: &State, session: &Session) -> Answer {
        let user = state
            .users
            .get(&session.username)
            .ok_or_else(JsonError::user_not_found)?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut both = json!({
            "sub": user.sub,
            "iss": self.issuer(),
            "origin_jti": session.origin_jti,
            "event_id": session.event_id,
            "auth_time": session.auth_time,
            "iat": now,
        });
        let settings = self.settings();
        let groups = state.groups_of(user);
        if !groups.is_empty() {
            let names: Vec<&str> = groups.iter().map(|group| group.name()).collect();
            merge(&mut both, json!({ "cognito:groups": names }));
        }

        let mut id = both.clone();
        for (name, value) in user.attributes.iter() {
            let value = if name.ends_with("_verified") {
                json!(value == "true")
            } else {
                json!(value)
            };
            merge(&mut id, json!({ name: value }));
        }
        merge(
            &mut id,
            json!({
                "aud": settings.client_id,
                "exp": now.saturating_add(settings.id_token_seconds),
                "cognito:username": user.username,
                "token_use": "id",
                "jti": random::uuid()?,
            }),
        );
        let roles = roles(&groups);
        if !roles.is_empty() {
            merge(&mut id, json!({ "cognito:roles": roles }));
        }
        if let Some(role) = preferred_role(&groups) {
            merge(&mut id, json!({ "cognito:preferred_role": role }));
        }

        let mut access = both;
        merge(
            &mut access,
            json!({
                "client_id": settings.client_id,
                "exp": now.saturating_add(settings.access_token_seconds),
                "username": user.username,
                "scope": "aws.cognito.signin.user.admin",
                "token_use": "access",
                "jti": random::uuid()?,
            }),
        );
        Ok(json!({
            "IdToken": self.signer().sign(&id)?,
            "AccessToken": self.signer().sign(&access)?,
            "ExpiresIn": settings.access_token_seconds,
            "TokenType": "Bearer",
        }))
    }

    pub(super) async fn get_tokens_from_refresh_token(&self, request: RefreshRequest) -> Answer {
        self.check_client(&request.client_id)?;
        self.check_flow(Flow::RefreshToken)?;
        self.refresh(&request.refresh_token)
    }

    /// Whose access token this is.
    pub(super) fn holder_of(&self, access_token: &str) -> Result<String, JsonError> {
        let invalid = || JsonError::not_authorized("Invalid Access Token");
        let verified = self.signer().verify::<Value>(access_token);
        let claims = verified.map_err(|_| invalid())?;
        if claims.get("token_use") != Some(&json!("access")) {
            return Err(invalid());
        }
        let expires = claims
            .get("exp")
            .and_then(Value::as_i64)
            .ok_or_else(invalid)?;
        if expires <= OffsetDateTime::now_utc().unix_timestamp() {
            return Err(JsonError::not_authorized("Access Token has expired"));
        }
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let origin = text("origin_jti");
        let state = self.state();
        let mut sessions = state.sessions.values();
        if !sessions.any(|session| origin == Some(&session.origin_jti)) {
            let message = "Access Token has been revoked";
            return Err(JsonError::not_authorized(message));
        }
        text("username").map(str::to_owned).ok_or_else(invalid)
    }

    /// The claims of an ID token of this pool, for whoever takes such tokens as proof. With
    /// `server_side_check` the user must still be there.
    ///
    /// # Errors
    /// Why it is no proof.
    pub fn verified_id_token(
        &self,
        token: &str,
        server_side_check: bool,
    ) -> Result<Value, &'static str> {
        let verified = self.signer().verify::<Value>(token);
        let claims = verified.map_err(|_| "Could not verify the signature.")?;
        if claims.get("token_use") != Some(&json!("id")) {
            return Err("Not an ID token.");
        }
        let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
        if expires <= OffsetDateTime::now_utc().unix_timestamp() {
            return Err("Token expired.");
        }
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if text("iss") != Some(&self.issuer()) {
            return Err("Issuer doesn't match.");
        }
        if server_side_check {
            let state = self.state();
            let user = text("cognito:username").and_then(|name| state.users.get(name));
            let origin = text("origin_jti");
            let signed_in = user.is_some_and(|user| text("sub") == Some(&user.sub))
                && state
                    .sessions
                    .values()
                    .any(|session| origin == Some(&session.origin_jti));
            if !signed_in {
                return Err("The user is signed out or no longer there.");
            }
        }
        Ok(claims)
    }

    /// The `iss` of every token.
    pub fn issuer(&self) -> String {
        format!("{}/{}", self.settings().base_url, self.settings().pool_id)
    }

    /// The routes that a verifier of tokens reads: `/{pool_id}/.well-known/jwks.json` and
    /// `/{pool_id}/.well-known/openid-configuration`.
    pub fn router(&self) -> Router {
        let path = format!("/{}/.well-known", self.settings().pool_id);
        let jwks = json!({ "keys": [self.signer().jwk()] });
        let configuration = json!({
            "issuer": self.issuer(),
            "jwks_uri": format!("{}/.well-known/jwks.json", self.issuer()),
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
        });
        Router::new()
            .route(&format!("{path}/jwks.json"), get(|| async { Json(jwks) }))
            .route(
                &format!("{path}/openid-configuration"),
                get(|| async { Json(configuration) }),
            )
    }
}

fn merge(claims: &mut Value, more: Value) {
    if let (Value::Object(claims), Value::Object(more)) = (claims, more) {
        claims.extend(more);
    }
}
