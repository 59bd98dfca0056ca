//! From what a function returned to an HTTP response.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Format2 {
    status_code: Value,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The response, or nothing for what API Gateway answers with 500. Without a `statusCode` the whole
/// payload is the body of a 200, JSON or not.
pub(super) fn http_response(payload: &[u8]) -> Option<Response> {
    let parsed: Option<Value> = serde_json::from_slice(payload).ok();
    let Some(parsed) = parsed.filter(|parsed| parsed.get("statusCode").is_some()) else {
        return Some(([(CONTENT_TYPE, "application/json")], payload.to_vec()).into_response());
    };
    let format: Format2 = serde_json::from_value(parsed).ok()?;
    let body = format.body.unwrap_or_default();
    let body = if format.is_base64_encoded.unwrap_or(false) {
        BASE64_STANDARD.decode(body).ok()?
    } else {
        body.into_bytes()
    };

    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status(&format.status_code)?;
    let headers = response.headers_mut();
    for (name, value) in format.headers.unwrap_or_default() {
        let name = HeaderName::try_from(name).ok()?;
        headers.insert(name, header_value(&value)?);
    }
    for cookie in format.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    // The front's own connection: these are not the function's to say.
    for name in ["connection", "content-length", "transfer-encoding"] {
        headers.remove(name);
    }
    Some(response)
}

/// A number, or a number in a string.
fn status(value: &Value) -> Option<StatusCode> {
    let code = match value {
        Value::String(code) => code.parse().ok()?,
        code => code.as_u64()?,
    };
    StatusCode::from_u16(u16::try_from(code).ok()?)
        .ok()
        .filter(|code| code.as_u16() >= 200 && code.as_u16() < 600)
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::StatusCode};
    use serde_json::json;

    use super::http_response;

    #[test]
    fn what_is_no_response_is_none() {
        for payload in [
            json!({ "statusCode": "many" }),
            json!({ "statusCode": 42 }),
            json!({ "statusCode": 200, "headers": ["a"] }),
            json!({ "statusCode": 200, "body": { "a": 1 } }),
            json!({ "statusCode": 200, "isBase64Encoded": true, "body": "*" }),
        ] {
            assert!(
                http_response(payload.to_string().as_bytes()).is_none(),
                "{payload}"
            );
        }
    }

    #[tokio::test]
    async fn without_a_status_code_the_payload_is_the_body() {
        for payload in [r#"{"a":1}"#, r#""hello""#, "no json"] {
            let response = http_response(payload.as_bytes()).unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["content-type"], "application/json");
            let body = to_bytes(response.into_body(), 1024).await.unwrap();
            assert_eq!(body, payload);
        }
    }
}
