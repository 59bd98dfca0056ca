//! pre-sign-up: decides who may create an account.

use std::process::ExitCode;

use pre_sign_up::{PreSignUp, Services, checks::Checks};
use shared::{policy, start, wiring::Wiring};

fn main() -> ExitCode {
    start::function(
        |policy: policy::PreSignUp, wiring: Wiring<'static>| async move {
            let services = if policy.asks_a_service() {
                Some(Services::open(&policy, wiring).await?)
            } else {
                wiring.finish(Some(()))?;
                None
            };
            let checks = Checks::new(policy, &policy::folder(), services)?;
            Ok(PreSignUp::new(checks))
        },
    )
}
