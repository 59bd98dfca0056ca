//! Bent forms: whatever a client sends is refused or read, and what is read is a token exchange.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use secrecy::ExposeSecret;
use serde_json::json;
use shared::policy::Name;

use super::{Asked, Request, parse};
use crate::{authenticate::Proof, denial::Denial};

// Written out: what the parser takes for a grant and for a type of token is compared with the standard's words.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const CREDENTIALS: &str = "urn:poolkeeper:params:oauth:token-type:aws-credentials";

type Pairs = Vec<(String, String)>;

/// A form that is served.
fn good() -> Pairs {
    [
        ("grant_type", GRANT),
        ("subject_token", "e30.e30.c2ln"),
        ("subject_token_type", JWT),
        ("audience", "member"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec![
        "grant_type",
        "Grant_Type",
        "grant_type[]",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "audience",
        "resource",
        "scope",
        "actor_token",
        "state",
    ])
}

fn value() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        " ",
        GRANT,
        "urn:ietf:params:oauth:grant-type:token-exchange ",
        "URN:IETF:PARAMS:OAUTH:GRANT-TYPE:TOKEN-EXCHANGE",
        "client_credentials",
        JWT,
        ID_TOKEN,
        ACCESS_TOKEN,
        "urn:ietf:params:oauth:token-type:saml2",
        CREDENTIALS,
        "member",
        "../member",
        "e30.e30.c2ln\0",
        "&grant_type=x",
        "\u{202e}é",
    ])
}

/// Gives a form's pair another name or value, takes it away, or puts a new one before it.
fn bend(pairs: &mut Pairs, (what, at, name, value): (u8, Index, &str, &str)) {
    let new = (name.to_owned(), value.to_owned());
    let at = at.index(pairs.len() + 1);
    match (what, pairs.get_mut(at)) {
        (0, Some(pair)) => pair.0 = new.0,
        (1, Some(pair)) => pair.1 = new.1,
        (2, Some(_)) => drop(pairs.remove(at)),
        _ => pairs.insert(at, new),
    }
}

/// The values that count: RFC 6749, section 3.2, leaves out those that are empty.
fn values<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = pairs
        .iter()
        .filter(|(key, value)| key == name && !value.is_empty());
    named.map(|(_, value)| value.as_str()).collect()
}

/// Whether a form may become a request.
fn is_token_exchange(pairs: &[(String, String)]) -> bool {
    let of = |name| values(pairs, name);
    let kinds = [[JWT], [ID_TOKEN], [ACCESS_TOKEN]];
    let wanted = of("requested_token_type");
    let mut role = of("audience");
    role.sort_unstable();
    role.dedup();
    of("grant_type") == [GRANT]
        && kinds.iter().any(|kind| of("subject_token_type") == kind)
        && of("subject_token").len() == 1
        && (wanted.is_empty() || wanted == [JWT] || wanted == [CREDENTIALS])
        && role.len() <= 1
        && role
            .iter()
            .all(|role| Name::try_from((*role).to_owned()).is_ok())
        && ["actor_token", "scope", "resource"].map(of) == [[""; 0]; 3]
}

fn post(content_type: &str, body: &str, is_base64: bool) -> Result<Request, Denial> {
    let event = json!({
        "version": "2.0",
        "rawPath": "/token",
        "headers": {"content-type": content_type},
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": is_base64,
    });
    let event: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
    match parse(&event)? {
        Asked::Vend(request) => Ok(request),
        Asked::Health => panic!("expected a token exchange"),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bent_form_is_a_request_if_and_only_if_it_is_a_token_exchange(
        bends in vec((0..4_u8, any::<Index>(), name(), value()), 0..4),
    ) {
        let mut pairs = good();
        for how in bends {
            bend(&mut pairs, how);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let request = post(FORM, &body, false);
        prop_assert_eq!(request.is_ok(), is_token_exchange(&pairs), "{}", body);
        if let Ok(request) = request {
            let Proof::Jwt(token) = &request.proof else {
                panic!("expected a JWT");
            };
            prop_assert_eq!(token.expose_secret(), values(&pairs, "subject_token")[0]);
            let role = request.role.map(|role| role.as_str().to_owned());
            prop_assert_eq!(role.as_deref(), values(&pairs, "audience").first().copied());
        }
    }

    #[test]
    fn bent_octets_never_panic_and_are_a_request_only_as_a_token_exchange(
        content_type in select(vec![FORM, FORM, FORM, "Application/X-WWW-Form-URLencoded;;=", "application/json", ""]),
        is_base64: bool,
        splices in vec((any::<Index>(), 0..9_usize, vec(any::<u8>(), 0..5)), 0..4),
        behind_base64: bool,
    ) {
        let splice = |octets: &mut Vec<u8>| {
            for (at, removed, new) in &splices {
                let at = at.index(octets.len() + 1);
                let end = (at + removed).min(octets.len());
                drop(octets.splice(at..end, new.iter().copied()));
            }
        };
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(good()).finish();
        let mut octets = body.into_bytes();
        if !(is_base64 && behind_base64) {
            splice(&mut octets);
        }
        if is_base64 {
            octets = STANDARD.encode(octets).into_bytes();
            if behind_base64 {
                splice(&mut octets);
            }
        }
        let body = String::from_utf8_lossy(&octets);
        if post(content_type, &body, is_base64).is_ok() {
            prop_assert!(content_type.to_ascii_lowercase().starts_with(FORM), "{}", content_type);
            let sent = if is_base64 { STANDARD.decode(body.as_bytes()) } else { Ok(body.as_bytes().to_vec()) };
            let pairs: Option<Pairs> = sent.ok().map(|sent| form_urlencoded::parse(&sent).into_owned().collect());
            prop_assert!(pairs.is_some_and(|pairs| is_token_exchange(&pairs)), "{}", body);
        } else {
            prop_assert!(!splices.is_empty() || content_type.len() != FORM.len(), "{}", body);
        }
    }
}
