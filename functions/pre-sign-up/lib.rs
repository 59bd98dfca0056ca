//! pre-sign-up: decides who may create an account.
//!
//! `checks/` has one file a check: it looks at an [`Applicant`] and says what it found. `judge.rs` makes
//! of findings what the policy says; `trigger.rs` maps events and answers.

mod applicant;
pub mod checks;
mod judge;
mod trigger;

pub use crate::{
    applicant::{Applicant, Request},
    judge::{Finding, Heard, Ruling, Verdict},
    trigger::{PreSignUp, answer_to, sign_up_kind},
};
