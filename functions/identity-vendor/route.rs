//! Which route of the API a request is for.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use crate::{denial::Denial, protocol::Shape};

/// A route. docs/vendor.openapi.yaml describes each, held to it by a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// An RFC 8693 token exchange.
    Token,
    /// Container credentials of the role that the rules choose.
    Credentials,
    /// The same, of a role by its alias.
    RoleCredentials,
    /// A developer-authenticated identity, for the hooks of AWS's mobile and JavaScript SDKs.
    Identity,
    /// A back end vouches, authenticated by IAM.
    Vouch,
    /// Whether the function starts with its rules.
    Health,
}

/// A route, and the role that its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Routed<'e> {
    pub(crate) route: Route,
    pub(crate) role: Option<&'e str>,
}

impl Route {
    pub(crate) const ALL: [Self; 6] = [
        Self::Token,
        Self::Credentials,
        Self::RoleCredentials,
        Self::Identity,
        Self::Vouch,
        Self::Health,
    ];

    /// As the HTTP API's `RouteKey` names it: method and path.
    pub(crate) fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::Token => ("POST", "/token"),
            Self::Credentials => ("GET", "/credentials"),
            Self::RoleCredentials => ("GET", "/credentials/{role}"),
            Self::Identity => ("POST", "/identity"),
            Self::Vouch => ("POST", "/vouch"),
            Self::Health => ("GET", "/health"),
        }
    }

    /// How the errors of this route look.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Token | Self::Vouch => Shape::OAuth,
            Self::Credentials | Self::RoleCredentials | Self::Identity | Self::Health => Shape::Sdk,
        }
    }

    /// The route of `event`.
    ///
    /// An HTTP API says it by `routeKey`, which is the same behind a custom domain, whose mapping may put a prefix
    /// before the path. A function URL, and a route of another API that takes every path, have only the path.
    pub(crate) fn of(event: &ApiGatewayV2httpRequest) -> Result<Routed<'_>, Denial> {
        let method = event.request_context.http.method.as_str();
        let path = pattern(event);
        let mut on_path = Self::ALL.into_iter().filter_map(|route| {
            // Nobody but the HTTP API's authorizer knows who vouches.
            let reachable = route != Self::Vouch || declared(event).is_some();
            let matched = match_path(route.key().1, path)?;
            reachable.then_some((route, matched))
        });
        let (route, in_path) = on_path.next().ok_or(Denial::NoSuchRoute)?;
        let (allowed, _) = route.key();
        if method != allowed {
            return Err(Denial::MethodNotAllowed(allowed));
        }
        let role = match in_path {
            // The key's template, not a path: the value stands beside it.
            Some("{role}") => event.path_parameters.get("role").map(String::as_str),
            other => other,
        };
        Ok(Routed { route, role })
    }

    /// How errors of a request look that may have no route.
    pub(crate) fn shape_of(event: &ApiGatewayV2httpRequest) -> Shape {
        match Self::of(event) {
            Ok(routed) => routed.route.shape(),
            Err(_) if !pattern(event).starts_with("/credentials") => Shape::OAuth,
            Err(_) => Shape::Sdk,
        }
    }
}

/// The path of the route that an HTTP API has matched, if it is one of ours.
fn declared(event: &ApiGatewayV2httpRequest) -> Option<&str> {
    let (_, template) = event.route_key.as_deref()?.split_once(' ')?;
    let ours = |route: &Route| route.key().1 == template;
    Route::ALL.iter().any(ours).then_some(template)
}

/// The matched route's path, else the request's below the stage; `$default` has none in the path.
fn pattern(event: &ApiGatewayV2httpRequest) -> &str {
    if let Some(template) = declared(event) {
        return template;
    }
    let raw = event.raw_path.as_deref().unwrap_or_default();
    let stage = event.request_context.stage.as_deref().unwrap_or_default();
    raw.strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage))
        .filter(|path| !stage.is_empty() && (path.is_empty() || path.starts_with('/')))
        .unwrap_or(raw)
}

/// Whether `path` is of the form of `template`; with what stands where the template has its variable.
fn match_path<'p>(template: &str, path: &'p str) -> Option<Option<&'p str>> {
    let mut variable = None;
    let mut wanted = template.trim_matches('/').split('/');
    let mut given = path.trim_matches('/').split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(variable),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {
                variable = Some(value);
            }
            (Some(name), Some(value)) if name == value => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(method: &str, path: &str, more: Value) -> ApiGatewayV2httpRequest {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "headers": {},
            "requestContext": {"http": {"method": method}, "stage": "$default"},
            "isBase64Encoded": false
        });
        let members = event.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    fn routed(event: &ApiGatewayV2httpRequest) -> Result<(Route, Option<&str>), Denial> {
        Route::of(event).map(|routed| (routed.route, routed.role))
    }

    #[test]
    fn the_route_key_decides_whatever_prefix_a_custom_domain_puts_before_the_path() {
        for (key, path, parameters, expected) in [
            (
                "POST /token",
                "/vendor/token",
                json!({}),
                (Route::Token, None),
            ),
            (
                "GET /credentials/{role}",
                "/vendor/v1/credentials/member",
                json!({"role": "member"}),
                (Route::RoleCredentials, Some("member")),
            ),
            (
                "GET /health",
                "/live/health",
                json!({}),
                (Route::Health, None),
            ),
            ("POST /vouch", "/x/vouch", json!({}), (Route::Vouch, None)),
        ] {
            let (method, _) = key.split_once(' ').unwrap();
            let more = json!({"routeKey": key, "pathParameters": parameters});
            let event = event(method, path, more);
            assert_eq!(routed(&event), Ok(expected), "{key}");
        }
    }

    #[test]
    fn a_function_url_has_the_path_alone_and_nobody_vouches_there() {
        for (method, path, expected) in [
            ("POST", "/token", Ok((Route::Token, None))),
            ("POST", "/token/", Ok((Route::Token, None))),
            ("GET", "/credentials", Ok((Route::Credentials, None))),
            (
                "GET",
                "/credentials/member",
                Ok((Route::RoleCredentials, Some("member"))),
            ),
            ("POST", "/identity", Ok((Route::Identity, None))),
            ("GET", "/health", Ok((Route::Health, None))),
            ("POST", "/vouch", Err(Denial::NoSuchRoute)),
            ("GET", "/token", Err(Denial::MethodNotAllowed("POST"))),
            (
                "OPTIONS",
                "/identity",
                Err(Denial::MethodNotAllowed("POST")),
            ),
            (
                "DELETE",
                "/credentials/x",
                Err(Denial::MethodNotAllowed("GET")),
            ),
            ("GET", "", Err(Denial::NoSuchRoute)),
            ("GET", "/", Err(Denial::NoSuchRoute)),
            ("GET", "/credentials//", Ok((Route::Credentials, None))),
            ("GET", "/credentials/a/b", Err(Denial::NoSuchRoute)),
            ("GET", "/tokens", Err(Denial::NoSuchRoute)),
        ] {
            let event = event(method, path, json!({}));
            assert_eq!(routed(&event), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_route_that_takes_every_path_is_told_by_the_path() {
        let more =
            json!({"routeKey": "ANY /{proxy+}", "pathParameters": {"proxy": "credentials/member"}});
        let event = event("GET", "/credentials/member", more);
        assert_eq!(routed(&event), Ok((Route::RoleCredentials, Some("member"))));
    }

    #[test]
    fn a_named_stage_is_no_part_of_the_path() {
        let mut event = event("GET", "/live/credentials", json!({}));
        event.request_context.stage = Some("live".to_owned());
        assert_eq!(routed(&event), Ok((Route::Credentials, None)));
        event.raw_path = Some("/lively/credentials".to_owned());
        assert_eq!(routed(&event), Err(Denial::NoSuchRoute));
    }
}
