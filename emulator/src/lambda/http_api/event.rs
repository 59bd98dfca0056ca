//! From an HTTP request to an event in payload format 2.0.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{super::ids, routes::Route};

const API_ID: &str = "localapi00";

/// The event. `path` is the decoded one: what `rawPath` holds in practice, against its name.
pub(super) fn http_event(
    parts: &Parts,
    body: &[u8],
    path: &str,
    route: &Route,
    request_id: &str,
) -> Value {
    let headers = &parts.headers;
    let host = text(headers, header::HOST.as_str());
    let domain = host.split(':').next().unwrap_or_default();
    let source_ip = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| "127.0.0.1".to_owned(), |peer| peer.ip().to_string());
    let now = OffsetDateTime::now_utc();
    let query = parts.uri.query().unwrap_or_default();

    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": event_headers(headers, &source_ip, body),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": API_ID,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": source_ip,
                "userAgent": text(headers, header::USER_AGENT.as_str()),
            },
            "requestId": request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": access_log_time(now),
            "timeEpoch": ids::millis(ids::since_epoch()),
        },
        "isBase64Encoded": false,
    });
    if let Some(event) = event.as_object_mut() {
        add_optional(event, parts, body, route);
    }
    event
}

/// What is absent, not empty, in a request without it.
fn add_optional(event: &mut Map<String, Value>, parts: &Parts, body: &[u8], route: &Route) {
    let cookies: Vec<String> = parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value
                .split(';')
                .map(|cookie| cookie.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect();
    if !cookies.is_empty() {
        event.insert("cookies".to_owned(), json!(cookies));
    }

    let mut query = BTreeMap::new();
    let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    for (name, value) in pairs.into_owned() {
        join(&mut query, name, value);
    }
    if !query.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(query));
    }
    if !route.parameters.is_empty() {
        event.insert("pathParameters".to_owned(), json!(route.parameters));
    }
    if body.is_empty() {
        return;
    }
    let as_text = str::from_utf8(body).ok();
    match as_text.filter(|_| is_text(&text(&parts.headers, "content-type"))) {
        Some(body) => event.insert("body".to_owned(), json!(body)),
        None => {
            event.insert("isBase64Encoded".to_owned(), json!(true));
            event.insert("body".to_owned(), json!(BASE64_STANDARD.encode(body)))
        }
    };
}

/// Lower-cased and joined by commas, with what API Gateway adds; cookies have their own field.
fn event_headers(headers: &HeaderMap, source_ip: &str, body: &[u8]) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::new();
    for (name, value) in headers {
        if name != header::COOKIE && name != header::CONNECTION {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            join(&mut joined, name.as_str().to_owned(), value);
        }
    }
    let host = text(headers, header::HOST.as_str());
    let port = host.split_once(':').map_or("80", |(_, port)| port);
    join(
        &mut joined,
        "x-forwarded-for".to_owned(),
        source_ip.to_owned(),
    );
    joined.insert("x-forwarded-port".to_owned(), port.to_owned());
    joined.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    joined.insert("content-length".to_owned(), body.len().to_string());
    joined
        .entry("x-amzn-trace-id".to_owned())
        .or_insert_with(ids::trace_id);
    joined
}

fn join(joined: &mut BTreeMap<String, String>, name: String, value: String) {
    joined
        .entry(name)
        .and_modify(|all| {
            all.push(',');
            all.push_str(&value);
        })
        .or_insert(value);
}

/// Whether a body goes into the event as it is. A form does not: HTTP APIs hand
/// `application/x-www-form-urlencoded` over in base64, a trap for whoever reads `body` directly.
fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.is_empty()
        || essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

/// `12/Mar/2020:19:03:58 +0000`.
fn access_log_time(at: OffsetDateTime) -> String {
    let month = at.month().to_string();
    let month = month.get(..3).unwrap_or_default();
    let (hour, minute, second) = at.to_hms();
    format!(
        "{:02}/{month}/{}:{hour:02}:{minute:02}:{second:02} +0000",
        at.day(),
        at.year()
    )
}

/// Percent-decoded once; what is no escape stays.
pub(super) fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or_else(String::new, |value| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    })
}

#[cfg(test)]
mod tests {

    use super::decoded;

    #[test]
    fn a_path_is_decoded_once_and_what_is_no_escape_stays() {
        for (path, expected) in [
            ("/a%20b", "/a b"),
            ("/a+b", "/a+b"),
            ("/%2541", "/%41"),
            ("/%c3%A9", "/é"),
            ("/%ff", "/\u{fffd}"),
            ("/%", "/%"),
            ("/%4", "/%4"),
            ("/%zz%41", "/%zzA"),
            ("/%+1", "/%+1"),
        ] {
            assert_eq!(decoded(path), expected, "{path}");
        }
    }
}
