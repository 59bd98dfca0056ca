//! The keys of one issuer: fetched when needed, kept for a while, never for ever.
//!
//! | what | how long | why |
//! | --- | --- | --- |
//! | key set | 10 min | a key that the issuer withdraws stops working |
//! | key set, while the issuer does not answer | 1 h more | an outage of theirs is not one of ours |
//! | "no such kid", or no answer | 10 s | a stranger's tokens must not make us call the issuer each time |
//!
//! Within those 10 s nobody can tell an invented `kid` from a key that the issuer published a moment ago, so a
//! token that names one is neither accepted nor refused: its holder is asked to come back.
//!
//! An issuer that hangs has not answered after 2 s: what is kept must still be of use to the request, and
//! the SDKs that wait for it give up about then.

use std::time::Duration;

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, Jwk, JwkSet},
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::{
    fetch::{FetchError, Fetcher},
    url::{IssuerUrl, KeysUrl},
};
use crate::deadline::Deadline;

const FRESH: Duration = Duration::from_secs(600);
const STALE_IF_ERROR: Duration = Duration::from_secs(3600);
const PENALTY_BOX: Duration = Duration::from_secs(10);
const FETCH: Duration = Duration::from_secs(2);

/// The issuer's keys cannot be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the issuer are not available")]
pub struct KeysUnavailable(#[source] FetchError);

/// Where an issuer's keys are, and what is kept of them.
pub(super) struct KeyCache {
    issuer: IssuerUrl,
    jwks_uri: Option<KeysUrl>,
    fetcher: Fetcher,
    // One lock around the fetch too: callers that come at once share one request.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keys: Option<(JwkSet, Instant)>,
    fruitless: Option<Instant>,
}

/// OpenID Connect Discovery 1.0, section 3; only what is needed.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: KeysUrl,
}

/// What is known of a `kid`.
#[derive(Debug)]
pub(super) enum Found {
    /// The keys that share it (RFC 7517, section 4.5: they may). Never empty.
    Keys(Vec<Jwk>),
    /// The issuer has none such.
    Unknown,
    /// The issuer had none such a moment ago, and is not asked again yet.
    NotYetKnown,
}

impl KeyCache {
    pub(super) fn new(issuer: IssuerUrl, jwks_uri: Option<KeysUrl>, fetcher: Fetcher) -> Self {
        Self {
            issuer,
            jwks_uri,
            fetcher,
            kept: Mutex::default(),
        }
    }

    /// The keys with this `kid`; a set of a single key serves a token without one.
    pub(super) async fn find(
        &self,
        kid: Option<&str>,
        deadline: Deadline,
    ) -> Result<Found, KeysUnavailable> {
        let mut kept = self.kept.lock().await;
        let age = |kept: &Kept| kept.keys.as_ref().map(|(_, at)| at.elapsed());
        let found = kept.find(kid);
        if !found.is_empty() && age(&kept).is_some_and(|age| age < FRESH) {
            return Ok(Found::Keys(found));
        }
        let resting = kept.fruitless.is_some_and(|at| at.elapsed() < PENALTY_BOX);
        if !resting {
            self.renew(&mut kept, deadline).await?;
        }
        let found = kept.find(kid);
        if found.is_empty() && !resting {
            kept.fruitless = Some(Instant::now());
        }
        if age(&kept).is_none_or(|age| age >= FRESH + STALE_IF_ERROR) {
            return Err(KeysUnavailable(FetchError::Resting));
        }
        Ok(match (found.is_empty(), resting) {
            (false, _) => Found::Keys(found),
            (true, true) => Found::NotYetKnown,
            (true, false) => Found::Unknown,
        })
    }

    /// Fetches the keys before anybody needs them. That they cannot be had then is held against nobody: the first
    /// token asks again.
    pub(super) async fn fill(&self, deadline: Deadline) {
        let mut kept = self.kept.lock().await;
        if kept.keys.is_none()
            && let Ok(keys) = self.fetch(deadline.at_most(FETCH)).await
        {
            kept.keys = Some((keys, Instant::now()));
        }
    }

    /// Fetches the keys. While the issuer does not answer, what is kept goes on for a bounded while.
    async fn renew(&self, kept: &mut Kept, deadline: Deadline) -> Result<(), KeysUnavailable> {
        match self.fetch(deadline.at_most(FETCH)).await {
            Ok(keys) => kept.keys = Some((keys, Instant::now())),
            Err(error) => {
                kept.fruitless = Some(Instant::now());
                let age = kept.keys.as_ref().map(|(_, at)| at.elapsed());
                if age.is_none_or(|age| age >= FRESH + STALE_IF_ERROR) {
                    kept.keys = None;
                    return Err(KeysUnavailable(error));
                }
                let cause = error.to_string();
                tracing::warn!(
                    issuer = self.issuer.as_str(),
                    cause,
                    "keys kept, not renewed"
                );
            }
        }
        Ok(())
    }

    async fn fetch(&self, deadline: Deadline) -> Result<JwkSet, FetchError> {
        let jwks_uri = match &self.jwks_uri {
            Some(url) => url.clone(),
            None => self.discover(deadline).await?,
        };
        // Keys of a kind that we do not know must not make the others unusable.
        let set: LenientSet = self.fetcher.json(jwks_uri.as_str(), deadline).await?;
        let keys = set.keys.into_iter();
        let known = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(JwkSet {
            keys: known.collect(),
        })
    }

    async fn discover(&self, deadline: Deadline) -> Result<KeysUrl, FetchError> {
        let well_known = format!("{}/.well-known/openid-configuration", self.issuer.as_str());
        let discovery: Discovery = self.fetcher.json(&well_known, deadline).await?;
        // Section 4.3: a document that speaks for another issuer is not this one's.
        if discovery.issuer.trim_end_matches('/') != self.issuer.as_str() {
            return Err(FetchError::AnotherIssuer);
        }
        if !discovery.jwks_uri.may_be_named_by(&self.issuer) {
            return Err(FetchError::Insecure);
        }
        Ok(discovery.jwks_uri)
    }
}

#[derive(Deserialize)]
struct LenientSet {
    keys: Vec<serde_json::Value>,
}

impl Kept {
    fn find(&self, kid: Option<&str>) -> Vec<Jwk> {
        let set = self.keys.as_ref().map(|(set, _)| set);
        set.map(|set| find(set, kid)).unwrap_or_default()
    }
}

/// Public keys that are written in the policy.
#[derive(Debug, Clone)]
pub struct PinnedKeys(JwkSet);

impl PinnedKeys {
    /// Reads a JWK set (RFC 7517, section 5).
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "expected a JWK set in JSON, {\"keys\": [ … ]}, with at least one key";
        let raw: LenientSet = serde_json::from_str(text).map_err(|_| expected)?;
        // RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1.
        let secret = ["d", "p", "q", "k"];
        let is_secret = |key: &serde_json::Value| secret.iter().any(|name| key.get(name).is_some());
        if raw.keys.iter().any(is_secret) {
            return Err(
                "expected public keys only: whoever reads the policy could sign with these",
            );
        }
        let keys = raw.keys.into_iter().map(serde_json::from_value::<Jwk>);
        let keys: Vec<Jwk> = keys.collect::<Result<_, _>>().map_err(|_| expected)?;
        let usable = |key: &Jwk| {
            let symmetric = matches!(key.algorithm, AlgorithmParameters::OctetKey(_));
            !symmetric && DecodingKey::from_jwk(key).is_ok()
        };
        if keys.is_empty() || !keys.iter().all(usable) {
            return Err("expected at least one key, and RSA, EC and OKP keys only");
        }
        if keys.len() > 1 && keys.iter().any(|key| key.common.key_id.is_none()) {
            return Err("expected a kid in each of several keys: tokens name theirs by it");
        }
        Ok(Self(JwkSet { keys }))
    }

    pub(super) fn find(&self, kid: Option<&str>) -> Found {
        match find(&self.0, kid) {
            keys if keys.is_empty() => Found::Unknown,
            keys => Found::Keys(keys),
        }
    }
}

/// The keys with this `kid`; a set of a single key serves a token without one.
fn find(set: &JwkSet, kid: Option<&str>) -> Vec<Jwk> {
    match (kid, set.keys.as_slice()) {
        (Some(kid), keys) => {
            let named = |key: &&Jwk| key.common.key_id.as_deref() == Some(kid);
            keys.iter().filter(named).cloned().collect()
        }
        (None, [only]) => vec![only.clone()],
        (None, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(kids: &[&str]) -> Kept {
        let key = |kid: &&str| json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": kid});
        let keys: Vec<_> = kids.iter().map(key).collect();
        let set = serde_json::from_value(json!({ "keys": keys })).unwrap();
        Kept {
            keys: Some((set, Instant::now())),
            fruitless: None,
        }
    }

    #[test]
    fn a_token_that_names_no_key_is_served_by_an_only_key() {
        let found = |kids: &[&str], kid| kept(kids).find(kid).len();
        assert_eq!(found(&["a"], None), 1);
        assert_eq!(found(&["a", "b"], None), 0);
        assert_eq!(found(&["a", "b"], Some("b")), 1);
        assert_eq!(found(&["a"], Some("b")), 0);
    }

    #[test]
    fn pinned_keys_are_public_and_told_apart() {
        const KEY: &str =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
        let set =
            |keys: &[String]| PinnedKeys::parse(&format!("{{\"keys\":[{}]}}", keys.join(",")));
        let key = |more: &str| format!("{KEY}{more}}}");
        assert!(set(&[key("")]).is_ok());
        assert!(set(&[key(",\"kid\":\"a\""), key(",\"kid\":\"b\"")]).is_ok());
        let symmetric = r#"{"kty":"oct","kid":"a"}"#.to_owned();
        for wrong in [
            set(&[]),
            set(&[key(""), key(",\"kid\":\"b\"")]),
            set(&[key(
                ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"",
            )]),
            set(&[symmetric]),
            PinnedKeys::parse("{}"),
            PinnedKeys::parse("canary"),
        ] {
            assert!(!wrong.unwrap_err().contains("canary"));
        }
    }
}
