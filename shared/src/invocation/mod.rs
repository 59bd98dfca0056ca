//! Invocations: what every function does alike, whether Cognito, an HTTP front or a schedule calls it.
//!
//! A function is a [`Handler`]. [`serve()`] is the one loop: it reads the payload, bounds the decision by a
//! deadline, settles panics and overruns by the function's own rule, holds an answer back until its
//! floor, logs the cause, and writes the one audit line. What the decision has noted by then is in that
//! line, however it ends.

mod decision;
mod handler;
mod health;
mod serve;

pub use self::{
    decision::{Decision, Interrupted},
    handler::{Handler, Invocation},
    health::asks_for_health,
    serve::serve,
};
