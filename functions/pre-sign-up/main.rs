//! pre-sign-up: decides who comes into being in the user pool.

mod checks;
mod trigger;

use std::process::ExitCode;

use shared::{
    deadline::ColdStart,
    policy::PolicyFile,
    start,
    telemetry::{LogKey, Telemetry},
    trigger::serve,
    wiring::Wiring,
};

use crate::trigger::PreSignUp;

fn main() -> ExitCode {
    let cold_start = ColdStart::begin();
    start::run(PreSignUp::NAME, || async {
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let log_key = wiring.finish(log_key)?;
        let policy = PolicyFile::from_env()?.section()?;
        serve(PreSignUp::new(policy), Telemetry::new(log_key), cold_start).await
    })
}
