//! reconcile: makes the directory agree with the user pool, on a schedule and by hand.
//!
//! It creates what post-confirmation could not or never had the chance to (deferred, migrated, made by an
//! administrator), follows what changed, and lets go of who is gone. Everything it does may be repeated: it
//! saves where it is after each page, and a run that dies is gone on with by the next.

mod counts;
mod cursor;
mod directory;
mod heal;
mod known;
mod memory;
mod pace;
mod pass;
mod plan;
mod pool;
mod prefix;
mod queue;
mod run;
mod seen;
mod sweep;
mod tier;

use std::{process::ExitCode, sync::Arc};

use shared::{
    aws, enrol::Enroller, policy, record::Recorder, retire::Retirer, start, wiring::Wiring,
};

use crate::{directory::Directory, queue::Queue, run::Reconcile};

fn main() -> ExitCode {
    start::function(
        |policy: policy::PostConfirmation, mut wiring: Wiring<'static>| async move {
            let table = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
            let pool_id = wiring.required("USER_POOL_ID", "the id of the user pool");
            let ephemeral = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
            let queue = wiring.required(
                "DEFERRED_QUEUE_URL",
                "the URL of the queue of deferred users",
            );
            let wired = table.zip(ephemeral).zip(queue.zip(pool_id));
            let ((table, ephemeral), (url, pool_id)): ((String, String), (String, String)) =
                wiring.finish(wired)?;
            let aws = aws::config().await?;
            let client = aws_sdk_dynamodb::Client::new(&aws);
            let cognito = aws_sdk_cognitoidentityprovider::Client::new(&aws);
            let tables = (table.clone(), ephemeral);
            Ok(Reconcile {
                enroller: Enroller::new(client.clone(), tables, cognito.clone()),
                queue: Queue {
                    client: aws_sdk_sqs::Client::new(&aws),
                    url,
                },
                recorder: Recorder::new(table.clone(), client.clone()),
                retirer: Retirer::new(table.clone(), client.clone()),
                directory: Directory::new(table, client),
                cognito,
                pool_id: Arc::from(pool_id),
                policy,
            })
        },
    )
}
