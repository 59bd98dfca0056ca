//! What a store is asked, and what it says.

use super::{LegacyUser, SqlError};
use crate::{aws::ServiceError, deadline::Deadline, https::HttpsError, secrets::SecretError};

/// Several rows for one name, or rows that differ only in case.
pub(super) const AMBIGUOUS_NAME: &str = "ambiguous-name";

/// By when a store must have answered.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The store itself, which may be one of several.
    pub ask: Deadline,
    /// The verification of a hash, which only one of the stores comes to.
    pub verify: Deadline,
}

/// What a store says of a user and a password.
#[derive(Debug)]
pub enum Authenticated {
    /// The password is the user's.
    Verified(LegacyUser),
    /// It is not that of the user of this record, where the store says whose it is.
    WrongPassword(Option<String>),
    /// The store does not know the user.
    Unknown,
    /// The account may not sign in.
    Disabled,
    /// It cannot be told, for this reason (kebab-case).
    Unsupported(&'static str),
}

/// What a store says of a user alone.
#[derive(Debug)]
pub enum Found {
    /// The user, who may sign in.
    User(LegacyUser),
    /// The store does not know the user.
    Unknown,
    /// The account may not sign in.
    Disabled,
    /// It cannot be told who is meant, for this reason (kebab-case).
    Unsupported(&'static str),
}

/// A store could not be asked, or its answer not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An AWS service failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The endpoint does not answer.
    #[error(transparent)]
    Https(HttpsError),
    /// The endpoint answers with another status than 200.
    #[error("the store answered HTTP {0}, expected 200")]
    Status(u16),
    /// The endpoint's answer is not what the contract says.
    #[error("the store's answer is not what its contract says")]
    Answer,
    /// The database cannot be asked.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A secret that the store needs before it is asked cannot be had.
    #[error("a secret of the store cannot be had")]
    Secret(#[from] SecretError),
    /// A secret of the store's hashes cannot be had.
    #[error("a secret of the store's hashes cannot be had")]
    HashSecret(#[source] SecretError),
    /// It failed after the store had said that it knows the user.
    #[error(transparent)]
    OfAUser(Box<StoreError>),
    /// A verification of an earlier invocation still holds the processor.
    #[error("an earlier verification has not ended yet")]
    Busy,
}

impl StoreError {
    /// This, after the store had said that it knows the user.
    pub(super) fn of_a_user(self) -> Self {
        Self::OfAUser(Box::new(self))
    }

    /// Whether the failure itself tells that the store knows the user.
    pub fn tells_of_a_user(&self) -> bool {
        match self {
            Self::Service(_)
            | Self::Https(_)
            | Self::Status(_)
            | Self::Answer
            | Self::Sql(_)
            | Self::Secret(_) => false,
            Self::HashSecret(_) | Self::Busy | Self::OfAUser(_) => true,
        }
    }
}
