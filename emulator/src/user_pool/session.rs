//! A sign-in, for as long as its refresh token is good.

/// A sign-in that a refresh token continues.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) username: String,
    pub(super) auth_time: i64,
    pub(super) origin_jti: String,
    pub(super) event_id: String,
}
