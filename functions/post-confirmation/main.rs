//! post-confirmation: records a user who was confirmed, and never turns its own failure into theirs.

mod effects;
mod password_reset;
mod queue;
mod trigger;

use std::process::ExitCode;

use shared::{aws, enrol::Enroller, record::Recorder, start, wiring::Wiring};

use crate::{
    effects::Effects, password_reset::PasswordResets, queue::Queue, trigger::PostConfirmation,
};

fn main() -> ExitCode {
    // What is wrong here stops the other functions. This one starts and defers: its users are confirmed
    // already, and a start that fails would tell them that they are not.
    let build = |policy, mut wiring: Wiring<'static>| async move {
        let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        let queue = wiring.required(
            "DEFERRED_QUEUE_URL",
            "the URL of the queue of deferred users",
        );
        let wired = directory.zip(ephemeral).zip(queue);
        let ((directory, ephemeral), url): ((String, String), String) = wiring.finish(wired)?;
        let aws = aws::config().await?;
        let client = aws_sdk_dynamodb::Client::new(&aws);
        let effects = Effects {
            recorder: Recorder::new(directory.clone(), client.clone()),
            enroller: Enroller::new(
                client.clone(),
                (directory.clone(), ephemeral.clone()),
                aws_sdk_cognitoidentityprovider::Client::new(&aws),
            ),
            password_resets: PasswordResets {
                client,
                directory,
                ephemeral,
            },
        };
        let queue = Queue {
            client: aws_sdk_sqs::Client::new(&aws),
            url,
        };
        Ok(PostConfirmation::new(effects, queue, policy))
    };
    // Without rules or tables it still asks for its users to be healed, where it knows whom to ask.
    let otherwise = |mut wiring: Wiring<'static>| async move {
        let url = wiring.optional(
            "DEFERRED_QUEUE_URL",
            "the URL of the queue of deferred users",
        );
        let aws = aws::config().await.ok();
        PostConfirmation::deferring(aws.zip(url).map(|(aws, url)| Queue {
            client: aws_sdk_sqs::Client::new(&aws),
            url,
        }))
    };
    start::function_or_else(build, otherwise)
}
