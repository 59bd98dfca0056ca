//! What the vendor asks of AWS for a caller, as the audit line has it.

use serde::Serialize;

use super::principal::Principal;

/// A session, or the token that one is begun with. Whether it was issued is the line's `outcome`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// How the role is vended: `token`, `credentials` or `direct`.
    pub flow: &'static str,
    /// Seconds that what leaves lives: the token, or the credentials.
    pub duration_seconds: u32,
    /// Keys of the session's tags, without their values.
    pub tags: Vec<String>,
    /// The caller's identity in the identity pool, as CloudTrail names who calls AssumeRoleWithWebIdentity. None with
    /// the flow `direct`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// `RoleSessionName`, by which CloudTrail names the session. None where a token leaves: its holder names the
    /// session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// The session's source identity, by keyed hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<Principal>,
}
