//! The keys of one issuer: fetched when needed, kept for a while, never for ever.
//!
//! | what | how long | why |
//! | --- | --- | --- |
//! | key set | 10 min | a key that the issuer withdraws stops working |
//! | key set, while the issuer does not answer | 1 h more | an outage of theirs is not one of ours |
//! | "no such kid", or no answer | 10 s | a stranger's tokens must not make us call the issuer each time |
//!
//! An issuer that hangs has not answered after 2 s: what is kept must still be of use to the request, and
//! the SDKs that wait for it give up about then.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::fetch::{self, FetchError};
use crate::{deadline::Deadline, policy::IssuerUrl};

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
    jwks_uri: Option<IssuerUrl>,
    connector: Connector,
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
    jwks_uri: IssuerUrl,
}

impl KeyCache {
    pub(super) fn new(
        issuer: IssuerUrl,
        jwks_uri: Option<IssuerUrl>,
        connector: Connector,
    ) -> Self {
        Self {
            issuer,
            jwks_uri,
            connector,
            kept: Mutex::default(),
        }
    }

    /// The key with this `kid`; a set of a single key serves a token without one. `None` when the issuer
    /// has none such.
    pub(super) async fn find(
        &self,
        kid: Option<&str>,
        deadline: Deadline,
    ) -> Result<Option<Jwk>, KeysUnavailable> {
        let mut kept = self.kept.lock().await;
        let age = |kept: &Kept| kept.keys.as_ref().map(|(_, at)| at.elapsed());
        let found = kept.find(kid);
        if found.is_some() && age(&kept).is_some_and(|age| age < FRESH) {
            return Ok(found);
        }
        let resting = kept.fruitless.is_some_and(|at| at.elapsed() < PENALTY_BOX);
        if !resting {
            self.renew(&mut kept, deadline).await?;
        }
        let found = kept.find(kid);
        if found.is_none() && !resting {
            kept.fruitless = Some(Instant::now());
        }
        match age(&kept) {
            Some(age) if age < FRESH + STALE_IF_ERROR => Ok(found),
            _ => Err(KeysUnavailable(FetchError::NoAnswer)),
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
        let set: LenientSet = fetch::json(&self.connector, &jwks_uri, deadline).await?;
        let keys = set.keys.into_iter();
        let known = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(JwkSet {
            keys: known.collect(),
        })
    }

    async fn discover(&self, deadline: Deadline) -> Result<IssuerUrl, FetchError> {
        let well_known = format!("{}/.well-known/openid-configuration", self.issuer.as_str());
        let url = IssuerUrl::try_from(well_known).map_err(|_| FetchError::Url)?;
        let discovery: Discovery = fetch::json(&self.connector, &url, deadline).await?;
        // Section 4.3: a document that speaks for another issuer is not this one's.
        if discovery.issuer.trim_end_matches('/') == self.issuer.as_str() {
            Ok(discovery.jwks_uri)
        } else {
            Err(FetchError::Json)
        }
    }
}

#[derive(Deserialize)]
struct LenientSet {
    keys: Vec<serde_json::Value>,
}

impl Kept {
    fn find(&self, kid: Option<&str>) -> Option<Jwk> {
        let (set, _) = self.keys.as_ref()?;
        match (kid, set.keys.as_slice()) {
            (Some(kid), _) => set.find(kid).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

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
        assert!(kept(&["a"]).find(None).is_some());
        assert!(kept(&["a", "b"]).find(None).is_none());
        assert!(kept(&["a", "b"]).find(Some("b")).is_some());
        assert!(kept(&["a"]).find(Some("b")).is_none());
    }
}
