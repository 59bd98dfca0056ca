//! A function's start: log, environment, policy, and then the invocation loop.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use crate::{
    deadline::ColdStart,
    invocation::{self, Handler},
    policy::{PolicyFile, Rules},
    telemetry::{self, LogKey, Telemetry},
    wiring::Wiring,
};

/// Why a function does not start.
pub type StartError = Box<dyn Error + Send + Sync>;

/// A panic outside any request. What it says is not told: it may quote input.
#[derive(Debug, thiserror::Error)]
#[error("panicked at {0}")]
struct Panicked(String);

/// The whole of a `main`: reads the log key and the policy's section `S`, builds the handler, serves it.
///
/// `build` reads the function's own variables from the wiring that it is given, and calls
/// [`Wiring::finish`], so that the errors of all variables are reported together.
pub fn function<S, H, F, Fut>(build: F) -> ExitCode
where
    S: Rules,
    H: Handler,
    F: FnOnce(S, Wiring<'static>) -> Fut,
    Fut: Future<Output = Result<H, StartError>>,
{
    let cold_start = ColdStart::begin();
    run(H::FUNCTION, || async {
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let handler = prepare(build, wiring).await?;
        // Said already, by a function that has variables of its own.
        let log_key = log_key.ok_or("LOG_KEY is not usable")?;
        invocation::serve(handler, Telemetry::new(log_key), cold_start).await
    })
}

/// [`function`], for one that no section of the policy is about.
pub fn function_without_rules<H, F, Fut>(build: F) -> ExitCode
where
    H: Handler,
    F: FnOnce(Wiring<'static>) -> Fut,
    Fut: Future<Output = Result<H, StartError>>,
{
    let cold_start = ColdStart::begin();
    run(H::FUNCTION, || async {
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let handler = build(wiring).await?;
        // Said already, by a function that has variables of its own.
        let log_key = log_key.ok_or("LOG_KEY is not usable")?;
        invocation::serve(handler, Telemetry::new(log_key), cold_start).await
    })
}

/// [`function`], for one that must answer whatever is wrong with its environment or policy: `otherwise`
/// stands in then, made of what the environment does have. A log key that is missing or wrong does not keep it from its work: one of this process
/// alone stands in. Each cause is logged once.
pub fn function_or_else<S, H, F, Fut, G, Gut>(build: F, otherwise: G) -> ExitCode
where
    S: Rules,
    H: Handler,
    F: FnOnce(S, Wiring<'static>) -> Fut,
    Fut: Future<Output = Result<H, StartError>>,
    G: FnOnce(Wiring<'static>) -> Gut,
    Gut: Future<Output = H>,
{
    let cold_start = ColdStart::begin();
    run(H::FUNCTION, || async {
        let lacks = |error: &(dyn Error + 'static)| {
            let (function, cause) = (H::FUNCTION, telemetry::error_chain(error));
            tracing::error!(function, cause, "starts without what it needs");
        };
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let log_key = match wiring.finish(log_key) {
            Ok(log_key) => log_key,
            Err(errors) => {
                lacks(&errors);
                LogKey::ephemeral()?
            }
        };
        let handler = match prepare(build, Wiring::from_env()).await {
            Ok(handler) => handler,
            Err(error) => {
                lacks(error.as_ref());
                otherwise(Wiring::from_env()).await
            }
        };
        invocation::serve(handler, Telemetry::new(log_key), cold_start).await
    })
}

async fn prepare<S, H, F, Fut>(build: F, wiring: Wiring<'static>) -> Result<H, StartError>
where
    S: Rules,
    F: FnOnce(S, Wiring<'static>) -> Fut,
    Fut: Future<Output = Result<H, StartError>>,
{
    build(PolicyFile::from_env()?.section()?, wiring).await
}

/// Runs `serve` on a single-threaded runtime (a Lambda environment serves one request at a time) and
/// turns a start-up error into one log line and a failure code. `main` does not return the error:
/// Rust would print its `Debug`. A panic is such an error too, for telemetry has silenced its message.
pub fn run<F, Fut>(function: &str, serve: F) -> ExitCode
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), StartError>>,
{
    telemetry::init(function);
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
