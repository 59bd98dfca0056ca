//! pool-watch: looks once an hour whether the user pool still calls the functions, and puts that right once.
//!
//! Triggers vanish in practice: whatever updates a pool and does not name them takes them off, and nothing fails
//! for it. What it finds is what `poolkeeper doctor` finds.

mod healer;
mod watch;

use std::process::ExitCode;

use shared::{
    aws::{self, SignedClient},
    start,
    user_pool::{PoolApi, Triggers},
    wiring::{Bindings, Wiring},
};

use crate::{healer::Healer, watch::PoolWatch};

fn main() -> ExitCode {
    start::function_without_rules(|mut wiring: Wiring<'static>| async move {
        let pool: Option<String> = wiring.required("USER_POOL_ID", "the id of the user pool");
        let wanted = "PreSignUp=ARN,PostConfirmation=ARN,UserMigration=ARN";
        let wanted: Option<Triggers> = wiring.required("TRIGGERS", wanted);
        let moving_in = wiring.required("USERS_STILL_MOVE_IN", "true or false");
        let believed = "what user-migration believes of the pool's password policy";
        let believed: Option<Bindings> = wiring.optional("PASSWORD_POLICY", believed);
        let table = "the name of the directory table, if triggers are put back";
        let table: Option<String> = wiring.optional("DIRECTORY_TABLE", table);
        let wired = pool.zip(wanted).zip(moving_in);
        let ((pool, wanted), moving_in) = wiring.finish(wired)?;
        let aws = aws::config().await?;
        let client = SignedClient::new(&aws)?;
        let api = PoolApi::new(client.clone(), client, &pool);
        let records = aws_sdk_dynamodb::Client::new(&aws);
        Ok(PoolWatch {
            healer: table.map(|table| Healer::new(records, table, api.clone())),
            api,
            wanted,
            believed,
            moving_in,
        })
    })
}
