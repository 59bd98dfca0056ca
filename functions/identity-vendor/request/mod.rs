//! What a client asks for, parsed from an HTTP event: an RFC 8693 token exchange, or what SDKs ask for.

mod body;
mod form;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hostile;
mod vouch;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use secrecy::SecretString;
use shared::policy::Name;

use self::form::Form;
use crate::{
    authenticate::Proof,
    denial::Denial,
    protocol::{AWS_CREDENTIALS, JWT, JWT_TYPES, TOKEN_EXCHANGE},
    route::{Route, Routed},
};

/// What a client asks.
#[derive(Debug)]
pub(crate) enum Asked {
    /// For a token or credentials.
    Vend(Request),
    /// Whether the function is there.
    Health,
}

/// A request that can be decided.
#[derive(Debug)]
pub(crate) struct Request {
    /// The caller's proof of identity.
    pub(crate) proof: Proof,
    /// A guest's own Cognito token, beside the proof.
    pub(crate) guest_token: Option<SecretString>,
    /// The role that was asked for.
    pub(crate) role: Option<Name>,
    /// What was asked for; `None` leaves it to the role.
    pub(crate) requested_token_type: Option<Wanted>,
}

/// What a client wants to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A Cognito OpenID token.
    Token,
    /// AWS credentials.
    Credentials,
}

/// Reads the request.
pub(crate) fn parse(event: &ApiGatewayV2httpRequest) -> Result<Asked, Denial> {
    let Routed { route, role } = Route::of(event)?;
    let request = match route {
        Route::Token => token_exchange(event),
        Route::Credentials | Route::RoleCredentials => {
            bearer(event, Wanted::Credentials, role.map(role_name))
        }
        Route::Identity => bearer(event, Wanted::Token, None),
        Route::Vouch => vouch::parse(event),
        Route::Health => return Ok(Asked::Health),
    };
    request.map(Asked::Vend)
}

/// A request with the proof as a bearer token (RFC 6750, section 2.1), which SDKs send from
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN` as it stands there. A body is not read: what it says of a role or of an
/// identity is nobody's word.
fn bearer(
    event: &ApiGatewayV2httpRequest,
    wanted: Wanted,
    role: Option<Result<Name, Denial>>,
) -> Result<Request, Denial> {
    let header = event.headers.get("authorization");
    let text = header
        .and_then(|value| value.to_str().ok())
        .ok_or(Denial::NoProof)?;
    let (scheme, token) = text.trim().split_once(' ').ok_or(Denial::NoProof)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denial::NoProof);
    }
    // API Gateway joins repeated headers by commas, which no bearer token has (RFC 6750, section 2.1).
    if token.contains(',') {
        return Err(Denial::InvalidRequest("Authorization is repeated"));
    }
    Ok(Request {
        proof: Proof::Jwt(SecretString::from(token.trim())),
        guest_token: None,
        role: role.transpose()?,
        requested_token_type: Some(wanted),
    })
}

/// `POST /token`, RFC 8693, section 2.1.
fn token_exchange(event: &ApiGatewayV2httpRequest) -> Result<Request, Denial> {
    let form = Form::parse(event)?;
    match form.one("grant_type")? {
        Some(TOKEN_EXCHANGE) => {}
        Some(_) => return Err(Denial::UnsupportedGrantType),
        None => return Err(Denial::InvalidRequest("grant_type is missing")),
    }
    match form.one("subject_token_type")? {
        Some(kind) if JWT_TYPES.contains(&kind) => {}
        Some(_) => {
            let text = "this subject_token_type is not supported";
            return Err(Denial::InvalidRequest(text));
        }
        None => return Err(Denial::InvalidRequest("subject_token_type is missing")),
    }
    let subject_token = form.one("subject_token")?;
    let subject_token = subject_token.ok_or(Denial::InvalidRequest("subject_token is missing"))?;
    let requested_token_type = match form.one("requested_token_type")? {
        None => None,
        Some(JWT) => Some(Wanted::Token),
        Some(AWS_CREDENTIALS) => Some(Wanted::Credentials),
        Some(_) => {
            let text = "this requested_token_type is not supported";
            return Err(Denial::InvalidRequest(text));
        }
    };
    if form.one("actor_token")?.is_some() {
        return Err(Denial::InvalidRequest("actor_token is not supported"));
    }
    if form.one("scope")?.is_some() {
        return Err(Denial::InvalidScope);
    }
    if !form.all("resource").is_empty() {
        let text = "name the role by audience, not by resource";
        return Err(Denial::InvalidTarget(text));
    }
    let role = match form.distinct("audience").as_slice() {
        [] => None,
        [role] => Some(role_name(role)?),
        // Legal by RFC 8693, section 2.1; but a session has one role.
        _ => return Err(Denial::InvalidTarget("name one role by audience")),
    };
    Ok(Request {
        proof: Proof::Jwt(SecretString::from(subject_token)),
        guest_token: form.one("guest_token")?.map(SecretString::from),
        role,
        requested_token_type,
    })
}

fn role_name(text: &str) -> Result<Name, Denial> {
    Name::try_from(text.to_owned()).map_err(|_| Denial::NoRole)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
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

    fn post(body: &str) -> Result<Request, Denial> {
        read(&event("POST", "/token", json!({"body": body})))
    }

    fn read(event: &ApiGatewayV2httpRequest) -> Result<Request, Denial> {
        match parse(event)? {
            Asked::Vend(request) => Ok(request),
            Asked::Health => panic!("expected a request for something"),
        }
    }

    #[test]
    fn a_token_exchange_is_read() {
        let request = post(GOOD).unwrap();
        let Proof::Jwt(token) = &request.proof else {
            panic!("expected a JWT");
        };
        assert_eq!(token.expose_secret(), "e30.e30.c2ln");
        assert_eq!(request.role.unwrap().as_str(), "member");
        assert_eq!(request.requested_token_type, None);
    }

    #[test]
    fn a_base64_body_is_the_same_request() {
        let body = STANDARD.encode(GOOD);
        let event = event(
            "POST",
            "/token",
            json!({"body": body, "isBase64Encoded": true}),
        );
        assert!(read(&event).is_ok());
    }

    #[test]
    fn each_fault_of_a_token_exchange_has_its_own_word() {
        let bent = |from: &str, to: &str| post(&GOOD.replace(from, to)).unwrap_err();
        assert_eq!(bent("grant-type", "x"), Denial::UnsupportedGrantType);
        assert_eq!(
            bent("&subject_token=e30.e30.c2ln", ""),
            Denial::InvalidRequest("subject_token is missing")
        );
        assert_eq!(
            bent("token-type%3Ajwt", "saml2"),
            Denial::InvalidRequest("this subject_token_type is not supported")
        );
        assert_eq!(
            bent("audience=member", "audience=member&grant_type=x"),
            Denial::InvalidRequest("a parameter is repeated")
        );
        assert_eq!(bent("audience=member", "scope=all"), Denial::InvalidScope);
        assert_eq!(bent("audience=member", "audience=../x"), Denial::NoRole);
        assert_eq!(
            bent("audience=member", "requested_token_type=x"),
            Denial::InvalidRequest("this requested_token_type is not supported")
        );
        assert_eq!(
            post("").unwrap_err(),
            Denial::InvalidRequest("grant_type is missing")
        );
    }

    #[test]
    fn several_targets_are_legal_and_not_served() {
        for targets in [
            "&audience=publisher",
            "&audience=publisher&audience=member",
            "&resource=https%3A%2F%2Fa.example",
            "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example",
        ] {
            let refused = post(&format!("{GOOD}{targets}")).unwrap_err();
            assert!(matches!(refused, Denial::InvalidTarget(_)), "{targets}");
        }
    }

    #[test]
    fn a_body_is_measured_as_it_was_sent_not_as_it_is_encoded() {
        let sized = |size: usize| {
            let filler = "x".repeat(size - GOOD.len() - "&x=".len());
            STANDARD.encode(format!("{GOOD}&x={filler}"))
        };
        let parsed = |body: String| {
            let more = json!({"body": body, "isBase64Encoded": true});
            read(&event("POST", "/token", more))
        };
        assert!(parsed(sized(64 * 1024)).is_ok());
        assert_eq!(
            parsed(sized(64 * 1024 + 1)).unwrap_err(),
            Denial::InvalidRequest("the body is larger than 64 KiB")
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_left_out() {
        let empty = "&requested_token_type=&resource=&scope=&actor_token=";
        let request = post(&format!("{}{empty}", GOOD.replace("=member", "="))).unwrap();
        assert_eq!((request.role, request.requested_token_type), (None, None));
        assert_eq!(
            post("grant_type=").unwrap_err(),
            Denial::InvalidRequest("grant_type is missing")
        );
    }

    #[test]
    fn what_would_change_who_is_meant_or_costs_too_much_is_refused() {
        assert_eq!(
            post(&format!("{GOOD}&actor_token=e30.e30.c2ln")).unwrap_err(),
            Denial::InvalidRequest("actor_token is not supported")
        );
        assert_eq!(
            post(&format!("{GOOD}&x={}", "x".repeat(64 * 1024))).unwrap_err(),
            Denial::InvalidRequest("the body is larger than 64 KiB")
        );
    }

    #[test]
    fn sdk_credentials_are_asked_for_by_a_bearer_token() {
        let headers = json!({"headers": {"Authorization": "Bearer e30.e30.c2ln"}});
        let request = read(&event("GET", "/credentials/member", headers.clone())).unwrap();
        assert_eq!(request.requested_token_type, Some(Wanted::Credentials));
        assert_eq!(request.role.unwrap().as_str(), "member");
        assert!(
            read(&event("GET", "/credentials", headers))
                .unwrap()
                .role
                .is_none()
        );
        for wrong in ["", "e30.e30.c2ln", "Basic e30="] {
            let headers = json!({"headers": {"authorization": wrong}});
            let refusal = read(&event("GET", "/credentials", headers)).unwrap_err();
            assert_eq!(refusal, Denial::NoProof, "{wrong}");
        }
    }

    #[test]
    fn a_repeated_authorization_is_refused_and_a_body_of_a_get_is_not_read() {
        let headers =
            json!({"headers": {"authorization": "Bearer e30.e30.c2ln,Bearer e30.e30.c2ln"}});
        assert_eq!(
            read(&event("GET", "/credentials", headers)).unwrap_err(),
            Denial::InvalidRequest("Authorization is repeated")
        );
        let with_body = json!({
            "headers": {"authorization": "Bearer e30.e30.c2ln"},
            "body": r#"{"IdentityId":"us-east-1:x","role":"publisher"}"#,
        });
        for (method, path) in [("GET", "/credentials"), ("POST", "/identity")] {
            let request = read(&event(method, path, with_body.clone())).unwrap();
            assert!(
                matches!(&request.proof, Proof::Jwt(token) if token.expose_secret() == "e30.e30.c2ln")
            );
            assert!(request.role.is_none(), "{path}");
        }
    }

    #[test]
    fn a_form_of_ten_thousand_parameters_is_refused_and_a_hundred_are_read() {
        let more = |count: usize| "&x=1".repeat(count);
        assert!(post(&format!("{GOOD}{}", more(96))).is_ok());
        for count in [97, 10_000] {
            assert_eq!(
                post(&format!("{GOOD}{}", more(count))).unwrap_err(),
                Denial::InvalidRequest("the form has more than 100 parameters"),
                "{count}"
            );
        }
    }

    #[test]
    fn an_audience_that_is_repeated_is_one_audience() {
        let request = post(&format!("{GOOD}&audience=member&audience=member")).unwrap();
        assert_eq!(request.role.unwrap().as_str(), "member");
    }
}
