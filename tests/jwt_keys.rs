//! An issuer's keys over time: kept for a while, never for ever. tokio's clock is moved by hand between
//! the calls.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::faulty::{Behaviour, Faulty};
use local::oidc_issuer::OidcIssuer;
use serde_json::json;
use shared::{
    aws,
    deadline::Deadline,
    jwt::{Issuer, Rejected, UnverifiedJwt, VerifyError, install_crypto_provider},
    policy::{IdentityVendor, IssuerUrl, PolicyFile},
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
        install_crypto_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap().to_string();
        // The issuer lives where the failing server is: all its documents come through it.
        let front = Faulty::start(Behaviour::Forward(upstream.clone())).await;
        let issuer = OidcIssuer::new(&front.url, "poolkeeper").unwrap();
        let router = issuer.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let text = "version = 1\n[identity-vendor.issuers.app]\naudiences = [\"poolkeeper\"]\nmax_token_age_seconds = 604800";
        let policy: IdentityVendor = PolicyFile::parse("policy.toml", text.to_owned())
            .section()
            .unwrap();
        let (name, rules) = policy.issuers.into_iter().next().unwrap();
        let url = IssuerUrl::try_from(issuer.issuer().to_owned()).unwrap();
        let verifier = Issuer::new(name, url, rules, aws::connector().unwrap());
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
async fn an_unknown_key_is_asked_for_once_in_ten_seconds() {
    let world = World::new().await;
    let known = world.token();
    assert_eq!(world.verify(&known).await, Ok(()));
    let kid = world.issuer.rotate().unwrap();
    let unknown = world.token();
    world.issuer.withdraw(&kid);
    for _ in 0..10 {
        assert_eq!(world.verify(&unknown).await, UNKNOWN_KEY);
    }
    assert_eq!(world.issuer.jwks_requests(), 2);
    later(11).await;
    assert_eq!(world.verify(&unknown).await, UNKNOWN_KEY);
    assert_eq!(world.issuer.jwks_requests(), 3);
}

#[tokio::test]
async fn documents_that_are_too_large_elsewhere_or_of_another_issuer_are_refused() {
    let world = World::new().await;
    let jwt = world.token();
    let other = r#"{"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"}"#;
    let plain_http = format!(
        r#"{{"issuer":"{}","jwks_uri":"http://evil.example/keys"}}"#,
        world.issuer.issuer()
    );
    for behaviour in [
        common::faulty::http("200 OK", &"x".repeat(200 * 1024)),
        common::faulty::http("302 Found\r\nlocation: http://127.0.0.1:1/", ""),
        common::faulty::http("200 OK", other),
        common::faulty::http("200 OK", &plain_http),
    ] {
        later(11).await;
        world.front.behave(behaviour.clone());
        let refused = world.verify(&jwt).await;
        assert!(
            matches!(refused, Err(VerifyError::KeysUnavailable(_))),
            "{behaviour:?}"
        );
    }
    assert_eq!(world.issuer.jwks_requests(), 0);
}
