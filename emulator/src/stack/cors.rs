//! CORS as AWS's own endpoints answer it, so that pages in a browser may call them: every origin is
//! welcome, for what binds is a signature or a token, never a cookie.

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What a script may read of an answer.
const EXPOSED: &str = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
/// Seconds for which a browser remembers a preflight, as Cognito says it.
const MAX_AGE: &str = "172800";

/// Answers a preflight; lets every origin read any other answer.
pub(super) async fn cors(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::ORIGIN) {
        return next.run(request).await;
    }
    let wanted = header::ACCESS_CONTROL_REQUEST_HEADERS;
    let wanted = request.headers().get(wanted).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("DELETE,GET,HEAD,POST,PUT"),
        );
        if let Some(wanted) = wanted {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
        let age = HeaderValue::from_static(MAX_AGE);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, age);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let everybody = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
    let exposed = HeaderValue::from_static(EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}
