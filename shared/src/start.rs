//! The first lines of every function's `main`.

use std::{error::Error, process::ExitCode};

use crate::telemetry;

/// Runs `serve` on a single-threaded runtime (a Lambda environment serves one request at a time) and
/// turns a start-up error into one log line and a failure code. `main` does not return the error:
/// Rust would print its `Debug`.
pub fn run<F, Fut>(function: &str, serve: F) -> ExitCode
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
{
    telemetry::init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(serve()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = telemetry::error_chain(error.as_ref());
            tracing::error!(function, cause, "does not start");
            ExitCode::FAILURE
        }
    }
}
