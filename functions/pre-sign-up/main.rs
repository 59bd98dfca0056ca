//! pre-sign-up: decides who may create an account.

mod checks;
mod trigger;

use std::process::ExitCode;

use shared::start;

use crate::trigger::PreSignUp;

fn main() -> ExitCode {
    start::function(|policy, wiring| async {
        wiring.finish(Some(()))?;
        Ok(PreSignUp::new(policy))
    })
}
