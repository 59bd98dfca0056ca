//! Headers that ask for another way to be verified.

use super::*;

pub(super) fn bent_tokens(forge: &Forge) -> Vec<Bent> {
    let mut all = Vec::new();
    let mut bend = |header: Value, reason| {
        let jwt = forge.with_header(header.clone());
        all.push(bent(header, jwt, reason));
    };
    for algorithm in [
        json!(null),
        json!(7),
        json!(["RS256"]),
        json!({}),
        json!(true),
    ] {
        bend(json!({ "alg": algorithm }), "jwt-algorithm-missing");
    }
    for none in ["none", "None", "NONE", "nOnE"] {
        bend(json!({ "alg": none }), "jwt-unsigned");
    }
    for mac in ["HS256", "HS384", "HS512", "HS256/64"] {
        bend(json!({ "alg": mac }), "jwt-symmetric");
    }
    for unknown in [
        "",
        "rs256",
        "hs256",
        " none",
        "RS256 ",
        "RS256\0",
        "RS1",
        "ES256K",
        "ES512",
        "Ed448",
        "RSA-OAEP",
        "dir",
        "A128KW",
        "ML-DSA-65",
    ] {
        bend(json!({ "alg": unknown }), "jwt-algorithm-unknown");
    }
    for known in ["RS384", "RS512", "PS384", "PS512"] {
        bend(json!({ "alg": known }), "jwt-algorithm-not-accepted");
    }
    for critical in [
        json!(["exp"]),
        json!([]),
        json!(null),
        json!("b64"),
        json!(["b64"]),
    ] {
        bend(json!({ "crit": critical }), "jwt-critical-extension");
    }
    for b64 in [json!(false), json!(true), json!(null)] {
        bend(json!({ "b64": b64 }), "jwt-unencoded-payload");
    }
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "kb+jwt",
        "vc+sd-jwt",
        "entity-statement+jwt",
        "application/dpop+jwt",
        "token-introspection+jwt",
        "JWS",
        "JOSE",
        "",
    ] {
        bend(json!({ "typ": typ }), "jwt-type");
    }
    for (name, value) in [
        ("typ", json!(["JWT"])),
        ("kid", json!(7)),
        ("kid", json!(["rsa"])),
        ("x5c", json!("MIIB")),
        ("jwk", json!("rsa")),
        ("jku", json!({})),
    ] {
        bend(json!({ name: value }), "jwt-header-member");
    }
    let without = forge.with_raw_header(r#"{"kid":"rsa","typ":"JWT"}"#);
    all.push(bent("no alg", without, "jwt-algorithm-missing"));
    // What is signed by the public key as if it were a secret: the classic confusion.
    let header = encode(r#"{"alg":"HS256","kid":"rsa"}"#);
    let claims = encode(forge.claims(json!({})).to_string());
    let tag = encode(forge.rsa.jwk().to_string());
    let confused = format!("{header}.{claims}.{tag}");
    all.push(bent("signed by the public key", confused, "jwt-symmetric"));
    all
}
