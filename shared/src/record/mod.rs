//! What is recorded of a confirmed user: the profile with its outbox event, the claim of a mailbox.
//!
//! Deliveries come more than once, at the same time, and again after a crash. Conditions decide which one
//! counts, not tokens: an idempotency token made of an event would not match one whose timestamp differs,
//! and one that is random does not span deliveries. Every write here may be repeated.

mod claim;
mod event;
mod profile;
mod transaction;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;

pub use self::{
    claim::Claim,
    event::{EVENT_VERSION, EventKind, outbox_event},
    profile::{INVITATION, PENDING_GROUPS, PENDING_INVITATION},
    transaction::{Condition, Position, Transacted, Transaction},
};

/// Writes to the directory table.
#[derive(Debug, Clone)]
pub struct Recorder {
    client: Client,
    directory: String,
}

/// Whom a record is about, and what told of them.
#[derive(Debug, Clone)]
pub struct User<'a> {
    /// The pool's id.
    pub user_pool_id: &'a str,
    /// The user's `sub`, which no other user of any pool has.
    pub sub: &'a str,
    /// `userName`, which Cognito's API takes.
    pub user_name: &'a str,
    /// The app client, where one took part.
    pub client_id: Option<&'a str>,
    /// The trigger source, or the function that found the user.
    pub source: &'a str,
    /// The attributes that the profile keeps.
    pub attributes: Vec<(&'a str, &'a str)>,
    /// The mailbox of the verified e-mail address. The profile keeps the key of its claim, by which the claim is
    /// found again once the address has changed or the user is gone.
    pub mailbox: Option<&'a str>,
    /// The groups that the user is to join: pending in the profile until they have.
    pub groups: BTreeSet<&'a str>,
    /// Whether an invitation is to be looked for: pending in the profile until it has been.
    pub redeems: bool,
}

/// Whether this delivery was the one that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is written now.
    Now,
    /// It was there before.
    Before,
}

impl Recorder {
    /// Of the directory table called `directory`.
    pub fn new(directory: String, client: Client) -> Self {
        Self { client, directory }
    }
}
