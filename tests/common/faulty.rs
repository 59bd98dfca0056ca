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
    seen: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Faulty {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (behaviour, behaves) = watch::channel(behaviour);
        let once = Arc::new(Mutex::new(VecDeque::new()));
        let takes = Arc::clone(&once);
        let (saw, seen) = watch::channel(0);
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let now = takes.lock().unwrap().pop_front();
                let now = now.unwrap_or_else(|| behaves.borrow().clone());
                let (counter, saw) = (Arc::clone(&counter), saw.clone());
                tokio::spawn(async move {
                    serve(connection, now, &counter, &saw).await;
                });
            }
        });
        Self {
            url,
            behaviour,
            once,
            requests,
            seen,
            task,
        }
    }

    /// From the next connection on.
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
    heard: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Witness {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keeps = Arc::clone(&heard);
        let router = axum::Router::new().fallback(move |body: String| async move {
            keeps.lock().unwrap().push(body);
            axum::http::StatusCode::BAD_REQUEST
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, heard, task }
    }

    /// The bodies of the requests so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut connection: TcpStream,
    behaviour: Behaviour,
    counter: &AtomicUsize,
    saw: &watch::Sender<usize>,
) {
    let mut first = [0; 16 * 1024];
    let read = match behaviour {
        Behaviour::Close => return,
        _ => connection.read(&mut first).await.unwrap_or(0),
    };
    if read == 0 {
        return;
    }
    saw.send_replace(counter.fetch_add(1, Ordering::SeqCst) + 1);
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
