//! Logs: one audit line a decision for machines, a few lines about causes for operators.
//!
//! LOGGING.md says what may be logged and what never. `lambda_runtime`'s own set-up is not used: it
//! obeys `RUST_LOG` and lets TRACE through, and at TRACE the runtime prints raw events, passwords
//! included. TRACE is compiled out here (`tracing`'s `max_level_debug`), and capped again below.

mod audit;
mod principal;
mod session;

use std::{
    error::Error,
    io::Write,
    sync::{Mutex, PoisonError},
};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Layer, Registry, filter::FilterFn, fmt, layer::SubscriberExt};

pub use self::{
    audit::{AUDIT_VERSION, AuditLine, Outcome},
    principal::{InvalidLogKey, LogKey, Principal},
    session::Session,
};

/// What a running function logs with.
#[derive(Debug)]
pub struct Telemetry {
    log_key: LogKey,
}

impl Telemetry {
    /// With the key that principals are hashed under.
    pub fn new(log_key: LogKey) -> Self {
        Self { log_key }
    }

    /// The key that principals are hashed under.
    pub fn log_key(&self) -> &LogKey {
        &self.log_key
    }

    /// Writes one audit line. Whatever the log level: alarms and metrics are made of these lines.
    pub fn audit(&self, line: AuditLine) {
        let Ok(mut text) = serde_json::to_string(&line) else {
            return;
        };
        text.push('\n');
        // A closed stdout leaves nobody to tell.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}

/// The JSON Schema of the audit line.
#[cfg(feature = "schema")]
pub fn audit_schema() -> schemars::Schema {
    schemars::schema_for!(AuditLine)
}

/// Sets up logging as the function's `LoggingConfig` says: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, else text)
/// and `AWS_LAMBDA_LOG_LEVEL` (AWS Lambda developer guide, "Advanced logging controls"); TRACE means
/// DEBUG. Panics are noted by place only, for their message may quote input. `function` is the binary's
/// name: lines of its own crate are ours, as this crate's are.
pub fn init(function: &str) {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        *last_panic() = place.unwrap_or_default();
    }));
    let variable = |name| std::env::var(name).unwrap_or_default();
    let level = level(&variable("AWS_LAMBDA_LOG_LEVEL"));
    let layer = if variable("AWS_LAMBDA_LOG_FORMAT").eq_ignore_ascii_case("json") {
        fmt::layer().json().flatten_event(true).boxed()
    } else {
        fmt::layer().with_ansi(false).boxed()
    };
    let own = function.replace('-', "_");
    let filter = FilterFn::new(move |event| admits(&own, level, event.target(), *event.level()));
    // Fails only when called twice; the first set-up stays.
    let _ = tracing::subscriber::set_global_default(
        Registry::default().with(layer.with_filter(filter)),
    );
}

/// Where the last panic of this process happened, `file:line:column`.
pub fn panic_location() -> String {
    last_panic().clone()
}

/// The error and its sources, joined. Only `Display`, which holds no secret.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        // Transparent errors repeat their source's text.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = cause.source();
    }
    text
}

fn last_panic() -> std::sync::MutexGuard<'static, String> {
    static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
    LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner)
}

fn level(text: &str) -> LevelFilter {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" | "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// Our own lines go by the level. Other crates may tell of trouble, but nothing of what passes through
/// them: at DEBUG, HTTP and SDK crates print headers and bodies. The runtime's own report of a handler's
/// error repeats what the audit line has said.
fn admits(own: &str, level: LevelFilter, target: &str, of: Level) -> bool {
    let krate = |path: &'static str| path.split("::").next().unwrap_or_default();
    let root = target.split("::").next().unwrap_or_default();
    let cap = if root == own || root == krate(module_path!()) {
        level
    } else if target == "lambda_runtime::layers::panic" {
        LevelFilter::OFF
    } else {
        level.min(LevelFilter::WARN)
    };
    of <= cap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_is_out_of_reach() {
        assert_eq!(level("TRACE"), LevelFilter::DEBUG);
        assert_eq!(level("trace"), LevelFilter::DEBUG);
        assert!(!admits("f", level("TRACE"), "shared::aws", Level::TRACE));
        const {
            assert!(matches!(
                tracing::level_filters::STATIC_MAX_LEVEL,
                LevelFilter::DEBUG
            ))
        }
    }

    #[test]
    fn other_crates_are_heard_from_warnings_up_only() {
        let debug = level("DEBUG");
        assert!(admits(
            "user_migration",
            debug,
            "user_migration::verify",
            Level::DEBUG
        ));
        assert!(!admits(
            "f",
            debug,
            "aws_smithy_runtime::client::orchestrator",
            Level::INFO
        ));
        assert!(admits("f", debug, "aws_config::meta", Level::WARN));
        assert!(!admits(
            "f",
            debug,
            "lambda_runtime::layers::panic",
            Level::ERROR
        ));
        assert!(!admits("f", level("ERROR"), "shared", Level::WARN));
    }
}
