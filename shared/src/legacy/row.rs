//! What a store that holds hashes has for a name, and what becomes of whoever claims to be that user.

use password::Password;

use super::{
    Authenticated, Found, LegacyUser, StoreError,
    hashes::{Hashes, Verified},
};
use crate::deadline::Deadline;

/// A user's row.
pub(super) struct Row {
    pub(super) user: LegacyUser,
    pub(super) password_hash: Vec<u8>,
    pub(super) hash_scheme: Option<String>,
    pub(super) enabled: bool,
}

/// What there is for a name.
pub(super) enum Read {
    Row(Box<Row>),
    Nothing,
    /// There is something, and it is not usable for this reason.
    Unusable(&'static str),
}

impl Read {
    /// Whether `password` is that user's.
    ///
    /// # Errors
    /// When it is not verified by `deadline`, or a secret cannot be had.
    pub(super) async fn authenticate(
        self,
        hashes: &Hashes,
        password: &Password,
        deadline: Deadline,
    ) -> Result<Authenticated, StoreError> {
        let row = match self {
            Self::Row(row) if row.enabled => row,
            Self::Row(_) => return Ok(Authenticated::Disabled),
            Self::Nothing => return Ok(Authenticated::Unknown),
            Self::Unusable(code) => return Ok(Authenticated::Unsupported(code)),
        };
        let scheme = row.hash_scheme.as_deref();
        let verified = hashes.verify(password, &row.password_hash, scheme, deadline);
        Ok(match verified.await? {
            Verified::Match(scheme) => Authenticated::Verified(LegacyUser {
                scheme: Some(scheme),
                ..row.user
            }),
            Verified::Mismatch => Authenticated::WrongPassword(Some(row.user.record_id)),
            Verified::Unsupported(code) => Authenticated::Unsupported(code),
        })
    }

    /// Who that user is.
    pub(super) fn found(self) -> Found {
        match self {
            Self::Row(row) if row.enabled => Found::User(row.user),
            Self::Row(_) => Found::Disabled,
            Self::Nothing => Found::Unknown,
            Self::Unusable(code) => Found::Unsupported(code),
        }
    }
}
