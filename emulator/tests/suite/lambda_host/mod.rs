//! The Lambda host against a `bootstrap` that misbehaves on demand (`misbehaving.rs`).

mod environments;
mod failures;
mod http_api;
mod invoke_api;
mod logs;
mod runtime_api;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use emulator::lambda::{FunctionSpec, HostOptions, Invocation, LambdaHost, LogLine};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Long enough that only a hang reaches it.
const NO_LIMIT: Duration = Duration::from_secs(30);
/// For functions that hang.
const SHORT: Duration = Duration::from_millis(300);

/// A function `greeter` that nothing limits.
fn greeter() -> FunctionSpec {
    FunctionSpec {
        name: "greeter".to_owned(),
        binary: env!("CARGO_BIN_EXE_misbehaving-function").into(),
        environment: BTreeMap::new(),
        timeout: NO_LIMIT,
        memory_mb: 128,
        alias: None,
    }
}

fn greeter_that_on_init(does: &str) -> FunctionSpec {
    let environment = BTreeMap::from([("ON_INIT".to_owned(), does.to_owned())]);
    FunctionSpec {
        environment,
        ..greeter()
    }
}

fn greeter_with_timeout(timeout: Duration) -> FunctionSpec {
    FunctionSpec {
        timeout,
        ..greeter()
    }
}

fn options() -> HostOptions {
    HostOptions {
        init_limit: NO_LIMIT,
        ..HostOptions::default()
    }
}

fn host(spec: FunctionSpec) -> LambdaHost {
    LambdaHost::new(vec![spec], options())
}

/// A host, and its log lines as they come.
fn watched_host(spec: FunctionSpec) -> (LambdaHost, mpsc::UnboundedReceiver<String>) {
    let (sender, lines) = mpsc::unbounded_channel();
    let sink = move |line: &LogLine| {
        let _ = sender.send(line.text.clone());
    };
    let options = HostOptions {
        log_sink: Some(Arc::new(sink)),
        ..options()
    };
    (LambdaHost::new(vec![spec], options), lines)
}

async fn wait_for(lines: &mut mpsc::UnboundedReceiver<String>, wanted: &str) {
    while lines.recv().await.expect("the host is there") != wanted {}
}

async fn invoke(host: &LambdaHost, event: Value) -> Invocation {
    let payload = event.to_string().into_bytes();
    host.invoke("greeter", payload).await.expect("an answer")
}

/// What a successful invocation returned.
async fn answer(host: &LambdaHost, event: Value) -> Value {
    let invocation = invoke(host, event).await;
    assert_eq!(invocation.function_error, None);
    serde_json::from_slice(&invocation.payload).unwrap()
}

/// Error type and message of one that failed; the request id replaced by `<id>`.
async fn failure(host: &LambdaHost, event: Value) -> (String, String) {
    let invocation = invoke(host, event).await;
    assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"));
    let error: Value = serde_json::from_slice(&invocation.payload).unwrap();
    let text = |key: &str| {
        let text = error[key].as_str().expect("a string");
        text.replace(&invocation.request_id, "<id>")
    };
    (text("errorType"), text("errorMessage"))
}

async fn process_id(host: &LambdaHost) -> u64 {
    answer(host, json!({ "do": "process id" }))
        .await
        .as_u64()
        .unwrap()
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, wanted: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One request exactly as written, `host` and `content-length` aside.
async fn http(address: SocketAddr, line: &str, headers: &[&str], body: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nhost: api.test:{}\r\n", address.port());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str(&format!(
        "connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    ));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();

    let end = reply
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = str::from_utf8(&reply[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Reply {
        status: status.parse().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: reply[end + 4..].to_vec(),
    }
}
