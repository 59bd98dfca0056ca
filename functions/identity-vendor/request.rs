//! What a client asks for, parsed from an HTTP event: an RFC 8693 token exchange, or SDK credentials.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use shared::policy::Name;

use crate::respond::{Refusal, Shape};

/// RFC 8693, section 2.1.
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693, section 3: a JWT, by any of the names that it goes by.
const JWT_TYPES: [&str; 3] = [
    JWT,
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:access_token",
];
/// RFC 8693, section 3.
pub(crate) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// Temporary AWS credentials; a name of our own, for RFC 8693 has none.
pub(crate) const AWS_CREDENTIALS: &str = "urn:poolkeeper:params:oauth:token-type:aws-credentials";

/// Largest request body, octets.
const MAX_BODY: usize = 64 * 1024;

/// A request that can be decided.
#[derive(Debug)]
pub(crate) struct Request {
    /// The caller's proof of identity, a JWT.
    pub(crate) proof: SecretString,
    /// The role that was asked for.
    pub(crate) role: Option<Name>,
    /// What was asked for; `None` leaves it to the role.
    pub(crate) wanted: Option<Wanted>,
}

/// What a client wants to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A Cognito OpenID token.
    Token,
    /// AWS credentials.
    Credentials,
}

/// How the answer is to look; known before anything else, so that errors have that look too.
pub(crate) fn shape(event: &ApiGatewayV2httpRequest) -> Shape {
    if path(event).starts_with("/credentials") {
        Shape::ContainerCredentials
    } else {
        Shape::TokenExchange
    }
}

/// Reads the request.
pub(crate) fn parse(event: &ApiGatewayV2httpRequest) -> Result<Request, Refusal> {
    let method = event.request_context.http.method.as_str();
    let path = path(event);
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (segments.as_slice(), method) {
        (["token"], "POST") => token_exchange(event),
        (["credentials"], "GET") => credentials(event, None),
        (["credentials", role], "GET") => credentials(event, Some(role)),
        (["token"], _) => Err(Refusal::MethodNotAllowed("POST")),
        (["credentials"] | ["credentials", _], _) => Err(Refusal::MethodNotAllowed("GET")),
        _ => Err(Refusal::NoSuchPath),
    }
}

/// The path below the stage; `$default` has none in the path.
fn path(event: &ApiGatewayV2httpRequest) -> &str {
    let raw = event.raw_path.as_deref().unwrap_or_default();
    let stage = event.request_context.stage.as_deref().unwrap_or_default();
    raw.strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage))
        .filter(|path| !stage.is_empty() && (path.is_empty() || path.starts_with('/')))
        .unwrap_or(raw)
}

/// `GET /credentials[/{role}]` with the proof as a bearer token (RFC 6750, section 2.1), which SDKs send
/// from `AWS_CONTAINER_AUTHORIZATION_TOKEN` as it stands there.
fn credentials(event: &ApiGatewayV2httpRequest, role: Option<&str>) -> Result<Request, Refusal> {
    let header = event.headers.get("authorization");
    let text = header
        .and_then(|value| value.to_str().ok())
        .ok_or(Refusal::NoProof)?;
    let (scheme, proof) = text.trim().split_once(' ').ok_or(Refusal::NoProof)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoProof);
    }
    Ok(Request {
        proof: SecretString::from(proof.trim()),
        role: role.map(role_name).transpose()?,
        wanted: Some(Wanted::Credentials),
    })
}

/// `POST /token`, RFC 8693, section 2.1.
fn token_exchange(event: &ApiGatewayV2httpRequest) -> Result<Request, Refusal> {
    let form = Form::parse(event)?;
    match form.one("grant_type")? {
        Some(TOKEN_EXCHANGE) => {}
        Some(_) => return Err(Refusal::UnsupportedGrantType),
        None => return Err(Refusal::InvalidRequest("grant_type is missing")),
    }
    match form.one("subject_token_type")? {
        Some(kind) if JWT_TYPES.contains(&kind) => {}
        Some(_) => {
            return Err(Refusal::InvalidRequest(
                "this subject_token_type is not supported",
            ));
        }
        None => return Err(Refusal::InvalidRequest("subject_token_type is missing")),
    }
    let proof = form.one("subject_token")?;
    let proof = proof.ok_or(Refusal::InvalidRequest("subject_token is missing"))?;
    let wanted = match form.one("requested_token_type")? {
        None => None,
        Some(JWT) => Some(Wanted::Token),
        Some(AWS_CREDENTIALS) => Some(Wanted::Credentials),
        Some(_) => {
            return Err(Refusal::InvalidRequest(
                "this requested_token_type is not supported",
            ));
        }
    };
    if form.one("actor_token")?.is_some() {
        return Err(Refusal::InvalidRequest("actor_token is not supported"));
    }
    if form.one("scope")?.is_some() {
        return Err(Refusal::InvalidScope);
    }
    if form.one("resource")?.is_some() {
        return Err(Refusal::InvalidTarget(
            "name the role by audience, not by resource",
        ));
    }
    Ok(Request {
        proof: SecretString::from(proof),
        role: form.one("audience")?.map(role_name).transpose()?,
        wanted,
    })
}

fn role_name(text: &str) -> Result<Name, Refusal> {
    Name::try_from(text.to_owned()).map_err(|_| Refusal::NotGranted)
}

/// `application/x-www-form-urlencoded` parameters.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(event: &ApiGatewayV2httpRequest) -> Result<Self, Refusal> {
        let kind = event
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        let essence = kind
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        if !essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            let expected = "the content type must be application/x-www-form-urlencoded";
            return Err(Refusal::InvalidRequest(expected));
        }
        let body = event.body.as_deref().unwrap_or_default();
        if body.len() > MAX_BODY {
            return Err(Refusal::InvalidRequest("the body is larger than 64 KiB"));
        }
        let octets = if event.is_base64_encoded {
            let unreadable = Refusal::InvalidRequest("the body cannot be read");
            STANDARD.decode(body).map_err(|_| unreadable)?
        } else {
            body.as_bytes().to_vec()
        };
        Ok(Self(form_urlencoded::parse(&octets).into_owned().collect()))
    }

    /// The parameter, which must not be repeated and without a value counts as left out (RFC 6749,
    /// section 3.2).
    fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::InvalidRequest("a parameter is repeated")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    const GOOD: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
        &subject_token=e30.e30.c2ln&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt\
        &audience=member";

    fn event(method: &str, path: &str, more: Value) -> ApiGatewayV2httpRequest {
        let mut event = json!({
            "version": "2.0",
            "rawPath": path,
            "headers": {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            "requestContext": {"http": {"method": method}, "stage": "$default"},
            "isBase64Encoded": false
        });
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    fn post(body: &str) -> Result<Request, Refusal> {
        parse(&event("POST", "/token", json!({"body": body})))
    }

    #[test]
    fn a_token_exchange_is_read() {
        let request = post(GOOD).unwrap();
        assert_eq!(request.proof.expose_secret(), "e30.e30.c2ln");
        assert_eq!(request.role.unwrap().as_str(), "member");
        assert_eq!(request.wanted, None);
    }

    #[test]
    fn a_base64_body_is_the_same_request() {
        let body = STANDARD.encode(GOOD);
        let event = event(
            "POST",
            "/token",
            json!({"body": body, "isBase64Encoded": true}),
        );
        assert!(parse(&event).is_ok());
    }

    #[test]
    fn each_fault_of_a_token_exchange_has_its_own_word() {
        let bent = |from: &str, to: &str| post(&GOOD.replace(from, to)).unwrap_err();
        assert_eq!(bent("grant-type", "x"), Refusal::UnsupportedGrantType);
        assert_eq!(
            bent("&subject_token=e30.e30.c2ln", ""),
            Refusal::InvalidRequest("subject_token is missing")
        );
        assert_eq!(
            bent("token-type%3Ajwt", "saml2"),
            Refusal::InvalidRequest("this subject_token_type is not supported")
        );
        assert_eq!(
            bent("audience=member", "audience=member&audience=x"),
            Refusal::InvalidRequest("a parameter is repeated")
        );
        assert_eq!(bent("audience=member", "scope=all"), Refusal::InvalidScope);
        assert_eq!(
            bent("audience=member", "audience=../x"),
            Refusal::NotGranted
        );
        assert_eq!(
            bent("audience=member", "requested_token_type=x"),
            Refusal::InvalidRequest("this requested_token_type is not supported")
        );
        assert_eq!(
            post("").unwrap_err(),
            Refusal::InvalidRequest("grant_type is missing")
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_left_out() {
        let empty = "&requested_token_type=&resource=&scope=&actor_token=";
        let request = post(&format!("{}{empty}", GOOD.replace("=member", "="))).unwrap();
        assert_eq!((request.role, request.wanted), (None, None));
        assert_eq!(
            post("grant_type=").unwrap_err(),
            Refusal::InvalidRequest("grant_type is missing")
        );
    }

    #[test]
    fn what_would_change_who_is_meant_or_costs_too_much_is_refused() {
        assert_eq!(
            post(&format!("{GOOD}&actor_token=e30.e30.c2ln")).unwrap_err(),
            Refusal::InvalidRequest("actor_token is not supported")
        );
        assert_eq!(
            post(&format!("{GOOD}&x={}", "x".repeat(64 * 1024))).unwrap_err(),
            Refusal::InvalidRequest("the body is larger than 64 KiB")
        );
    }

    #[test]
    fn sdk_credentials_are_asked_for_by_a_bearer_token() {
        let headers = json!({"headers": {"Authorization": "Bearer e30.e30.c2ln"}});
        let request = parse(&event("GET", "/credentials/member", headers.clone())).unwrap();
        assert_eq!(request.wanted, Some(Wanted::Credentials));
        assert_eq!(request.role.unwrap().as_str(), "member");
        assert!(
            parse(&event("GET", "/credentials", headers))
                .unwrap()
                .role
                .is_none()
        );
        for wrong in ["", "e30.e30.c2ln", "Basic e30="] {
            let headers = json!({"headers": {"authorization": wrong}});
            let refusal = parse(&event("GET", "/credentials", headers)).unwrap_err();
            assert_eq!(refusal, Refusal::NoProof, "{wrong}");
        }
    }

    #[test]
    fn other_paths_and_methods_are_told() {
        assert_eq!(
            parse(&event("GET", "/token", json!({}))).unwrap_err(),
            Refusal::MethodNotAllowed("POST")
        );
        assert_eq!(
            parse(&event("DELETE", "/credentials/x", json!({}))).unwrap_err(),
            Refusal::MethodNotAllowed("GET")
        );
        for path in ["", "/", "/credentials/a/b", "/tokens"] {
            assert_eq!(
                parse(&event("GET", path, json!({}))).unwrap_err(),
                Refusal::NoSuchPath,
                "{path}"
            );
        }
    }

    #[test]
    fn a_named_stage_is_no_part_of_the_path() {
        let mut event = event(
            "GET",
            "/live/credentials",
            json!({"headers": {"authorization": "Bearer x"}}),
        );
        event.request_context.stage = Some("live".to_owned());
        assert!(parse(&event).is_ok());
        event.raw_path = Some("/lively/credentials".to_owned());
        assert_eq!(parse(&event).unwrap_err(), Refusal::NoSuchPath);
    }
}
