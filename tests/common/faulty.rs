//! A TCP server between a function and what it depends on, which does what it is told.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the server does with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Passes it on to this address.
    Forward(String),
    /// Passes one request on to this address, and ends the connection with its answer.
    ForwardOne(String),
    /// Takes the request and never answers.
    Hang,
    /// Answers with these bytes.
    Answer(String),
    /// Begins an answer with these bytes, and never ends it.
    Stall(String),
    /// Closes it.
    Close,
}

/// The server; ends with this value.
pub(crate) struct Faulty {
    pub(crate) url: String,
    behaviour: watch::Sender<Behaviour>,
    once: Arc<Mutex<VecDeque<Behaviour>>>,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    opened: Arc<Mutex<Vec<String>>>,
    seen: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

/// What a connection is served with.
#[derive(Clone)]
struct Shared {
    behaves: watch::Receiver<Behaviour>,
    once: Arc<Mutex<VecDeque<Behaviour>>>,
    requests: Arc<AtomicUsize>,
    opened: Arc<Mutex<Vec<String>>>,
    saw: watch::Sender<usize>,
}

impl Faulty {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (behaviour, behaves) = watch::channel(behaviour);
        let (saw, seen) = watch::channel(0);
        let shared = Shared {
            behaves,
            once: Arc::default(),
            requests: Arc::default(),
            opened: Arc::default(),
            saw,
        };
        let connections = Arc::new(AtomicUsize::new(0));
        let (of_each, counter) = (shared.clone(), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(connection, of_each.clone()));
            }
        });
        Self {
            url,
            behaviour,
            once: shared.once,
            requests: shared.requests,
            connections,
            opened: shared.opened,
            seen,
            task,
        }
    }

    /// From the next connection on that brings a request.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send(behaviour).unwrap();
    }

    /// With the next connections, one after another, before what holds otherwise.
    pub(crate) fn once<const N: usize>(&self, behaviours: [Behaviour; N]) {
        self.once.lock().unwrap().extend(behaviours);
    }

    /// Waits until a request has come in.
    pub(crate) async fn asked(&mut self) {
        self.asked_times(1).await;
    }

    /// Waits until so many connections have brought a request.
    pub(crate) async fn asked_times(&mut self, times: usize) {
        self.seen.wait_for(|count| *count >= times).await.unwrap();
    }

    /// Connections so far that brought a request.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What was said on connections that were opened ahead of a request.
    pub(crate) fn opened(&self) -> Vec<String> {
        self.opened.lock().unwrap().clone()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An HTTP answer of a service.
pub(crate) fn http(status: &str, body: &str) -> Behaviour {
    Behaviour::Answer(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

/// A service that refuses everything and keeps what it was asked.
pub(crate) struct Witness {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<(axum::http::HeaderMap, String)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Witness {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keeps = Arc::clone(&heard);
        let keep = move |method: axum::http::Method,
                         headers: axum::http::HeaderMap,
                         body: String| async move {
            // A function that opens its connections ahead asks for nothing.
            if method != axum::http::Method::GET {
                keeps.lock().unwrap().push((headers, body));
            }
            axum::http::StatusCode::BAD_REQUEST
        };
        let router = axum::Router::new().fallback(keep);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, heard, task }
    }

    /// The bodies of the requests so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|(_, body)| body.clone()).collect()
    }

    /// The body of the last request, and one of its headers.
    pub(crate) fn last(&self, header: &str) -> (String, String) {
        let heard = self.heard.lock().unwrap();
        let (headers, body) = heard.last().unwrap();
        (body.clone(), headers[header].to_str().unwrap().to_owned())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut connection: TcpStream, shared: Shared) {
    let mut first = [0; 16 * 1024];
    let read = loop {
        let read = connection.read(&mut first).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        if !first[..read].starts_with(b"GET / HTTP") {
            break read;
        }
        // A function that opens its connections ahead asks for nothing.
        let text = String::from_utf8_lossy(&first[..read]).into_owned();
        shared.opened.lock().unwrap().push(text);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let _ = connection.write_all(answer).await;
    };
    let now = shared.once.lock().unwrap().pop_front();
    let behaviour = now.unwrap_or_else(|| shared.behaves.borrow().clone());
    if behaviour == Behaviour::Close {
        return;
    }
    let requests = shared.requests.fetch_add(1, Ordering::SeqCst) + 1;
    shared.saw.send_replace(requests);
    match behaviour {
        Behaviour::Close => {}
        Behaviour::Hang => std::future::pending::<()>().await,
        Behaviour::Stall(bytes) => {
            let _ = connection.write_all(bytes.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Behaviour::Answer(bytes) => {
            // The client may be gone.
            let _ = connection.write_all(bytes.as_bytes()).await;
            let _ = connection.shutdown().await;
        }
        Behaviour::Forward(address) => {
            let address = address.trim_start_matches("http://");
            let mut upstream = TcpStream::connect(address).await.unwrap();
            upstream.write_all(&first[..read]).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut connection, &mut upstream).await;
        }
        Behaviour::ForwardOne(address) => {
            let address = address.trim_start_matches("http://");
            let mut upstream = TcpStream::connect(address).await.unwrap();
            let line = first[..read].iter().position(|octet| *octet == b'\n');
            let (line, rest) = first[..read].split_at(line.unwrap() + 1);
            let request = [line, b"connection: close\r\n", rest].concat();
            upstream.write_all(&request).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut connection, &mut upstream).await;
        }
    }
}
