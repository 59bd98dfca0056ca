//! CORS as an HTTP API answers it: the preflight never reaches the function.
//! Source: API Gateway developer guide, "Configure CORS for HTTP APIs in API Gateway".

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};

/// `CorsConfiguration` of an `AWS::Serverless::HttpApi`.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// Origins, or `*`, `http://*`, `https://*`.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// Whether browsers send cookies.
    pub allow_credentials: bool,
    /// Seconds that a preflight's answer holds.
    pub max_age: Option<u32>,
}

impl Cors {
    /// The answer to a preflight, when the request is one.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        let origin = headers.get("origin")?;
        headers.get("access-control-request-method")?;
        if request.method() != Method::OPTIONS {
            return None;
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        let answer = response.headers_mut();
        self.apply(Some(origin), answer);
        if !answer.contains_key("access-control-allow-origin") {
            return Some(response);
        }
        set_list(answer, "access-control-allow-methods", &self.allow_methods);
        set_list(answer, "access-control-allow-headers", &self.allow_headers);
        if let Some(seconds) = self.max_age {
            answer.insert("access-control-max-age", HeaderValue::from(seconds));
        }
        Some(response)
    }

    /// Puts the API's CORS headers in the place of the function's.
    pub(super) fn apply(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let own: Vec<HeaderName> = headers
            .keys()
            .filter(|name| name.as_str().starts_with("access-control-"))
            .cloned()
            .collect();
        for name in own {
            headers.remove(name);
        }
        let Some(allowed) = origin.and_then(|origin| self.allowed(origin)) else {
            return;
        };
        headers.insert("access-control-allow-origin", allowed);
        if self.allow_credentials {
            let yes = HeaderValue::from_static("true");
            headers.insert("access-control-allow-credentials", yes);
        }
        set_list(
            headers,
            "access-control-expose-headers",
            &self.expose_headers,
        );
    }

    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.allow_origins.iter().any(|allowed| allowed == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        let text = origin.to_str().ok()?;
        let fits = |allowed: &String| match allowed.strip_suffix("://*") {
            Some(scheme) => text.split_once("://").is_some_and(|(s, _)| s == scheme),
            None => allowed == text,
        };
        self.allow_origins.iter().any(fits).then(|| origin.clone())
    }
}

fn set_list(headers: &mut HeaderMap, name: &'static str, values: &[String]) {
    if values.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(values.join(",")) {
        headers.insert(name, value);
    }
}
