//! A proxy before AWS that lets a function be killed between any two of its calls.

use std::sync::{Arc, Mutex};

use emulator::stack::Stack;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// On which side of a call the function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The call was not made.
    Before,
    /// The call was made and served, and the function never hears of it.
    After,
}

/// The proxy; ends with this value.
pub(crate) struct Crashing {
    pub(crate) url: String,
    plan: Arc<Mutex<Plan>>,
    reached: watch::Receiver<bool>,
    task: tokio::task::JoinHandle<()>,
}

struct Plan {
    upstream: String,
    calls: usize,
    cut: Option<(usize, Side)>,
    reached: watch::Sender<bool>,
}

impl Crashing {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (reached_sender, reached) = watch::channel(false);
        let plan = Arc::new(Mutex::new(Plan {
            upstream: String::new(),
            calls: 0,
            cut: None,
            reached: reached_sender,
        }));
        let shared = Arc::clone(&plan);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&shared)));
            }
        });
        Self {
            url,
            plan,
            reached,
            task,
        }
    }

    /// Passes on what comes from now on.
    pub(crate) fn before(&self, aws_url: &str) {
        let address = aws_url.trim_start_matches("http://");
        address.clone_into(&mut self.plan.lock().unwrap().upstream);
    }

    /// Counts anew, and holds the call with this number for ever.
    pub(crate) fn cut(&self, cut: Option<(usize, Side)>) {
        let mut plan = self.plan.lock().unwrap();
        plan.calls = 0;
        plan.cut = cut;
        plan.reached.send_replace(false);
    }

    /// Calls since the last cut.
    pub(crate) fn calls(&self) -> usize {
        self.plan.lock().unwrap().calls
    }

    /// Kills `function` at each call that `ask` makes it do, on both sides of it, and asks again. `ask` gets a name that
    /// is new at each crash; what it answers the second time is given to `then`. The number of calls without a crash.
    pub(crate) async fn crash_everywhere<A, Ask, Then>(
        &self,
        stack: &Stack,
        function: &str,
        ask: Ask,
        then: Then,
    ) -> usize
    where
        Ask: AsyncFn(&str) -> A,
        Then: AsyncFn(&str, A),
    {
        let mut calls = 0;
        for side in [Side::Before, Side::After] {
            for call in 1.. {
                let name = format!("{side:?}-{call}");
                self.cut(Some((call, side)));
                let asked = ask(&name);
                tokio::pin!(asked);
                let survived = tokio::select! {
                    _ = &mut asked => true,
                    () = self.reached() => {
                        stack.lambda.kill(&stack.physical_name(function)).await;
                        asked.await;
                        false
                    }
                };
                self.cut(None);
                then(&name, ask(&name).await).await;
                if survived {
                    calls = call - 1;
                    break;
                }
            }
        }
        calls
    }

    /// Waits until that call has come.
    pub(crate) async fn reached(&self) {
        let mut reached = self.reached.clone();
        reached.wait_for(|reached| *reached).await.unwrap();
    }
}

impl Drop for Crashing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Plan {
    /// Whether this call is the one that is held, and on which side.
    fn next(&mut self) -> Option<Side> {
        self.calls += 1;
        let (number, side) = self.cut?;
        (number == self.calls).then_some(side)
    }
}

async fn serve(mut connection: TcpStream, plan: Arc<Mutex<Plan>>) {
    let hold = async |plan: &Mutex<Plan>| {
        plan.lock().unwrap().reached.send_replace(true);
        std::future::pending::<()>().await;
    };
    while let Some(request) = read(&mut connection).await {
        // A function that opens its connections ahead asks for nothing.
        if request.starts_with(b"GET / HTTP") {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            let _ = connection.write_all(answer).await;
            continue;
        }
        let (held, upstream) = {
            let mut plan = plan.lock().unwrap();
            (plan.next(), plan.upstream.clone())
        };
        if held == Some(Side::Before) {
            hold(&plan).await;
        }
        let answer = forward(&upstream, &request).await;
        if held == Some(Side::After) {
            hold(&plan).await;
        }
        // It says that the connection closes.
        let _ = connection.write_all(&answer).await;
        return;
    }
}

/// One request with its body; none at the end of the connection.
async fn read(connection: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = request.windows(4).position(|octets| octets == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |length| length.trim().parse().unwrap());
            if request.len() >= end + 4 + length {
                return Some(request);
            }
        }
        let mut part = [0; 16 * 1024];
        match connection.read(&mut part).await {
            Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}

/// The answer to one request, on a connection of its own.
async fn forward(upstream: &str, request: &[u8]) -> Vec<u8> {
    let mut service = TcpStream::connect(upstream).await.unwrap();
    let line = request.iter().position(|octet| *octet == b'\n').unwrap();
    let (line, rest) = request.split_at(line + 1);
    let request = [line, b"connection: close\r\n", rest].concat();
    service.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).await.unwrap();
    answer
}
