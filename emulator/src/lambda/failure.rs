//! What AWS answers when a function fails, and the words it uses.

use std::{os::unix::process::ExitStatusExt, path::PathBuf, process::ExitStatus, time::Duration};

use serde_json::json;

use super::MAX_RESPONSE_BYTES;

/// Why there is no answer of the function.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The runtime said so itself, by `/error` or `init/error`: its words go out unchanged.
    Reported(Vec<u8>),
    /// The process is gone.
    Exited(Option<ExitStatus>),
    /// The function, or its second start, took longer than its time-out.
    TimedOut(Duration),
    /// The response has this many bytes.
    ResponseTooLarge(usize),
    /// The binary does not start.
    InvalidEntrypoint(PathBuf),
}

impl Failure {
    /// The error object, as `Invoke` returns it beside `X-Amz-Function-Error: Unhandled`.
    pub(super) fn body(&self, request_id: &str) -> Vec<u8> {
        let (kind, message) = match self {
            Self::Reported(body) => return body.clone(),
            Self::Exited(status) => (
                "Runtime.ExitError",
                format!("RequestId: {request_id} Error: {}", exit_reason(*status)),
            ),
            Self::TimedOut(limit) => (
                "Sandbox.Timedout",
                format!(
                    "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
                    limit.as_secs_f64()
                ),
            ),
            Self::ResponseTooLarge(size) => (
                "Function.ResponseSizeTooLarge",
                format!(
                    "Response payload size ({size} bytes) exceeded maximum allowed payload size \
                     ({MAX_RESPONSE_BYTES} bytes)."
                ),
            ),
            Self::InvalidEntrypoint(binary) => (
                "Runtime.InvalidEntrypoint",
                format!(
                    "RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [{}]",
                    binary.display()
                ),
            ),
        };
        json!({ "errorType": kind, "errorMessage": message })
            .to_string()
            .into_bytes()
    }
}

/// Lambda's supervisor is a Go program: these are Go's words for a process state.
fn exit_reason(status: Option<ExitStatus>) -> String {
    let code = status.and_then(|status| status.code());
    let signal = status.and_then(|status| status.signal());
    match (code, signal) {
        (Some(code), _) if code != 0 => format!("Runtime exited with error: exit status {code}"),
        (_, Some(signal)) => {
            let core = status.is_some_and(|status| status.core_dumped());
            let core = if core { " (core dumped)" } else { "" };
            format!(
                "Runtime exited with error: signal: {}{core}",
                signal_name(signal)
            )
        }
        _ => "Runtime exited without providing a reason".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}
