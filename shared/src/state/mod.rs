//! The two state tables: keys, and what all that write to them must agree on.
//!
//! *directory* is durable (partition key `pk`, sort key `sk`); *ephemeral* (`pk` alone) may be lost:
//! every item has `expires_at`, and since DynamoDB deletes late, every condition compares it too. Nothing
//! is keyed by an e-mail, code or token in clear.

mod key;

pub use key::{DirectoryKey, EphemeralKey, digest};
