//! What two or more of Poolkeeper's functions use: trigger events, the policy file, state, legacy
//! stores, JWT verification, deadlines and telemetry. A function's own decision lives in its folder
//! under `functions/`.

pub mod aws;
pub mod deadline;
pub mod email;
pub mod enrol;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod https;
pub mod invitation;
pub mod invocation;
pub mod json;
pub mod jwt;
pub mod legacy;
pub mod limit;
pub mod name;
pub mod phone;
pub mod policy;
pub mod record;
pub mod retire;
pub mod secrets;
pub mod start;
pub mod state;
pub mod telemetry;
pub mod trigger;
pub mod user_pool;
pub mod vending;
pub mod wiring;
