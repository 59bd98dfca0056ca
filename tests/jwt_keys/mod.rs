//! An issuer's keys over time: kept for a while, never for ever; and what they may be used for. tokio's clock
//! is moved by hand between the calls.

mod rotation;
mod tokens;

use std::time::Duration;

use crate::common::faulty::{Behaviour, Faulty};
use emulator::{http_client::send, oidc_issuer::OidcIssuer};
use serde_json::{Value, json};
use shared::{
    deadline::Deadline,
    https::Https,
    jwt::{
        Fetcher, Issuer, IssuerUrl, Rejected, RuntimeApi, UnverifiedJwt, VerifyError,
        install_crypto_provider,
    },
    policy::{IdentityVendor, PolicyFile},
};

/// A development issuer behind a server that can fail, and what verifies its tokens.
struct World {
    issuer: OidcIssuer,
    front: Faulty,
    upstream: String,
    verifier: Issuer,
}

impl World {
    async fn new() -> Self {
        Self::under("").await
    }

    /// With these lines more in the policy's section of the issuer.
    async fn under(rules: &str) -> Self {
        Self::beside(rules, None).await
    }

    /// On a machine that has a Lambda Runtime API.
    async fn beside(rules: &str, runtime_api: Option<RuntimeApi>) -> Self {
        install_crypto_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap().to_string();
        // The issuer lives where the failing server is: all its documents come through it.
        let front = Faulty::start(Behaviour::Forward(upstream.clone())).await;
        let issuer = OidcIssuer::new(&front.url, "poolkeeper").unwrap();
        let router = issuer.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let text = format!(
            "version = 1\n[identity-vendor.sources.app]\naudiences = [\"poolkeeper\"]\nmax_token_age_seconds = 604800\n{rules}"
        );
        let policy: IdentityVendor = PolicyFile::parse("policy.toml", text).section().unwrap();
        let source = policy.sources.into_values().next().unwrap();
        let url = IssuerUrl::try_from(issuer.issuer().to_owned()).unwrap();
        let fetcher = Fetcher::new(Https::new().unwrap(), runtime_api);
        let verifier = Issuer::new(url, source.tokens, fetcher);
        Self {
            issuer,
            front,
            upstream,
            verifier,
        }
    }

    fn token(&self) -> UnverifiedJwt {
        UnverifiedJwt::decode(&self.issuer.mint(json!({"sub": "ana"})).unwrap()).unwrap()
    }

    /// One document that is both the issuer's configuration and its keys, each key bent.
    async fn documents(&self, bend: impl Fn(&mut Value)) -> String {
        let url = format!("http://{}/oidc/jwks.json", self.upstream);
        let mut keys = send("GET", &url, &[], "").await.unwrap().json()["keys"].take();
        keys.as_array_mut().unwrap().iter_mut().for_each(bend);
        let issuer = self.issuer.issuer();
        let jwks_uri = format!("{issuer}/jwks.json");
        json!({"issuer": issuer, "jwks_uri": jwks_uri, "keys": keys}).to_string()
    }

    /// Verifies a token while the issuer's every document is `behaviour`.
    async fn verify_by(&self, behaviour: Behaviour) -> Result<(), VerifyError> {
        self.front.behave(behaviour);
        self.verify(&self.token()).await
    }

    async fn verify(&self, jwt: &UnverifiedJwt) -> Result<(), VerifyError> {
        let deadline = Deadline::after(Duration::from_secs(3));
        self.verifier.verify(jwt, deadline).await.map(drop)
    }
}

async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

fn another_client() -> Rejected {
    let expected = "poolkeeper".to_owned();
    Rejected::Client { expected }
}

const UNKNOWN_KEY: Result<(), VerifyError> = Err(VerifyError::Rejected(Rejected::UnknownKey));

#[tokio::test]
async fn keys_are_asked_for_once_in_ten_minutes() {
    let world = World::new().await;
    let jwt = world.token();
    for _ in 0..20 {
        assert_eq!(world.verify(&jwt).await, Ok(()));
    }
    assert_eq!(world.issuer.jwks_requests(), 1);
    later(601).await;
    assert_eq!(world.verify(&jwt).await, Ok(()));
    assert_eq!(world.issuer.jwks_requests(), 2);
}

#[tokio::test]
async fn callers_that_come_at_once_share_one_request() {
    let world = World::new().await;
    let jwt = world.token();
    let results = futures_util::future::join_all((0..10).map(|_| world.verify(&jwt))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(world.issuer.jwks_requests(), 1);
}

#[tokio::test]
async fn a_withdrawn_key_stops_working_when_the_keys_are_renewed() {
    let world = World::new().await;
    let kid = world.issuer.rotate().unwrap();
    let jwt = world.token();
    assert_eq!(world.verify(&jwt).await, Ok(()));
    world.issuer.withdraw(&kid);
    assert_eq!(world.verify(&jwt).await, Ok(()), "for ten minutes");
    later(601).await;
    assert_eq!(world.verify(&jwt).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn keys_outlive_an_outage_of_the_issuer_but_not_for_ever() {
    let world = World::new().await;
    let jwt = world.token();
    assert_eq!(world.verify(&jwt).await, Ok(()));
    world.front.behave(Behaviour::Close);
    later(601).await;
    assert_eq!(
        world.verify(&jwt).await,
        Ok(()),
        "stale, for the issuer does not answer"
    );
    later(3600).await;
    let refused = world.verify(&jwt).await;
    assert!(
        matches!(refused, Err(VerifyError::KeysUnavailable(_))),
        "{refused:?}"
    );
    world
        .front
        .behave(Behaviour::Forward(world.upstream.clone()));
    later(11).await;
    assert_eq!(world.verify(&jwt).await, Ok(()));
}

#[tokio::test]
async fn an_issuer_that_hangs_leaves_the_time_to_go_on_with_what_is_kept() {
    let world = World::new().await;
    let jwt = world.token();
    assert_eq!(world.verify(&jwt).await, Ok(()));
    world.front.behave(Behaviour::Hang);
    later(601).await;
    // Nothing else happens meanwhile, so the clock jumps to whatever time-out comes first.
    tokio::time::pause();
    let deadline = Deadline::after(Duration::from_secs(8));
    assert!(world.verifier.verify(&jwt, deadline).await.is_ok());
    let left = deadline.remaining();
    assert!(left >= Duration::from_secs(5), "{left:?}");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_in_ten_seconds() {
    let world = World::new().await;
    let known = world.token();
    assert_eq!(world.verify(&known).await, Ok(()));
    let kid = world.issuer.rotate().unwrap();
    let unknown = world.token();
    world.issuer.withdraw(&kid);
    assert_eq!(world.verify(&unknown).await, UNKNOWN_KEY);
    for _ in 0..10 {
        assert_eq!(
            world.verify(&unknown).await,
            Err(VerifyError::KeyNotYetKnown)
        );
    }
    assert_eq!(world.issuer.jwks_requests(), 2);
    later(11).await;
    assert_eq!(world.verify(&unknown).await, UNKNOWN_KEY);
    assert_eq!(world.issuer.jwks_requests(), 3);
}

#[tokio::test]
async fn a_key_published_during_a_flood_of_unknown_ones_is_not_refused_but_put_off() {
    let world = World::new().await;
    let kid = world.issuer.rotate().unwrap();
    let invented = world.token();
    world.issuer.withdraw(&kid);
    assert_eq!(world.verify(&invented).await, UNKNOWN_KEY);
    world.issuer.rotate().unwrap();
    let rotated = world.token();
    let put_off = Err(VerifyError::KeyNotYetKnown);
    assert_eq!(world.verify(&rotated).await, put_off);
    assert_eq!(world.verify(&invented).await, put_off);
    later(11).await;
    assert_eq!(world.verify(&rotated).await, Ok(()));
}

#[tokio::test]
async fn every_key_that_shares_a_kid_is_tried() {
    let world = World::new().await;
    let kid = world.issuer.rotate().unwrap();
    let documents = world.documents(|key| key["kid"] = json!(kid)).await;
    let mut documents: Value = serde_json::from_str(&documents).unwrap();
    // The one that signs comes last, behind one of another kind and one of its own.
    documents["keys"].as_array_mut().unwrap().reverse();
    let verified = world
        .verify_by(crate::common::faulty::http(
            "200 OK",
            &documents.to_string(),
        ))
        .await;
    assert_eq!(verified, Ok(()));
}

#[tokio::test]
async fn no_issuer_leads_to_the_runtime_api() {
    use crate::common::faulty::http;

    let runtime_api = Faulty::start(Behaviour::Close).await;
    let authority = runtime_api.url.trim_start_matches("http://");
    let world = World::beside("", RuntimeApi::new(authority)).await;
    let documents = world.documents(|_| {}).await;
    let url = world.issuer.issuer();
    let elsewhere = documents.replace(
        &format!("\"{url}/jwks.json\""),
        &format!("\"{}/jwks.json\"", runtime_api.url),
    );
    assert_ne!(elsewhere, documents);
    runtime_api.behave(http("200 OK", &documents));
    let refused = world.verify_by(http("200 OK", &elsewhere)).await;
    assert!(
        matches!(refused, Err(VerifyError::KeysUnavailable(_))),
        "{refused:?}"
    );
    assert_eq!(runtime_api.requests(), 0);
}

#[tokio::test]
async fn keys_in_the_policy_are_used_and_none_is_fetched() {
    let world = World::new().await;
    let documents = world.documents(|_| {}).await;
    let keys: Value = serde_json::from_str(&documents).unwrap();
    let jwks = json!({"keys": keys["keys"]}).to_string();
    let pinned = World::under(&format!("jwks = '{jwks}'")).await;
    // The issuer's RS256 key is the same in both worlds; its ES256 key is made anew.
    assert_eq!(pinned.verify(&pinned.token()).await, Ok(()));
    let jwt = pinned.issuer.mint_with("ES256", json!({})).unwrap();
    let jwt = UnverifiedJwt::decode(&jwt).unwrap();
    assert_eq!(pinned.verify(&jwt).await, UNKNOWN_KEY);
    assert_eq!(pinned.front.requests(), 0);
}

#[tokio::test]
async fn documents_that_are_too_large_elsewhere_or_of_another_issuer_are_refused() {
    use crate::common::faulty::http;

    let sound = World::new().await;
    let documents = sound.documents(|_| {}).await;
    assert_eq!(
        sound.verify_by(http("200 OK", &documents)).await,
        Ok(()),
        "as they are"
    );

    let world = World::new().await;
    let documents = world.documents(|_| {}).await;
    let url = world.issuer.issuer();
    let other = documents.replace(
        &format!("\"issuer\":\"{url}\""),
        "\"issuer\":\"https://evil.example\"",
    );
    let plain_http = documents.replace(
        &format!("\"{url}/jwks.json\""),
        "\"http://evil.example/keys\"",
    );
    assert!(other != documents && plain_http != documents);
    for behaviour in [
        http("200 OK", &format!("{documents}{}", " ".repeat(100 * 1024))),
        http("302 Found\r\nlocation: http://127.0.0.1:1/", &documents),
        http("404 Not Found", &documents),
        http("200 OK", &other),
        http("200 OK", &plain_http),
    ] {
        later(11).await;
        let refused = world.verify_by(behaviour.clone()).await;
        assert!(
            matches!(refused, Err(VerifyError::KeysUnavailable(_))),
            "{behaviour:?} {refused:?}"
        );
    }
    assert_eq!(world.issuer.jwks_requests(), 1, "by this test itself");
}

#[tokio::test]
async fn a_key_for_another_use_or_algorithm_verifies_nothing() {
    for (member, value, expected) in [
        ("use", json!("enc"), Rejected::KeyUse),
        ("alg", json!("RS512"), Rejected::KeyAlgorithm),
        ("key_ops", json!(["encrypt"]), Rejected::KeyUse),
    ] {
        let world = World::new().await;
        let documents = world.documents(|key| key[member] = value.clone()).await;
        let refused = world
            .verify_by(crate::common::faulty::http("200 OK", &documents))
            .await;
        let expected = Err(VerifyError::Rejected(expected));
        assert_eq!(refused, expected, "{member} {value}");
    }
}
