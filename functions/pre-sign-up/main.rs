//! pre-sign-up: decides who may create an account.

use std::process::ExitCode;

use pre_sign_up::{PreSignUp, Services, checks::Checks};
use shared::{
    policy::{self, PolicyFile},
    start,
    wiring::Wiring,
};

fn main() -> ExitCode {
    start::function(
        |policy: policy::PreSignUp, wiring: Wiring<'static>| async move {
            let services = if policy.asks_a_service() {
                let stores = if policy.asks_legacy_stores() {
                    let migration: policy::UserMigration = PolicyFile::from_env()?.section()?;
                    migration.stores
                } else {
                    Vec::new()
                };
                Some(Services::open(&policy, wiring, stores).await?)
            } else {
                wiring.finish(Some(()))?;
                None
            };
            let checks = Checks::new(policy, &policy::folder(), services)?;
            Ok(PreSignUp::new(checks))
        },
    )
}
