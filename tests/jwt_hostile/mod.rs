//! JWTs that somebody bent: each is refused, and for a reason of its own in the log.
//!
//! The issuer's keys are in the policy, so nothing is fetched: a reason depends on the token alone.

mod claims;
mod form;
mod header;
mod keys;

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, Value, json};
use shared::{
    deadline::Deadline,
    https::Https,
    jwt::{Fetcher, Issuer, IssuerUrl, UnverifiedJwt, VerifyError, install_crypto_provider},
    policy::{IdentityVendor, PolicyFile},
};

use crate::common::{
    reasons,
    signer::{Signer, encode},
};

const ISSUER: &str = "https://issuer.example";
/// What the issuer expects beside the usual.
const RULES: &str = "authorized_parties = [\"web\"]\nrequired_claims = [\"tenant\"]\n";

/// A bent token: what was bent, the token, the reason.
type Bent = (String, String, &'static str);

/// An issuer's keys, and somebody else's.
struct Forge {
    rsa: Signer,
    p256: Signer,
    p384: Signer,
    ed25519: Signer,
    stranger: Signer,
    jwks: Value,
}

impl Forge {
    fn new() -> Self {
        let rsa = Signer::rsa("rsa");
        let (p256, p384) = (Signer::p256("p256"), Signer::p384("p384"));
        let ed25519 = Signer::ed25519("ed25519");
        let with = |kid: &str, member: &str, value: Value| {
            let mut key = rsa.jwk();
            key["kid"] = kid.into();
            key[member] = value;
            key
        };
        // 1024 bits, and the same with zeros before it.
        let weak: Vec<u8> = [[0xc5; 128].as_slice(), &[1]].concat()[1..].to_vec();
        let padded = [vec![0; 128], weak.clone()].concat();
        let keys = [
            with("rsa", "use", json!("sig")),
            with("of-encryption", "use", json!("enc")),
            with("of-nothing", "key_ops", json!([])),
            with("of-signing", "key_ops", json!(["sign", "encrypt"])),
            with("of-rs512", "alg", json!("RS512")),
            with("of-oaep", "alg", json!("RSA-OAEP")),
            with("weak", "n", encode(weak).into()),
            with("padded", "n", encode(padded).into()),
            p256.jwk(),
            p384.jwk(),
            ed25519.jwk(),
        ];
        Self {
            stranger: Signer::p256("p256"),
            jwks: json!({ "keys": keys }),
            rsa,
            p256,
            p384,
            ed25519,
        }
    }

    /// What verifies the issuer's tokens under a policy with these lines more.
    fn issuer(&self, rules: &str) -> Issuer {
        install_crypto_provider();
        let jwks = self.jwks.to_string();
        let text = format!(
            "version = 1\n[identity-vendor.sources.app]\nissuer = \"{ISSUER}\"\njwks = '{jwks}'\n\
             audiences = [\"poolkeeper\"]\nmax_token_age_seconds = 3600\n\
             algorithms = [\"RS256\", \"PS256\", \"ES256\", \"ES384\", \"EdDSA\"]\n{rules}"
        );
        let policy: IdentityVendor = PolicyFile::parse("policy.toml", text).section().unwrap();
        let source = policy.sources.into_values().next().unwrap();
        let url = IssuerUrl::try_from(ISSUER.to_owned()).unwrap();
        let fetcher = Fetcher::new(Https::new().unwrap(), None);
        Issuer::new(url, source.tokens, fetcher)
    }

    /// The good claims with these members put in; null takes one out, and `Null` as a text puts a null in.
    fn claims(&self, bend: Value) -> Value {
        let now = now();
        let mut claims = json!({
            "iss": ISSUER,
            "sub": "ana",
            "aud": "poolkeeper",
            "azp": "web",
            "tenant": "acme",
            "iat": now,
            "exp": now + 300,
        });
        let members = claims.as_object_mut().unwrap();
        let bend: Map<String, Value> = bend.as_object().unwrap().clone();
        for (name, value) in bend {
            match value {
                Value::Null => drop(members.remove(&name)),
                Value::String(text) if text == "Null" => drop(members.insert(name, Value::Null)),
                value => drop(members.insert(name, value)),
            }
        }
        claims
    }

    /// A token that is good but for these members of its claims.
    fn with_claims(&self, bend: Value) -> String {
        self.rsa.token(&self.claims(bend))
    }

    /// A token that is good but for these members of its header.
    fn with_header(&self, bend: Value) -> String {
        let mut header = json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"});
        let bend = bend.as_object().unwrap().clone();
        header.as_object_mut().unwrap().extend(bend);
        self.with_raw_header(&header.to_string())
    }

    fn with_raw_header(&self, header: &str) -> String {
        self.rsa.sign(header, &self.claims(json!({})).to_string())
    }

    /// A token whose claims are these octets.
    fn with_raw_claims(&self, claims: &[u8]) -> String {
        let header = r#"{"alg":"RS256","kid":"rsa"}"#;
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.rsa.signature(header, message.as_bytes());
        format!("{message}.{}", encode(signature))
    }
}

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

fn bent(what: impl ToString, jwt: String, reason: &'static str) -> Bent {
    (what.to_string(), jwt, reason)
}

/// The reason why `jwt` is refused.
async fn reason(issuer: &Issuer, jwt: &str) -> Result<(), &'static str> {
    let jwt = UnverifiedJwt::decode(jwt).map_err(|malformed| malformed.reason())?;
    let deadline = Deadline::after(Duration::from_secs(3));
    match issuer.verify(&jwt, deadline).await {
        Ok(_) => Ok(()),
        Err(VerifyError::Rejected(rejected)) => Err(rejected.reason()),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_token_that_nobody_bent_is_accepted_whichever_key_signed_it() {
    let forge = Forge::new();
    let issuer = forge.issuer(RULES);
    for signer in [&forge.rsa, &forge.p256, &forge.p384, &forge.ed25519] {
        let jwt = signer.token(&forge.claims(json!({})));
        assert_eq!(reason(&issuer, &jwt).await, Ok(()), "{}", signer.kid);
    }
    for good in [
        json!({"iss": format!("{ISSUER}/")}),
        json!({"aud": ["another", "poolkeeper"]}),
        json!({"exp": now() - 15}),
        json!({"iat": now() + 15, "nbf": now() + 15}),
        json!({"exp": now() as f64 + 60.5, "iat": now() as f64 - 0.5}),
    ] {
        let jwt = forge.with_claims(good.clone());
        assert_eq!(reason(&issuer, &jwt).await, Ok(()), "{good}");
    }
}

#[tokio::test]
async fn every_bent_token_is_refused_for_its_own_reason_and_every_reason_has_one() {
    let forge = Forge::new();
    let tables = [
        (RULES, form::bent_tokens(&forge)),
        (RULES, header::bent_tokens(&forge)),
        (RULES, keys::bent_tokens(&forge)),
        (RULES, claims::bent_tokens(&forge)),
        (
            "token_use = \"access\"\n",
            claims::bent_access_tokens(&forge),
        ),
    ];
    let mut met = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for (rules, table) in tables {
        let issuer = forge.issuer(rules);
        for (what, jwt, expected) in table {
            assert_eq!(reason(&issuer, &jwt).await, Err(expected), "{what}");
            met.insert(expected.to_owned());
            tokens.insert(jwt);
        }
    }
    assert!(tokens.len() >= 100, "{}", tokens.len());
    // Known from the list of sources, which one issuer does not have.
    met.insert("jwt-unknown-issuer".to_owned());
    let listed = reasons::listed();
    let listed = listed.into_iter().filter(|code| code.starts_with("jwt-"));
    assert_eq!(listed.collect::<BTreeSet<_>>(), met);
}
