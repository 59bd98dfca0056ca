//! user-migration: lets the users of an old system move in with their old passwords.

mod attributes;
mod trigger;
mod verify;

use std::process::ExitCode;

use shared::{aws, legacy::DynamoDbDirectory, policy, start, wiring::Wiring};

use crate::{trigger::UserMigration, verify::Verifier};

fn main() -> ExitCode {
    start::function(
        |policy: policy::UserMigration, mut wiring: Wiring<'static>| async move {
            let table = wiring.required("LEGACY_TABLE", "the name of the table of legacy users");
            let memory = wiring.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a number of MB");
            let (table, memory) = wiring.finish(table.zip(memory))?;
            let client = aws_sdk_dynamodb::Client::new(&aws::config().await?);
            let directory = DynamoDbDirectory::new(client, table, policy.legacy_columns.clone());
            let verifier = Verifier::new(memory, &policy)?;
            Ok(UserMigration::new(policy, directory, verifier))
        },
    )
}
