//! A user pool's settings: which triggers it should call, what it does call, and how one becomes the other
//! without any other setting lost.
//!
//! UpdateUserPool sets everything that it is not given back to its default, and an SDK's types drop what
//! they do not know. So everything here is raw JSON, sent back as it came.

mod api;
mod apply;
mod arn;
mod findings;
mod heal;
mod permission;
mod plan;
mod settings;
mod trigger;

pub use self::{
    api::{AppClient, AppClients, PoolApi, function_path, lambda_request},
    apply::{ApplyError, apply},
    arn::{FunctionArn, InvalidArn},
    findings::{Facts, Finding, Severity, findings},
    heal::{Healing, heal, mark},
    permission::{admits, statement_id},
    plan::{Change, Options, Plan, Refusal, Refusals, Unknown, attach, detach, restore},
    settings::{MfaSettings, PoolSettings},
    trigger::{Trigger, Triggers},
};
