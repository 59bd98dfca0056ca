//! The targets in this crate: JWTs, key sets, trigger events, addresses, phone numbers.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json, value::RawValue};

use super::{Outcomes, fuzz};
use crate::{
    deadline::Deadline,
    email::EmailAddress,
    https::Https,
    jwt::{
        Algorithm, Fetcher, Issuer, IssuerUrl, Keys, PinnedKeys, Settings, UnverifiedJwt,
        VerifyError, install_crypto_provider,
    },
    phone,
    trigger::TriggerEvent,
};

const ISSUER: &str = "https://issuer.example";

/// An issuer whose only key signs whatever it is given.
struct World {
    pair: Ed25519KeyPair,
    jwks: Value,
    runtime: tokio::runtime::Runtime,
    fetcher: Fetcher,
}

impl World {
    fn new() -> Self {
        install_crypto_provider();
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        Self {
            pair,
            jwks: json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x}]}),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            fetcher: Fetcher::new(Https::new().unwrap(), None),
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The issuer with this key set, if it is one.
    fn issuer(&self, jwks: &str) -> Option<Issuer> {
        let settings = Settings {
            keys: Keys::Pinned(PinnedKeys::parse(jwks).ok()?),
            audiences: ["a".to_owned()].into(),
            authorized_parties: Some(["w".to_owned()].into()),
            algorithms: [Algorithm::EdDSA, Algorithm::RS256].into(),
            required_claims: BTreeSet::new(),
            max_token_age_seconds: 86_400,
            leeway_seconds: 0,
            token_use: None,
        };
        let url = IssuerUrl::try_from(ISSUER.to_owned()).unwrap();
        Some(Issuer::new(url, settings, self.fetcher.clone()))
    }

    /// What comes of a token: the reason why it is refused, or that it is not.
    fn meet(&self, issuer: &Issuer, jwt: &str) -> String {
        let jwt = match UnverifiedJwt::decode(jwt) {
            Ok(jwt) => jwt,
            Err(malformed) => return malformed.reason().to_owned(),
        };
        let verified = issuer.verify(&jwt, Deadline::after(Duration::from_secs(5)));
        match self.runtime.block_on(verified) {
            Ok(claims) => {
                assert!(!claims.subject().is_empty() && claims.expires_at() > 0);
                "accepted".to_owned()
            }
            Err(VerifyError::Rejected(rejected)) => rejected.reason().to_owned(),
            Err(other) => panic!("{other}"),
        }
    }
}

fn good_claims() -> String {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    json!({
        "iss": ISSUER, "sub": "ana", "aud": ["a", "b"], "azp": "w", "iat": now, "nbf": now, "exp": now + 3600,
    })
    .to_string()
}

/// Fails unless both happen: something is read, something is refused.
fn assert_both(outcomes: &Outcomes, read: &str, kinds: usize) {
    assert!(outcomes.contains_key(read), "{outcomes:?}");
    assert!(outcomes.len() >= kinds, "{outcomes:?}");
}

#[test]
fn no_token_panics_and_none_but_a_good_one_is_accepted() {
    let world = World::new();
    let issuer = world.issuer(&world.jwks.to_string()).unwrap();
    let good = world.sign(r#"{"alg":"EdDSA","kid":"a","typ":"JWT"}"#, &good_claims());
    // RFC 7515, appendix A.1.
    let rfc = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let outcomes = fuzz(&[good.clone(), rfc.to_owned()], |jwt| {
        let outcome = world.meet(&issuer, jwt);
        // Whoever does not have the key makes nothing else of it.
        assert!(outcome != "accepted" || jwt == good, "forged");
        outcome
    });
    assert_both(&outcomes, "accepted", 8);
}

#[test]
fn no_header_and_no_claims_of_a_signed_token_panic() {
    let world = World::new();
    let issuer = world.issuer(&world.jwks.to_string()).unwrap();
    let seeds = [
        format!(
            "{}\n{}",
            r#"{"alg":"EdDSA","kid":"a","typ":"JWT"}"#,
            good_claims()
        ),
        format!("{}\n{}", r#"{"alg":"EdDSA"}"#, good_claims()),
        format!("{}\n{}", r#"{"alg":"RS256","kid":"a"}"#, good_claims()),
    ];
    let outcomes = fuzz(&seeds, |text| {
        let (header, claims) = text.split_once('\n').unwrap_or((text, "{}"));
        world.meet(&issuer, &world.sign(header, claims))
    });
    assert_both(&outcomes, "accepted", 20);
}

#[test]
fn no_key_set_panics_and_none_makes_a_strangers_token_good() {
    let world = World::new();
    let stranger = World::new();
    let own = world.sign(r#"{"alg":"EdDSA","kid":"a"}"#, &good_claims());
    let forged = stranger.sign(r#"{"alg":"EdDSA","kid":"a"}"#, &good_claims());
    let rsa = world.sign(r#"{"alg":"RS256","kid":"a"}"#, &good_claims());
    let key = &world.jwks["keys"][0];
    let n = "A".repeat(344);
    let seeds = [
        json!({"keys": [key]}),
        json!({"keys": [key, {"kty": "RSA", "kid": "b", "alg": "RS256", "use": "sig", "n": n, "e": "AQAB"}]}),
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "AAAA", "y": "AAAA", "key_ops": ["verify"]}]}),
        json!({"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}], "x5c": []}),
    ];
    let outcomes = fuzz(&seeds.map(|set| set.to_string()), |set| {
        let Some(issuer) = world.issuer(set) else {
            return "no key set".to_owned();
        };
        assert_ne!(world.meet(&issuer, &forged), "accepted");
        format!(
            "{} {}",
            world.meet(&issuer, &own),
            world.meet(&issuer, &rsa)
        )
    });
    assert_both(&outcomes, "no key set", 4);
    assert!(
        outcomes
            .keys()
            .any(|outcome| outcome.starts_with("accepted"))
    );
}

#[test]
fn no_trigger_event_panics() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let files = std::fs::read_dir(folder).unwrap();
    let events: Vec<String> = files
        .filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok())
        .filter(|text| text.contains("\"triggerSource\""))
        .collect();
    assert!(events.len() > 3, "{}", events.len());
    let outcomes = fuzz(&events, |text| {
        let Ok(raw) = serde_json::from_str::<Box<RawValue>>(text) else {
            return "no JSON".to_owned();
        };
        match TriggerEvent::parse(&raw) {
            Ok(event) => format!(
                "{} {} {}",
                event.source(),
                event.user_pool_id().is_ok(),
                event.user_name().is_ok()
            ),
            Err(_) => "no event".to_owned(),
        }
    });
    assert_both(&outcomes, "no event", 5);
}

#[test]
fn no_address_panics_and_what_is_read_is_read_again() {
    let seeds = [
        "ana@example.com",
        "ana.maria+tag@mail.example.co.uk",
        "bob@bücher.example",
        "o'brien@xn--bcher-kva.example",
    ];
    let outcomes = fuzz(&seeds.map(str::to_owned), |text| {
        let Ok(address) = text.parse::<EmailAddress>() else {
            return "refused".to_owned();
        };
        let canonical = address.canonical();
        let again: EmailAddress = canonical.parse().unwrap();
        assert_eq!(again.canonical(), canonical);
        "read".to_owned()
    });
    assert_both(&outcomes, "read", 2);
}

#[test]
fn no_phone_number_panics() {
    let seeds = ["+12345550100", "+491715550100"].map(str::to_owned);
    let outcomes = fuzz(&seeds, |text| phone::is_e164(text).to_string());
    assert_both(&outcomes, "true", 2);
}
