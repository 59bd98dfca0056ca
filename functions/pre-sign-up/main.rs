//! pre-sign-up: decides who may create an account.

use std::process::ExitCode;

use pre_sign_up::{PreSignUp, checks::Checks};
use shared::{policy, start, wiring::Wiring};

fn main() -> ExitCode {
    start::function(
        |policy: policy::PreSignUp, wiring: Wiring<'static>| async move {
            wiring.finish(Some(()))?;
            let checks = Checks::new(policy, &policy::folder())?;
            Ok(PreSignUp::new(checks))
        },
    )
}
