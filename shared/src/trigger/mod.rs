//! User-pool triggers: what Cognito sends, what goes back, and the loop between them.
//!
//! A trigger is a type with a [`Trigger::decide`]. [`serve`] does the rest for all three alike: it
//! parses the event, bounds the decision by a deadline, settles panics and overruns by the function's
//! own rule, writes the one audit line, and answers with an event of which only `response` changed.

mod attributes;
mod decision;
mod event;
mod object;
mod serve;
mod source;

pub use self::{
    attributes::Attributes,
    decision::{Answer, Decision, Failure, PublicMessage, TriggerError},
    event::{CallerContext, MalformedEvent, TriggerEvent},
    serve::{Trigger, serve},
    source::TriggerSource,
};
