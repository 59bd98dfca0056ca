//! post-confirmation: records a user who was confirmed, and never turns its own failure into theirs.

mod trigger;

use std::process::ExitCode;

use shared::{
    aws,
    record::{Recorder, Tables},
    start,
};

use crate::trigger::PostConfirmation;

fn main() -> ExitCode {
    // What is wrong here stops the other functions. This one starts and defers: its users are confirmed
    // already, and a start that fails would tell them that they are not.
    let build = |policy, mut wiring: shared::wiring::Wiring<'static>| async move {
        let tables = Tables::from_wiring(&mut wiring);
        let client = aws_sdk_dynamodb::Client::new(&aws::config().await?);
        let recorder = Recorder::new(wiring.finish(tables)?, client);
        Ok(PostConfirmation::new(recorder, policy))
    };
    start::function_or_else(build, PostConfirmation::deferring)
}
