//! The two state tables: keys, and what all that write to them must agree on.
//!
//! *directory* is durable (partition key `pk`, sort key `sk`); *ephemeral* (`pk` alone) may be lost:
//! every item has `expires_at`, and since DynamoDB deletes late, every condition compares it too. Nothing
//! is keyed by an e-mail, code or token in clear.

mod item;
mod key;

pub use self::{
    item::{Item, key_item, number, read_number, read_text, rfc3339, text},
    key::{DirectoryKey, EphemeralKey, digest},
};
