//! A vendor that answers what a test says, in turn, and remembers what it was asked.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

/// A server at a port of this machine, until the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// An answer: the status line's end and more header lines, and the body.
pub(crate) type Scripted = (&'static str, String);

impl Server {
    /// Answers these, and the last of them for ever.
    pub(crate) fn start(answers: Vec<Scripted>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        thread::spawn(move || {
            for (number, connection) in listener.incoming().enumerate() {
                let mut connection = connection.unwrap();
                heard.lock().unwrap().push(request(&mut connection));
                let (status, body) = answers.get(number).or(answers.last()).unwrap();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                // Whoever has gone does not read it.
                let _ = connection.write_all(answer.as_bytes());
            }
        });
        Self { url, asked }
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Head and body.
fn request(connection: &mut std::net::TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = connection.read(&mut chunk).unwrap();
        text.extend(&chunk[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let lower = whole.to_ascii_lowercase();
        let head = whole.find("\r\n\r\n");
        let length = lower.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        let ends = head.map_or(usize::MAX, |head| head + 4 + length.unwrap_or(0));
        if read == 0 || text.len() >= ends {
            return whole;
        }
    }
}
