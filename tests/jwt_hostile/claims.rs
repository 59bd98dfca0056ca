//! Claims that an issuer signed, and that are not for us, not now, or not what they should be.

use super::*;

pub(super) fn bent_tokens(forge: &Forge) -> Vec<Bent> {
    let mut all = Vec::new();
    let now = now();
    let mut bend = |name: &str, values: Vec<Value>, reason| {
        for value in values {
            let jwt = forge.with_claims(json!({ name: value.clone() }));
            all.push(bent(format!("{name} {value}"), jwt, reason));
        }
    };
    // `Value::Null` leaves the claim out; the text Null is a null in it.
    let null = || json!("Null");
    bend("iss", vec![Value::Null], "jwt-issuer-missing");
    let no_texts = vec![null(), json!(7), json!([ISSUER]), json!({"iss": ISSUER})];
    bend("iss", no_texts, "jwt-issuer-malformed");
    let others = [
        "https://evil.example",
        "https://issuer.example.evil.example",
        "https://issuer.example//",
        "https://issuer.example/tenant",
        "https://ISSUER.example",
        "https://issuer.example?x",
        "https://issuer.example#",
        "https://issuer.example\0",
        "http://issuer.example",
        "issuer.example",
        " https://issuer.example",
        "",
    ];
    bend("iss", others.map(|iss| json!(iss)).to_vec(), "jwt-issuer");

    let missing = "jwt-claim-missing";
    let malformed = "jwt-claim-malformed";
    for claim in ["sub", "aud", "exp", "iat", "azp", "tenant"] {
        bend(claim, vec![Value::Null], missing);
    }
    bend("tenant", vec![null()], missing);
    let subjects = vec![
        null(),
        json!(""),
        json!(7),
        json!(["ana"]),
        json!({"ana": 1}),
        json!("a".repeat(1025)),
    ];
    bend("sub", subjects, malformed);
    let audiences = vec![
        null(),
        json!(7),
        json!({"poolkeeper": true}),
        json!([]),
        json!([7]),
        json!(["poolkeeper", 7]),
        json!([["poolkeeper"]]),
    ];
    bend("aud", audiences, malformed);
    let others = [
        "another",
        "",
        "Poolkeeper",
        "poolkeeper ",
        "poolkeeper,another",
        "poolkeeper another",
        "*",
    ];
    bend("aud", others.map(|aud| json!(aud)).to_vec(), "jwt-audience");
    bend("aud", vec![json!(["another"])], "jwt-audience");

    for claim in ["exp", "iat", "nbf"] {
        let times = vec![
            null(),
            json!(now.to_string()),
            json!(true),
            json!([now]),
            json!({}),
            json!(-1),
            json!(-0.5),
            json!(1e300),
            json!(u64::MAX),
        ];
        bend(claim, times, malformed);
    }
    let over = vec![
        json!(now - 31),
        json!(now - 31 * 86_400),
        json!(0),
        json!(0.5),
    ];
    bend("exp", over, "jwt-expired");
    bend(
        "nbf",
        vec![json!(now + 60), json!(4e9)],
        "jwt-not-yet-valid",
    );
    bend(
        "iat",
        vec![json!(now + 60), json!(4e9)],
        "jwt-issued-in-future",
    );
    bend("iat", vec![json!(now - 3700), json!(0)], "jwt-too-old");
    bend("azp", vec![json!(["web"]), json!(7), null()], malformed);
    let others = ["another", "", "web ", "Web"];
    bend(
        "azp",
        others.map(|azp| json!(azp)).to_vec(),
        "jwt-authorized-party",
    );
    all
}

/// Of a user pool, where the access token is asked for: its client is in `client_id`.
pub(super) fn bent_access_tokens(forge: &Forge) -> Vec<Bent> {
    let mut all = Vec::new();
    for (claims, reason) in [
        (json!({}), "jwt-claim-missing"),
        (json!({"token_use": 7}), "jwt-claim-malformed"),
        (json!({"token_use": "id"}), "jwt-token-use"),
        (json!({"token_use": "Access"}), "jwt-token-use"),
        (json!({"token_use": "access"}), "jwt-claim-missing"),
        (
            json!({"token_use": "access", "client_id": ["poolkeeper"]}),
            "jwt-claim-malformed",
        ),
        (
            json!({"token_use": "access", "client_id": "another"}),
            "jwt-client",
        ),
    ] {
        let jwt = forge.with_claims(claims.clone());
        all.push(bent(claims, jwt, reason));
    }
    all
}
