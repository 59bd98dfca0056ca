//! The HTTP API: payload format 2.0 both ways, routes, CORS.

use std::net::SocketAddr;

use emulator::lambda::{
    Cors, FunctionSpec, HostOptions, HttpApiSpec, LambdaHost, RouteSpec, http_api_router,
};
use serde_json::{Value, json};

use crate::lambda_host::{SHORT, greeter, greeter_with_timeout, host, http, options, serve};

fn spec() -> HttpApiSpec {
    let routes = [("POST", "/token"), ("GET", "/credentials/{role}")];
    HttpApiSpec {
        iam: None,
        arn: None,
        routes: routes.map(|(method, path)| route(method, path)).into(),
        cors: None,
    }
}

fn route(method: &str, path: &str) -> RouteSpec {
    RouteSpec {
        method: method.to_owned(),
        path: path.to_owned(),
        function: "greeter".to_owned(),
        by_iam: false,
    }
}

async fn api(function: FunctionSpec) -> SocketAddr {
    serve(http_api_router(host(function), spec())).await
}

async fn api_with_cors() -> SocketAddr {
    let list = |text: &str| vec![text.to_owned()];
    let cors = Cors {
        allow_origins: list("https://app.example.com"),
        allow_methods: vec!["GET".to_owned(), "POST".to_owned()],
        allow_headers: list("authorization"),
        expose_headers: list("retry-after"),
        allow_credentials: true,
        max_age: Some(300),
    };
    let spec = HttpApiSpec {
        cors: Some(cors),
        ..spec()
    };
    serve(http_api_router(host(greeter()), spec)).await
}

/// Makes the function return this.
fn returning(value: Value) -> Vec<u8> {
    json!({ "do": "return", "value": value })
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn a_request_becomes_an_event_in_format_2_0() {
    let address = api(greeter()).await;
    let line = "GET /credentials/a%20b?x=1&y=%2B&x=2";
    let headers = [
        "User-Agent: test/1",
        "Accept: text/html",
        "ACCEPT: application/json",
        "Cookie: a=1; b=2",
        "Cookie: c=3",
    ];
    // Without a command the function returns its event.
    let mut event = http(address, line, &headers, b"").await.json();

    let context = event["requestContext"].as_object_mut().unwrap();
    assert_eq!(
        context.remove("requestId").unwrap().as_str().map(str::len),
        Some(16)
    );
    let time = context.remove("time").unwrap();
    let time = time.as_str().unwrap();
    assert!(time.len() == 26 && time.ends_with(" +0000"), "{time}");
    assert!(context.remove("timeEpoch").unwrap().is_u64());
    let headers = event["headers"].as_object_mut().unwrap();
    assert!(headers.remove("x-amzn-trace-id").is_some());
    let port = address.port().to_string();
    assert_eq!(
        event,
        json!({
            "version": "2.0",
            "routeKey": "GET /credentials/{role}",
            "rawPath": "/credentials/a b",
            "rawQueryString": "x=1&y=%2B&x=2",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "accept": "text/html,application/json",
                "content-length": "0",
                "host": format!("api.test:{port}"),
                "user-agent": "test/1",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": port,
                "x-forwarded-proto": "http",
            },
            "queryStringParameters": { "x": "1,2", "y": "+" },
            "pathParameters": { "role": "a b" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "localapi00",
                "domainName": "api.test",
                "domainPrefix": "api",
                "http": {
                    "method": "GET",
                    "path": "/credentials/a b",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "test/1",
                },
                "routeKey": "GET /credentials/{role}",
                "stage": "$default",
            },
            "isBase64Encoded": false,
        })
    );
}

#[tokio::test]
async fn what_a_request_lacks_is_absent_from_the_event() {
    let address = api(greeter()).await;
    let event = http(address, "POST /token", &[], b"").await.json();
    for absent in ["body", "cookies", "pathParameters", "queryStringParameters"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["rawQueryString"], "");
}

#[tokio::test]
async fn text_goes_in_as_it_is_and_forms_and_bytes_in_base64() {
    let address = api(greeter()).await;
    for (kind, body, encoded, expected) in [
        ("application/json; charset=utf-8", &b"[1]"[..], false, "[1]"),
        ("text/plain", b"a=b", false, "a=b"),
        ("application/x-www-form-urlencoded", b"a=b", true, "YT1i"),
        ("text/plain", b"\xff", true, "/w=="),
    ] {
        let header = format!("content-type: {kind}");
        let event = http(address, "POST /token", &[&header], body).await.json();
        assert_eq!(event["isBase64Encoded"], encoded, "{kind}");
        assert_eq!(event["body"], expected, "{kind}");
    }
}

#[tokio::test]
async fn the_functions_response_is_the_apis() {
    let address = api(greeter()).await;
    let body = returning(json!({
        "statusCode": 201,
        "headers": { "Content-Type": "application/jwk+json", "X-Count": 3 },
        "cookies": ["a=1; Secure", "b=2"],
        "body": "AAE=",
        "isBase64Encoded": true,
    }));
    let reply = http(address, "POST /token", &[], &body).await;
    assert_eq!((reply.status, reply.body.as_slice()), (201, &[0, 1][..]));
    assert_eq!(reply.header("content-type"), Some("application/jwk+json"));
    assert_eq!(reply.header("x-count"), Some("3"));
    assert_eq!(reply.header("apigw-requestid").map(str::len), Some(16));
    let cookies: Vec<&str> = reply
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(cookies, ["a=1; Secure", "b=2"]);
}

#[tokio::test]
async fn without_a_status_code_the_payload_is_a_200_in_json() {
    let address = api(greeter()).await;
    let body = returning(json!({ "token": "t" }));
    let reply = http(address, "POST /token", &[], &body).await;
    assert_eq!((reply.status, reply.text()), (200, r#"{"token":"t"}"#));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn without_a_content_type_a_response_is_plain_text() {
    let address = api(greeter()).await;
    let body = returning(json!({ "statusCode": "403", "body": "no" }));
    let reply = http(address, "POST /token", &[], &body).await;
    assert_eq!((reply.status, reply.text()), (403, "no"));
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn an_unknown_route_is_404() {
    let address = api(greeter()).await;
    for line in ["GET /token", "POST /tokens", "GET /credentials/a/b"] {
        let reply = http(address, line, &[], b"").await;
        assert_eq!(
            (reply.status, reply.text()),
            (404, r#"{"message":"Not Found"}"#),
            "{line}"
        );
    }
}

#[tokio::test]
async fn whatever_goes_wrong_in_the_function_is_500() {
    let address = api(greeter_with_timeout(SHORT)).await;
    for command in [
        json!({ "do": "exit", "code": 1 }),
        json!({ "do": "hang" }),
        json!({ "do": "error", "text": "a secret" }),
        json!({ "do": "return", "value": { "statusCode": "many" } }),
    ] {
        let body = command.to_string().into_bytes();
        let reply = http(address, "POST /token", &[], &body).await;
        let expected = (500, r#"{"message":"Internal Server Error"}"#);
        assert_eq!((reply.status, reply.text()), expected, "{command}");
    }
}

#[tokio::test]
async fn one_request_too_many_is_503() {
    let options = HostOptions {
        concurrency: 1,
        ..options()
    };
    let host = LambdaHost::new(vec![greeter_with_timeout(SHORT)], options);
    let address = serve(http_api_router(host.clone(), spec())).await;
    let hang = br#"{"do":"hang"}"#.to_vec();
    let (_, reply) = tokio::join!(
        host.invoke("greeter", hang),
        http(address, "POST /token", &[], b"")
    );
    assert_eq!(
        (reply.status, reply.text()),
        (503, r#"{"message":"Service Unavailable"}"#)
    );
}

#[tokio::test]
async fn a_preflight_is_answered_without_the_function() {
    let address = api_with_cors().await;
    let headers = [
        "origin: https://app.example.com",
        "access-control-request-method: POST",
    ];
    let reply = http(address, "OPTIONS /token", &headers, b"").await;
    assert_eq!(reply.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example.com"),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-expose-headers", "retry-after"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "300"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_preflight_from_elsewhere_gets_no_cors_header() {
    let address = api_with_cors().await;
    let headers = [
        "origin: https://evil.example",
        "access-control-request-method: POST",
    ];
    let reply = http(address, "OPTIONS /token", &headers, b"").await;
    assert_eq!(reply.status, 204);
    let mut names = reply.headers.iter().map(|(name, _)| name.as_str());
    assert!(!names.any(|name| name.starts_with("access-control-")));
}

#[tokio::test]
async fn the_apis_cors_headers_replace_the_functions() {
    let address = api_with_cors().await;
    let body = returning(json!({
        "statusCode": 200,
        "headers": { "Access-Control-Allow-Origin": "*" },
    }));
    let headers = ["origin: https://app.example.com"];
    let reply = http(address, "POST /token", &headers, &body).await;
    let allowed = reply.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example.com"));
    let reply = http(address, "POST /token", &[], &body).await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}
