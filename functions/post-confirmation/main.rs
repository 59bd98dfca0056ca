//! post-confirmation: records a user who was confirmed, and never turns its own failure into theirs.

mod record;
mod trigger;

use std::{error::Error, process::ExitCode};

use shared::{
    aws,
    deadline::ColdStart,
    policy::{self, PolicyFile},
    start,
    telemetry::{LogKey, Telemetry, error_chain},
    trigger::serve,
    wiring::Wiring,
};

use crate::{
    record::{Recorder, Tables},
    trigger::PostConfirmation,
};

fn main() -> ExitCode {
    let cold_start = ColdStart::begin();
    start::run(PostConfirmation::NAME, || async {
        // What is wrong here stops the other functions. This one starts and defers: its users are
        // confirmed already, and a start that fails would tell them that they are not.
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let tables = Tables::from_wiring(&mut wiring);
        let wired = wiring.finish(tables);
        let ready = async {
            let recorder = Recorder::new(wired?, &aws::config().await?);
            let policy: policy::PostConfirmation = PolicyFile::from_env()?.section()?;
            Ok::<_, Box<dyn Error + Send + Sync>>((recorder, policy))
        };
        let function = match ready.await {
            Ok((recorder, policy)) => PostConfirmation::new(recorder, policy),
            Err(error) => {
                let cause = error_chain(error.as_ref());
                tracing::error!(
                    cause,
                    "starts without what it needs: every event is deferred"
                );
                PostConfirmation::deferring()
            }
        };
        let log_key = log_key.map_or_else(LogKey::ephemeral, Ok)?;
        serve(function, Telemetry::new(log_key), cold_start).await
    })
}
