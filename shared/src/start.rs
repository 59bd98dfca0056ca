//! The first lines of every function's `main`.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use crate::telemetry;

/// A panic outside any request. What it says is not told: it may quote input.
#[derive(Debug, thiserror::Error)]
#[error("panicked at {0}")]
struct Panicked(String);

/// Runs `serve` on a single-threaded runtime (a Lambda environment serves one request at a time) and
/// turns a start-up error into one log line and a failure code. `main` does not return the error:
/// Rust would print its `Debug`. A panic is such an error too, for telemetry has silenced its message.
pub fn run<F, Fut>(function: &str, serve: F) -> ExitCode
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
{
    telemetry::init();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(serve())
    }));
    match result.unwrap_or_else(|_| Err(Panicked(telemetry::panic_location()).into())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = telemetry::error_chain(error.as_ref());
            tracing::error!(function, cause, "does not start");
            ExitCode::FAILURE
        }
    }
}
