//! Fuzzes what HTTP events and forms come to. hostile.rs says which forms are requests; here nothing panics, and
//! nobody gets past the route and the grant type.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde_json::{Value, json};
use shared::fuzz::fuzz;

use super::{Asked, parse};

/// What comes of an event.
fn meet(event: &ApiGatewayV2httpRequest) -> String {
    match parse(event) {
        Ok(Asked::Health) => "health".to_owned(),
        Ok(Asked::Vend(request)) => format!(
            "vend {:?} {}",
            request.requested_token_type,
            request.role.is_some()
        ),
        Err(denial) => denial.reason().to_owned(),
    }
}

fn samples() -> Vec<String> {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let vendor = files.filter(|path| path.to_string_lossy().contains("/identity-vendor."));
    let texts = vendor.map(|path| std::fs::read_to_string(path).unwrap());
    // On one line: a mutation must hit something.
    let minified = |text: String| serde_json::from_str::<Value>(&text).unwrap().to_string();
    texts.map(minified).collect()
}

#[test]
fn no_http_event_panics() {
    let samples = samples();
    assert!(samples.len() > 4, "{}", samples.len());
    let outcomes = fuzz(&samples, |text| match serde_json::from_str(text) {
        Ok(event) => meet(&event),
        Err(_) => "no event".to_owned(),
    });
    assert!(outcomes.contains_key("health"), "{outcomes:?}");
    assert!(outcomes.len() > 6, "{outcomes:?}");
}

#[test]
fn no_form_panics() {
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
        &subject_token=e30.e30.c2ln&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
    let more = [
        "",
        "&audience=member",
        "&scope=a",
        "&requested_token_type=urn%3Apoolkeeper%3Aparams%3Aoauth%3Atoken-type%3Aaws-credentials",
        "&actor_token=a&resource=b",
    ];
    let outcomes = fuzz(&more.map(|more| format!("{form}{more}")), |body| {
        let event = json!({
            "version": "2.0",
            "rawPath": "/token",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
            "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
            "body": body,
            "isBase64Encoded": false,
        });
        let outcome = meet(&serde_json::from_value(event).unwrap());
        let exchange = body.contains("exchange") || body.contains('%');
        assert!(
            exchange || !outcome.starts_with("vend"),
            "without its grant type"
        );
        outcome
    });
    assert!(outcomes.keys().any(|outcome| outcome.starts_with("vend")));
    assert!(outcomes.len() > 4, "{outcomes:?}");
}
