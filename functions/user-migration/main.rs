//! user-migration: lets the users of an old system move in with their old passwords.

mod answer;
mod candidate;
mod chain;
mod limits;
mod moved;
mod trigger;
mod weak_password;

use std::{process::ExitCode, sync::Arc};

use password::FunctionMemory;
use shared::{
    aws,
    legacy::{Processor, Surroundings, WiredStores},
    limit::Limiter,
    policy::{self, WeakPassword},
    secrets::Secrets,
    start,
    wiring::Wiring,
};

use crate::{
    chain::Chain,
    limits::Limits,
    moved::MovedIn,
    trigger::{Rules, UserMigration},
    weak_password::PoolPasswordPolicy,
};

fn main() -> ExitCode {
    start::function(
        |policy: policy::UserMigration, mut wiring: Wiring<'static>| async move {
            let wired = WiredStores::read(&mut wiring, &policy.stores);
            let expected = PoolPasswordPolicy::EXPECTED;
            let pool = if policy.weak_password == WeakPassword::Accept {
                Some(wiring.optional("PASSWORD_POLICY", expected))
            } else {
                wiring.required("PASSWORD_POLICY", expected).map(Some)
            };
            let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
            let ephemeral = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
            let memory = wiring.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a number of MB");
            let prefix = wiring.optional("SECRET_PREFIX", "what the names of secrets begin with");
            let tables = directory.zip(ephemeral);
            let read = wired.zip(tables).zip(pool.zip(memory));
            let ((wired, (directory, ephemeral)), (pool, memory)) = wiring.finish(read)?;

            let aws = aws::config().await?;
            let around = Surroundings {
                aws: &aws,
                legacy_table: wired.table.as_deref(),
                legacy_user_pool: wired.user_pool.as_ref(),
                processor: &Processor::new(FunctionMemory::from_megabytes(memory)),
                secrets: &Arc::new(Secrets::new(&aws, prefix.unwrap_or_default())),
            };
            let chain = Chain::open(policy.stores, &around)?;
            let rules = Rules {
                floor: policy.answer_floor.unwrap_or_else(|| chain.estimate()),
                forgot_password: policy.forgot_password,
                weak_password: policy.weak_password,
                pool,
            };
            let client = aws_sdk_dynamodb::Client::new(&aws);
            let limits = Limits::new(
                Limiter::new(client.clone(), ephemeral),
                policy.attempts_per_name,
                policy.attempts_per_client,
            );
            let moved = MovedIn::new(client, directory, policy.max_offers);
            Ok(UserMigration::new(chain, limits, moved, rules))
        },
    )
}
