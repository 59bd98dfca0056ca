//! Holds docs/vendor.openapi.yaml to the code: every route, status and error code of the one is in the other.

use std::collections::BTreeSet;

use emulator::template::yaml;
use serde_json::Value;

use crate::{denial::Denial, protocol::Shape, respond, route::Route};

/// Statuses and the code in the body.
type Errors = BTreeSet<(u16, String)>;

fn document() -> Value {
    read("docs/vendor.openapi.yaml")
}

fn read(path: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    yaml::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every denial, one after the other: the compiler asks for the place of a new one.
fn denials() -> Vec<Denial> {
    let after = |denial| match denial {
        Denial::InvalidRequest(_) => Some(Denial::UnsupportedGrantType),
        Denial::UnsupportedGrantType => Some(Denial::InvalidScope),
        Denial::InvalidScope => Some(Denial::InvalidTarget("")),
        Denial::InvalidTarget(_) => Some(Denial::NoProof),
        Denial::NoProof => Some(Denial::ProofRejected("jwt-signature")),
        Denial::ProofRejected(_) => Some(Denial::KeyNotYetKnown),
        Denial::KeyNotYetKnown => Some(Denial::TokenWithoutId),
        Denial::TokenWithoutId => Some(Denial::TokenUsed),
        Denial::TokenUsed => Some(Denial::GuestTokenRejected),
        Denial::GuestTokenRejected => Some(Denial::MayNotVouch),
        Denial::MayNotVouch => Some(Denial::Revoked),
        Denial::Revoked => Some(Denial::ProofEndsTooSoon),
        Denial::ProofEndsTooSoon => Some(Denial::GuestNotUpgradable),
        Denial::GuestNotUpgradable => Some(Denial::DeniedByRule),
        Denial::DeniedByRule => Some(Denial::NoRole),
        Denial::NoRole => Some(Denial::ClaimNotUsable),
        Denial::ClaimNotUsable => Some(Denial::MethodNotAllowed("GET")),
        Denial::MethodNotAllowed(_) => Some(Denial::NoSuchRoute),
        Denial::NoSuchRoute => Some(Denial::LimitedPrincipal(1)),
        Denial::LimitedPrincipal(_) => Some(Denial::LimitedSource(1)),
        Denial::LimitedSource(_) => Some(Denial::LimitedAddress(1)),
        Denial::LimitedAddress(_) => Some(Denial::Shed(1)),
        Denial::Shed(_) => Some(Denial::Throttled),
        Denial::Throttled => Some(Denial::Unavailable),
        Denial::Unavailable => Some(Denial::Internal),
        Denial::Internal => None,
    };
    std::iter::successors(Some(Denial::InvalidRequest("")), |denial| after(*denial)).collect()
}

/// Whether a request to `route` may be denied so.
fn arises(denial: Denial, route: Route) -> bool {
    match (denial, route) {
        // Nothing is decided there. Behind the routes, where a path leads to none.
        (_, Route::Health) | (Denial::MethodNotAllowed(_) | Denial::NoSuchRoute, _) => false,
        (Denial::UnsupportedGrantType | Denial::InvalidScope, route) => route == Route::Token,
        (Denial::NoProof, route) => route.shape() == Shape::Sdk,
        (Denial::MayNotVouch, route) => route == Route::Vouch,
        _ => true,
    }
}

/// What `denial` is on the wire.
fn wire(denial: Denial, shape: Shape) -> (u16, String) {
    let response = respond::denial(denial, shape, "id");
    let Some(aws_lambda_events::encodings::Body::Text(body)) = response.body else {
        panic!("expected a text");
    };
    let body: Value = serde_json::from_str(&body).unwrap();
    let code = match shape {
        Shape::OAuth => &body["error"],
        Shape::Sdk => &body["Code"],
    };
    let status = u16::try_from(response.status_code).unwrap();
    (status, code.as_str().unwrap().to_owned())
}

/// The codes that a documented body may have.
fn codes(response: &Value) -> Vec<String> {
    let schema = &response["content"]["application/json"]["schema"];
    let of = |schema: &Value| {
        let members = schema["allOf"][1]["properties"].as_object().unwrap();
        let codes = members
            .values()
            .flat_map(|member| member["enum"].as_array().unwrap());
        codes
            .map(|code| code.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    match schema["anyOf"].as_array() {
        Some(alternatives) => alternatives.iter().flat_map(of).collect(),
        None => of(schema),
    }
}

#[test]
fn the_routes_of_the_document_are_those_of_the_code() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let documented = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    let documented: BTreeSet<(String, String)> = documented.collect();
    let served = Route::ALL.into_iter().map(Route::key);
    let served: BTreeSet<_> = served
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(documented, served);
}

#[test]
fn the_http_api_of_the_template_has_these_routes() {
    let template = read("template.yaml");
    let resources = template["Resources"].as_object().unwrap().values();
    let routes = resources.filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Route");
    let keys = routes.map(|route| route["Properties"]["RouteKey"].as_str().unwrap());
    let keys: BTreeSet<String> = keys.map(str::to_owned).collect();
    let served = Route::ALL.into_iter().map(Route::key);
    let served = served.map(|(method, path)| format!("{method} {path}"));
    assert_eq!(keys, served.collect());
}

#[test]
fn the_statuses_and_error_codes_of_the_document_are_those_of_the_code() {
    let document = document();
    for route in Route::ALL {
        let (method, path) = route.key();
        let responses = &document["paths"][path][method.to_lowercase()]["responses"];
        let mut documented = Errors::new();
        for (status, response) in responses.as_object().unwrap() {
            let status: u16 = status.parse().unwrap();
            if status >= 400 {
                documented.extend(codes(response).into_iter().map(|code| (status, code)));
            }
        }
        assert!(responses.get("200").is_some(), "{path}");
        let denials = denials()
            .into_iter()
            .filter(|denial| arises(*denial, route));
        let answered: Errors = denials.map(|denial| wire(denial, route.shape())).collect();
        assert_eq!(documented, answered, "{method} {path}");
    }
}

#[test]
fn what_has_no_route_is_documented_beside_the_routes() {
    let document = document();
    for (name, denial) in [
        ("NoSuchRoute", Denial::NoSuchRoute),
        ("MethodNotAllowed", Denial::MethodNotAllowed("GET")),
    ] {
        let response = &document["components"]["responses"][name];
        let description = response["description"].as_str().unwrap();
        let documented: BTreeSet<String> = codes(response).into_iter().collect();
        let answered = [Shape::OAuth, Shape::Sdk].map(|shape| wire(denial, shape));
        for (status, _) in &answered {
            assert!(
                description.starts_with(&format!("{status}. ")),
                "{description}"
            );
        }
        assert_eq!(documented, BTreeSet::from(answered.map(|(_, code)| code)));
    }
}

#[test]
fn what_may_be_asked_again_says_when_and_nothing_else_does() {
    use crate::denial::Fault;

    for denial in denials() {
        for shape in [Shape::OAuth, Shape::Sdk] {
            let response = respond::denial(denial, shape, "id");
            let again = matches!(denial.fault(), Fault::Early | Fault::Dependency);
            assert_eq!(
                response.headers.contains_key(http::header::RETRY_AFTER),
                again,
                "{denial:?}"
            );
        }
    }
}
