//! User-pool triggers: what Cognito sends, and what goes back.
//!
//! A trigger is a type with a [`Trigger::decide`]. The invocation loop ([`crate::invocation`]) does the
//! rest for all alike; of the event only `response` changes.

mod attributes;
mod decision;
mod event;
mod handler;
mod object;
mod source;

pub use self::{
    attributes::Attributes,
    decision::{Answer, Decision, Failure, PublicMessage, TriggerError},
    event::{CallerContext, MalformedEvent, TriggerEvent},
    handler::{Trigger, TriggerRequest},
    source::TriggerSource,
};
