//! An OpenID Connect issuer for development: it vouches for whomever you name.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    jwt_signer::{JwtSigner, KeyError},
    random,
};

/// Signs this issuer's first tokens. It is in a public repository: whoever trusts it trusts
/// everybody.
const DEVELOPMENT_KEY: &str = include_str!("keys/oidc-issuer.development-only.pem");

/// How long a token lives, in seconds, unless its claims say otherwise.
const LIFETIME: i64 = 3600;

/// The issuer `<base url>/oidc`; clones share its keys.
#[derive(Clone)]
pub struct OidcIssuer(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    /// The published keys; the first one signs.
    keys: Mutex<VecDeque<JwtSigner>>,
    jwks_requests: AtomicUsize,
}

impl OidcIssuer {
    /// An issuer that is reached at `base_url`, without a slash at the end, and whose tokens are
    /// for `audience` unless they say otherwise. It publishes an RS256 key, which signs, and an
    /// ES256 key.
    pub fn new(base_url: &str, audience: &str) -> Result<Self, KeyError> {
        let keys = [JwtSigner::rs256(DEVELOPMENT_KEY)?, JwtSigner::es256()?];
        Ok(Self(Arc::new(Inner {
            issuer: format!("{base_url}/oidc"),
            audience: audience.into(),
            keys: Mutex::new(keys.into()),
            jwks_requests: AtomicUsize::new(0),
        })))
    }

    /// The `iss` of every token.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// A token for `alice` who signed in just now. `overrides` adds and replaces claims; one that
    /// is null is left out.
    pub fn mint(&self, overrides: Value) -> Result<String, KeyError> {
        let claims = self.claims(overrides)?;
        self.keys()
            .front()
            .ok_or_else(KeyError::missing)?
            .sign(&claims)
    }

    /// The same, signed by the first key of this algorithm: `RS256` or `ES256`.
    pub fn mint_with(&self, algorithm: &str, overrides: Value) -> Result<String, KeyError> {
        let claims = self.claims(overrides)?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.algorithm() == algorithm);
        key.ok_or_else(KeyError::missing)?.sign(&claims)
    }

    fn claims(&self, overrides: Value) -> Result<Value, KeyError> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut claims = json!({
            "iss": self.0.issuer,
            "sub": "alice",
            "aud": self.0.audience,
            "iat": now,
            "auth_time": now,
            "exp": now + LIFETIME,
            "jti": random::uuid()?,
        });
        if let (Some(claims), Value::Object(overrides)) = (claims.as_object_mut(), overrides) {
            claims.extend(overrides);
            claims.retain(|_, value| !value.is_null());
        }
        Ok(claims)
    }

    /// Publishes a new ES256 key, which signs from now on. The others stay published. Answers the
    /// new key's id.
    pub fn rotate(&self) -> Result<String, KeyError> {
        let key = JwtSigner::es256()?;
        let kid = key.kid().to_owned();
        self.keys().push_front(key);
        Ok(kid)
    }

    /// Takes a key out of the published set, as an issuer does whose key was stolen. Answers
    /// whether it was there.
    pub fn withdraw(&self, kid: &str) -> bool {
        let mut keys = self.keys();
        let before = keys.len();
        keys.retain(|key| key.kid() != kid);
        keys.len() < before
    }

    /// How often the key set was fetched.
    pub fn jwks_requests(&self) -> usize {
        self.0.jwks_requests.load(Ordering::SeqCst)
    }

    /// `/oidc/.well-known/openid-configuration`, `/oidc/jwks.json` and `POST /oidc/token`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/oidc/.well-known/openid-configuration", get(configuration))
            .route("/oidc/jwks.json", get(jwks))
            .route("/oidc/token", post(token))
            .with_state(self.clone())
    }

    fn keys(&self) -> MutexGuard<'_, VecDeque<JwtSigner>> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn configuration(State(issuer): State<OidcIssuer>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", issuer.issuer());
    Json(json!({
        "issuer": issuer.issuer(),
        "jwks_uri": at("jwks.json"),
        "token_endpoint": at("token"),
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
    }))
}

async fn jwks(State(issuer): State<OidcIssuer>) -> Json<Value> {
    issuer.0.jwks_requests.fetch_add(1, Ordering::SeqCst);
    let keys: Vec<Value> = issuer.keys().iter().map(JwtSigner::jwk).collect();
    Json(json!({ "keys": keys }))
}

/// For people with curl: no client and no password is asked for.
#[derive(Deserialize)]
struct TokenForm {
    subject: String,
    audience: Option<String>,
    /// A JSON object of more claims.
    claims: Option<String>,
}

async fn token(State(issuer): State<OidcIssuer>, Form(form): Form<TokenForm>) -> Response {
    let claims = serde_json::from_str(form.claims.as_deref().unwrap_or("{}"));
    let Ok(Value::Object(mut claims)) = claims else {
        let error = json!({
            "error": "invalid_request",
            "error_description": "`claims` is expected to be a JSON object",
        });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    claims.insert("sub".into(), form.subject.into());
    if let Some(audience) = form.audience {
        claims.insert("aud".into(), audience.into());
    }
    match issuer.mint(Value::Object(claims)) {
        Ok(token) => Json(json!({
            "id_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
        }))
        .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
