//! identity-vendor, the real binary behind the HTTP front of the suite.

mod ahead;
mod answers;
mod audit;
mod crashes;
mod direct;
mod failures;
mod guests;
mod identities;
mod limits;
mod presets;
mod proofs;
mod revocations;
mod routes;
mod sources;
mod vouching;

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{
    audit_lines, bent_policy, environment,
    faulty::{Behaviour, Faulty, Witness, http},
    last_decision, log_text, options, stack, stack_under, stack_with,
};
use aws_sdk_dynamodb::Client;
use emulator::{
    http_client::{Answer, send},
    stack::Stack,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FUNCTION: &str = "IdentityVendorFunction";
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const JWT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
const AWS: &str = "urn%3Apoolkeeper%3Aparams%3Aoauth%3Atoken-type%3Aaws-credentials";

async fn post(stack: &Stack, body: &str) -> Answer {
    let url = format!("{}/token", stack.api_url);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    send("POST", &url, &form, body).await.unwrap()
}

/// A token exchange with this proof; `more` is added to the form.
async fn exchange(stack: &Stack, jwt: &str, more: &str) -> Answer {
    post(
        stack,
        &format!("{GRANT}&subject_token={jwt}&subject_token_type={JWT}{more}"),
    )
    .await
}

async fn credentials(stack: &Stack, jwt: &str, role: &str) -> Answer {
    let url = format!("{}/credentials{role}", stack.api_url);
    send(
        "GET",
        &url,
        &[("authorization", &format!("Bearer {jwt}"))],
        "",
    )
    .await
    .unwrap()
}

fn mint(stack: &Stack, claims: Value) -> String {
    stack.issuer.mint(claims).unwrap()
}

fn claims_of(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
