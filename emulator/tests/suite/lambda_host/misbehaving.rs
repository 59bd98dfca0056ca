//! A `bootstrap` for the tests of the Lambda host: it does what the event says, good or bad.
//! Speaks the Runtime API over plain sockets, so that it can break its rules too.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout
)]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process, thread,
};

use serde_json::{Map, Value, json};

const RUNTIME: &str = "/2018-06-01/runtime";

fn main() {
    match env::var("ON_INIT").as_deref() {
        Ok("exit") => {
            eprintln!("no configuration");
            process::exit(3);
        }
        Ok("hang") => hang(),
        Ok("error") => {
            let error = json!({ "errorType": "Init.Bad", "errorMessage": "no policy" });
            call("POST", &format!("{RUNTIME}/init/error"), &error.to_string());
            hang();
        }
        _ => println!("started"),
    }
    loop {
        let (_, headers, event) = call("GET", &format!("{RUNTIME}/invocation/next"), "");
        let id = headers["lambda-runtime-aws-request-id"].as_str();
        let id = id.expect("an id").to_owned();
        let event: Value = serde_json::from_str(&event).expect("events are JSON");
        let answer = format!("{RUNTIME}/invocation/{id}/response");
        // Behind the HTTP API the command is in the body.
        let command = event["body"]
            .as_str()
            .and_then(|body| serde_json::from_str(body).ok());
        let command: &Value = command.as_ref().unwrap_or(&event);
        for number in 0..command["lines"].as_u64().unwrap_or(0) {
            println!("line {number}");
        }
        let body = match command["do"].as_str() {
            None => event.to_string(),
            Some("exit") => process::exit(
                command["code"]
                    .as_i64()
                    .map_or(0, |code| i32::try_from(code).expect("an exit code")),
            ),
            Some("abort") => process::abort(),
            Some("hang") => hang(),
            Some("headers") => Value::Object(headers).to_string(),
            Some("environment") => json!(env::vars().collect::<Vec<_>>()).to_string(),
            Some("process id") => process::id().to_string(),
            Some("large") => {
                let size = command["bytes"]
                    .as_u64()
                    .and_then(|size| usize::try_from(size).ok());
                format!("\"{}\"", "x".repeat(size.expect("bytes") - 2))
            }
            Some("return") => command["value"].to_string(),
            Some("print") => {
                println!("out {}", command["text"]);
                eprint!("err {}", command["text"]);
                "null".to_owned()
            }
            Some("error") => {
                let error = json!({ "errorType": "Refused", "errorMessage": command["text"] });
                let answer = format!("{RUNTIME}/invocation/{id}/error");
                call("POST", &answer, &error.to_string());
                continue;
            }
            Some("probe") => {
                let probes = [
                    call("POST", &format!("{RUNTIME}/invocation/other/response"), "1"),
                    call("POST", &format!("{RUNTIME}/init/error"), "{}"),
                    call("GET", &format!("{RUNTIME}/invocation/next"), ""),
                    call("GET", &format!("{RUNTIME}/other"), ""),
                ];
                let parsed = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
                json!(probes.map(|(status, _, body)| (status, parsed(&body)))).to_string()
            }
            Some(other) => unreachable!("unknown command {other}"),
        };
        let (status, _, text) = call("POST", &answer, &body);
        if command["tell"] == true {
            println!("answered: {status} {text}");
        }
        if command["twice"] == true {
            let (status, _, _) = call("POST", &answer, "2");
            println!("answered again: {status}");
        }
    }
}

fn hang() -> ! {
    println!("hanging");
    loop {
        thread::park();
    }
}

/// One request on a connection of its own: status, headers, body.
fn call(method: &str, path: &str, body: &str) -> (u16, Map<String, Value>, String) {
    let address = env::var("AWS_LAMBDA_RUNTIME_API").expect("a Runtime API");
    let mut stream = TcpStream::connect(&address).expect("the Runtime API listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let mut headers = Map::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_owned(), json!(value));
    }
    let mut body = String::new();
    reader.read_to_string(&mut body).expect("a body");
    (status.expect("a status"), headers, body)
}
