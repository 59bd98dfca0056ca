//! Tokens that name a key which is not theirs, or none, and signatures that are none.

use super::*;

pub(super) fn bent_tokens(forge: &Forge) -> Vec<Bent> {
    let mut all = Vec::new();
    let long = "k".repeat(4096);
    for kid in [
        "nobody",
        "",
        "RSA",
        "rsa ",
        "../../../../dev/null",
        "rsa' OR '1'='1",
        "https://evil.example/jwks.json",
        &long,
    ] {
        let jwt = forge.with_header(json!({ "kid": kid }));
        all.push(bent(kid, jwt, "jwt-unknown-key"));
    }
    let unnamed = forge.with_raw_header(r#"{"alg":"RS256"}"#);
    all.push(bent("no kid", unnamed, "jwt-key-not-named"));
    let null = forge.with_header(json!({"kid": null}));
    all.push(bent("kid null", null, "jwt-key-not-named"));
    for (kid, reason) in [
        ("of-encryption", "jwt-key-use"),
        ("of-nothing", "jwt-key-use"),
        ("of-signing", "jwt-key-use"),
        ("of-rs512", "jwt-key-algorithm"),
        ("of-oaep", "jwt-key-algorithm"),
        ("weak", "jwt-weak-key"),
        ("padded", "jwt-weak-key"),
        ("p256", "jwt-key-kind"),
        ("p384", "jwt-key-kind"),
        ("ed25519", "jwt-key-kind"),
    ] {
        let jwt = forge.with_header(json!({ "kid": kid }));
        all.push(bent(kid, jwt, reason));
    }
    for (algorithm, kid) in [
        ("ES256", "rsa"),
        ("ES256", "p384"),
        ("ES256", "ed25519"),
        ("ES384", "p256"),
        ("EdDSA", "p256"),
        ("EdDSA", "rsa"),
        ("PS256", "p256"),
    ] {
        let jwt = forge.with_header(json!({"alg": algorithm, "kid": kid}));
        all.push(bent(format!("{algorithm} {kid}"), jwt, "jwt-key-kind"));
    }
    all.extend(strangers(forge));
    all.extend(signatures(forge));
    all
}

/// A key that the token brings along is nobody's word.
fn strangers(forge: &Forge) -> Vec<Bent> {
    let claims = forge.claims(json!({})).to_string();
    let jwk = forge.stranger.jwk();
    let jku = json!("https://evil.example/jwks.json");
    let mut all = Vec::new();
    for (kid, reason) in [("p256", "jwt-signature"), ("mine", "jwt-unknown-key")] {
        for (member, value) in [
            ("jwk", jwk.clone()),
            ("jku", jku.clone()),
            ("x5u", jku.clone()),
            ("x5c", json!(["MIIB"])),
        ] {
            let header = json!({"alg": "ES256", "kid": kid, member: value}).to_string();
            let jwt = forge.stranger.sign(&header, &claims);
            all.push(bent(format!("{kid} {member}"), jwt, reason));
        }
    }
    all
}

fn signatures(forge: &Forge) -> Vec<Bent> {
    let claims = forge.claims(json!({}));
    let rsa = forge.rsa.token(&claims);
    let p256 = forge.p256.token(&claims);
    let ed25519 = forge.ed25519.token(&claims);
    let (message, signature) = rsa.rsplit_once('.').unwrap();
    let header = message.split('.').next().unwrap();
    let bob = encode(forge.claims(json!({"sub": "bob"})).to_string());
    let other_header = encode(r#"{"alg":"RS256","kid":"rsa","typ":"at+jwt"}"#);
    let own = |jwt: &str, octets: &[u8]| {
        let (message, _) = jwt.rsplit_once('.').unwrap();
        format!("{message}.{}", encode(octets))
    };
    let says = |algorithm: &str, by: &str| {
        let header = |alg: &str| json!({"alg": alg, "kid": "rsa"}).to_string();
        let message = format!(
            "{}.{}",
            encode(header(algorithm)),
            encode(claims.to_string())
        );
        let signature = forge.rsa.signature(&header(by), message.as_bytes());
        format!("{message}.{}", encode(signature))
    };
    // SEQUENCE of two INTEGERs, as X.509 and most libraries write it.
    let der = [[0x30, 0x44, 2, 32].as_slice(), &[1; 32], &[2, 32], &[1; 32]].concat();
    // n itself: s = n is 0 modulo n.
    let cases = [
        ("another's claims", format!("{header}.{bob}.{signature}")),
        (
            "another header",
            format!("{other_header}.{}.{signature}", encode(claims.to_string())),
        ),
        ("another key", forge.stranger.token(&claims)),
        (
            "another token's",
            own(&rsa, &forge.rsa.signature("{}", b"another")),
        ),
        ("one octet", own(&rsa, &[1])),
        ("zeros, RSA", own(&rsa, &[0; 256])),
        ("all bits, RSA", own(&rsa, &[0xff; 256])),
        ("an octet more, RSA", own(&rsa, &[0; 257])),
        ("says PS256", says("PS256", "RS256")),
        ("says RS256", says("RS256", "PS256")),
        ("another hash", says("RS256", "RS512")),
        ("zeros, ECDSA", own(&p256, &[0; 64])),
        ("DER, ECDSA", own(&p256, &der)),
        ("an octet less, ECDSA", own(&p256, &[1; 63])),
        ("an octet more, ECDSA", own(&p256, &[1; 65])),
        ("all bits, ECDSA", own(&p256, &[0xff; 64])),
        ("zeros, Ed25519", own(&ed25519, &[0; 64])),
        ("all bits, Ed25519", own(&ed25519, &[0xff; 64])),
        ("short, Ed25519", own(&ed25519, &[1; 32])),
    ];
    let mut all = Vec::new();
    for (what, jwt) in cases {
        all.push(bent(what, jwt, "jwt-signature"));
    }
    all
}
