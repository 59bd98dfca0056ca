//! An API Gateway HTTP API in front of functions: routes, CORS, payload format 2.0.
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs";
//! where practice differs from it, AWS's own emulator (aws-lambda-dotnet, LambdaTestTool-v2).

mod authorizer;
mod cors;
mod event;
mod response;
mod routes;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::timeout;

pub use self::cors::Cors;
use self::{event::http_event, response::http_response, routes::match_route};
use super::{InvokeError, LambdaHost, ids, permissions::Source};
use crate::iam::Iam;

/// Source: API Gateway quotas for HTTP APIs, "Maximum integration timeout: 30 seconds".
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// Source: the same table, "Payload size: 10 MB".
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// What template.yaml says of the HTTP API.
#[derive(Clone)]
pub struct HttpApiSpec {
    /// Who judges the callers of routes with IAM's authorizer; without it nobody may call them.
    pub iam: Option<Arc<Iam>>,
    /// `arn:aws:execute-api:<region>:<account>:<api>/<stage>`, in whose name functions are invoked: a
    /// function that does not permit it is not. Without it nothing is asked.
    pub arn: Option<String>,
    /// The routes.
    pub routes: Vec<RouteSpec>,
    /// Answered by the front; the function's own CORS headers are dropped then, as in AWS.
    pub cors: Option<Cors>,
}

/// One route and the function behind it.
#[derive(Clone, Debug)]
pub struct RouteSpec {
    /// A method, `ANY`, or `$default`, which takes what no other route does.
    pub method: String,
    /// `{name}` and a last `{name+}` as in AWS; empty for `$default`.
    pub path: String,
    /// A name or an ARN, qualified or not.
    pub function: String,
    /// Whether the caller must sign by IAM, and be allowed `execute-api:Invoke`.
    pub by_iam: bool,
}

/// The HTTP API at the root of its host, stage `$default`.
pub fn http_api_router(host: LambdaHost, spec: HttpApiSpec) -> Router {
    Router::new()
        .fallback(front)
        .with_state(Arc::new((host, spec)))
}

async fn front(State(api): State<Arc<(LambdaHost, HttpApiSpec)>>, request: Request) -> Response {
    let (host, spec) = &*api;
    let origin = request.headers().get("origin").cloned();
    if let Some(preflight) = spec.cors.as_ref().and_then(|cors| cors.preflight(&request)) {
        return preflight;
    }
    let request_id = api_request_id();
    let mut response = integrate(host, spec, request, &request_id).await;
    if let Some(cors) = &spec.cors {
        cors.apply(origin.as_ref(), response.headers_mut());
    }
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", request_id);
    }
    response
}

async fn integrate(
    host: &LambdaHost,
    spec: &HttpApiSpec,
    request: Request,
    request_id: &str,
) -> Response {
    let path = event::decoded(request.uri().path());
    let Some(route) = match_route(&spec.routes, request.method(), &path) else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let mut event = http_event(&parts, &body, &path, &route, request_id);
    if route.spec.by_iam {
        let Some(identity) = authorizer::admit(spec, &parts, &body, &route) else {
            return message(StatusCode::FORBIDDEN, "Forbidden");
        };
        let context = event.pointer_mut("/requestContext");
        if let Some(context) = context.and_then(serde_json::Value::as_object_mut) {
            context.insert("authorizer".to_owned(), json!({ "iam": identity }));
        }
    }
    if let Some(arn) = &spec.arn {
        let source = Source {
            service: "apigateway.amazonaws.com",
            arn: &format!("{arn}/{}{}", parts.method, route.spec.path),
            account: None,
        };
        if !host.permissions().allow(&route.spec.function, source) {
            return internal_server_error();
        }
    }
    let invocation = host.invoke(&route.spec.function, event.to_string().into_bytes());
    match timeout(INTEGRATION_TIMEOUT, invocation).await {
        Ok(Ok(invocation)) if invocation.function_error.is_none() => {
            http_response(&invocation.payload).unwrap_or_else(internal_server_error)
        }
        Ok(Ok(_failed)) => internal_server_error(),
        Ok(Err(InvokeError::RequestTooLarge)) => {
            message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
        }
        Ok(Err(InvokeError::TooManyRequests)) | Err(_) => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Ok(Err(_)) => internal_server_error(),
    }
}

fn internal_server_error() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "message": text }))).into_response()
}

/// Fifteen characters and an equals sign, as API Gateway makes them.
fn api_request_id() -> String {
    let mut id = ids::random_hex(8);
    id.pop();
    id.push('=');
    id
}
