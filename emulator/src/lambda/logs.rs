//! What functions write: kept, handed to a sink, and in order with the invocations.
//!
//! stdout and stderr of an environment share one pipe, of which the host keeps a writing end. A
//! marker that the host writes there comes out after everything the function wrote before: that is
//! how an invocation knows its log is complete, without waiting for luck.

use std::{
    collections::VecDeque,
    fs::OpenOptions,
    io::{self, BufRead, BufReader, PipeReader, PipeWriter, Write},
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::sync::watch;

use super::lock;

/// Lines that a host keeps.
const KEPT_LINES: usize = 100_000;
/// Source: Lambda API reference, Invoke, `LogType`: "the last 4 KB of the execution log".
const TAIL_BYTES: usize = 4096;
/// No text log holds a NUL.
const MARKER: &[u8] = b"\0flush:";

/// One line of a function's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The function's name.
    pub function: String,
    /// The line, without its end.
    pub text: String,
}

/// Called with every line as it is written, from a thread that may block.
pub type LogSink = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// A sink that appends `function: line` to a file.
pub fn log_to_file(path: &Path) -> io::Result<LogSink> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    Ok(Arc::new(move |line| {
        // A full disk must not stop a function.
        let _ = (&file).write_all(format!("{}: {}\n", line.function, line.text).as_bytes());
    }))
}

/// The log of all functions.
#[derive(Clone)]
pub(super) struct LogBook {
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    sink: Option<LogSink>,
}

impl LogBook {
    pub(super) fn new(sink: Option<LogSink>) -> Self {
        Self {
            lines: Arc::default(),
            sink,
        }
    }

    pub(super) fn lines(&self) -> Vec<LogLine> {
        lock(&self.lines).iter().cloned().collect()
    }

    fn record(&self, line: LogLine) {
        if let Some(sink) = &self.sink {
            sink(&line);
        }
        let mut lines = lock(&self.lines);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// The log of one environment.
pub(super) struct EnvironmentLog {
    writer: PipeWriter,
    tail: Arc<Mutex<Vec<u8>>>,
    markers: AtomicU64,
    seen: watch::Receiver<u64>,
}

impl EnvironmentLog {
    /// Opens the pipe and starts the thread that reads it until all writers are gone.
    pub(super) fn open(function: &str, book: LogBook) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let tail = Arc::new(Mutex::new(Vec::new()));
        let (seen_by_reader, seen) = watch::channel(0);
        let (function, kept) = (function.to_owned(), tail.clone());
        thread::Builder::new()
            .name(format!("log of {function}"))
            .spawn(move || read(reader, &function, &book, &kept, &seen_by_reader))?;
        Ok(Self {
            writer,
            tail,
            markers: AtomicU64::new(0),
            seen,
        })
    }

    /// A writing end for the process.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        self.writer.try_clone().map(Stdio::from)
    }

    /// The last 4 KB since this was last asked, everything included that was written before now.
    pub(super) async fn take_tail(&self) -> String {
        let marker = self.markers.fetch_add(1, Ordering::Relaxed) + 1;
        let mut line = MARKER.to_vec();
        line.extend_from_slice(format!("{marker}\n").as_bytes());
        if (&self.writer).write_all(&line).is_ok() {
            let mut seen = self.seen.clone();
            let _ = seen.wait_for(|seen| *seen >= marker).await;
        }
        let tail = std::mem::take(&mut *lock(&self.tail));
        String::from_utf8_lossy(&tail).into_owned()
    }
}

fn read(
    pipe: PipeReader,
    function: &str,
    book: &LogBook,
    tail: &Mutex<Vec<u8>>,
    seen: &watch::Sender<u64>,
) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let marker = line
            .windows(MARKER.len())
            .position(|window| window == MARKER);
        let (text, marker) = match marker {
            Some(at) => {
                let (text, marker) = line.split_at(at);
                (text, marker.strip_prefix(MARKER))
            }
            None => (line.as_slice(), None),
        };
        if marker.is_none() || !text.is_empty() {
            let text = String::from_utf8_lossy(text).into_owned();
            keep_tail(&mut lock(tail), &text);
            book.record(LogLine {
                function: function.to_owned(),
                text,
            });
        }
        let number = marker.and_then(|marker| str::from_utf8(marker).ok()?.parse().ok());
        if let Some(number) = number {
            seen.send_replace(number);
        }
    }
}

fn keep_tail(tail: &mut Vec<u8>, line: &str) {
    tail.extend_from_slice(line.as_bytes());
    tail.push(b'\n');
    let surplus = tail.len().saturating_sub(TAIL_BYTES);
    tail.drain(..surplus);
}
