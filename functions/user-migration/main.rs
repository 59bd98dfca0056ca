//! user-migration: lets the users of an old system move in with their old passwords.

mod attributes;
mod trigger;
mod verify;

use std::process::ExitCode;

use shared::{
    aws,
    deadline::ColdStart,
    legacy::DynamoDbDirectory,
    policy::{self, PolicyFile},
    start,
    telemetry::{LogKey, Telemetry},
    trigger::serve,
    wiring::Wiring,
};

use crate::{trigger::UserMigration, verify::Verifier};

fn main() -> ExitCode {
    let cold_start = ColdStart::begin();
    start::run(UserMigration::NAME, || async {
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let table = wiring.required("LEGACY_TABLE", "the name of the table of legacy users");
        let memory = wiring.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a number of MB");
        let (log_key, table, memory) = wiring.finish(log_key.zip(table).zip(memory).map(flat))?;
        let policy: policy::UserMigration = PolicyFile::from_env()?.section()?;
        let client = aws_sdk_dynamodb::Client::new(&aws::config().await?);
        let directory = DynamoDbDirectory::new(client, table, policy.legacy_columns.clone());
        let verifier = Verifier::new(memory, &policy)?;
        let function = UserMigration::new(policy, directory, verifier);
        serve(function, Telemetry::new(log_key), cold_start).await
    })
}

fn flat<A, B, C>(((a, b), c): ((A, B), C)) -> (A, B, C) {
    (a, b, c)
}
