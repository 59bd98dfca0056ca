//! pre-sign-up: decides who may create an account.
//!
//! `checks/` has one file a check: it looks at an [`Applicant`] and says what it found. `judge.rs` makes
//! of findings what the policy says; `services.rs` is what some checks ask; `trigger.rs` maps events and
//! answers.

mod applicant;
mod auto_confirm;
pub mod checks;
mod judge;
mod services;
mod trigger;
mod user_pool;

pub use crate::{
    applicant::{Applicant, Request},
    auto_confirm::Confirmation,
    judge::{Done, Finding, Heard, Ruling, Verdict},
    services::Services,
    trigger::{PreSignUp, answer_to, may_be_confirmed, sign_up_kind},
};
