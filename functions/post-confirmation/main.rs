//! post-confirmation: records a user who was confirmed, and never turns its own failure into theirs.

mod password_reset;
mod trigger;

use std::process::ExitCode;

use shared::{aws, record::Recorder, start, wiring::Wiring};

use crate::{
    password_reset::PasswordResets,
    trigger::{Effects, PostConfirmation},
};

fn main() -> ExitCode {
    // What is wrong here stops the other functions. This one starts and defers: its users are confirmed
    // already, and a start that fails would tell them that they are not.
    let build = |policy, mut wiring: Wiring<'static>| async move {
        let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        let wired = directory.zip(ephemeral);
        let (directory, ephemeral): (String, String) = wiring.finish(wired)?;
        let client = aws_sdk_dynamodb::Client::new(&aws::config().await?);
        let effects = Effects {
            recorder: Recorder::new(directory.clone(), client.clone()),
            password_resets: PasswordResets {
                client,
                directory,
                ephemeral,
            },
        };
        Ok(PostConfirmation::new(effects, policy))
    };
    start::function_or_else(build, PostConfirmation::deferring)
}
