//! user-migration: lets the users of an old system move in with their old passwords.

mod answer;
mod chain;
mod trigger;

use std::process::ExitCode;

use password::FunctionMemory;
use shared::{
    aws,
    legacy::{Processor, Surroundings},
    policy, start,
    wiring::Wiring,
};

use crate::{chain::Chain, trigger::UserMigration};

fn main() -> ExitCode {
    start::function(
        |policy: policy::UserMigration, mut wiring: Wiring<'static>| async move {
            let expected = "the name of the table of legacy users";
            let table = if policy.stores.iter().any(|store| store.needs_legacy_table()) {
                wiring.required("LEGACY_TABLE", expected).map(Some)
            } else {
                Some(wiring.optional::<String>("LEGACY_TABLE", expected))
            };
            let memory = wiring.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a number of MB");
            let (table, memory) = wiring.finish(table.zip(memory))?;
            let processor = Processor::new(FunctionMemory::from_megabytes(memory));
            let around = Surroundings {
                aws: &aws::config().await?,
                legacy_table: table.as_deref(),
                processor: &processor,
            };
            let chain = Chain::open(policy.stores, &around)?;
            let floor = policy.answer_floor.unwrap_or_else(|| chain.estimate());
            Ok(UserMigration::new(chain, policy.forgot_password, floor))
        },
    )
}
