//! Temporary credentials: who holds them, until when, and what is known of the holder.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Context, Policies};

/// A role session and its credentials.
#[derive(Debug, Clone)]
pub struct Session {
    /// The role whose policies apply.
    pub role_arn: String,
    /// `arn:aws:sts::…:assumed-role/<role>/<session>`.
    pub assumed_role_arn: String,
    /// `AROA…:<session>`, which STS calls `AssumedRoleId` and GetCallerIdentity `UserId`.
    pub assumed_role_id: String,
    /// `ASIA…`.
    pub access_key_id: String,
    /// What requests are signed with.
    pub secret_access_key: String,
    /// What requests carry as `x-amz-security-token`.
    pub session_token: String,
    /// Seconds since 1970.
    pub expires_at: u64,
    /// The condition keys this session brings to every request: `aws:PrincipalTag/…`,
    /// `cognito-identity.amazonaws.com:sub`…
    pub context: Context,
    /// Policies that narrow the role's, if there are any.
    pub(super) session_policies: Option<Policies>,
    /// What goes on to the roles that it assumes.
    pub marks: SessionMarks,
}

/// What AssumeRole takes beside, and a web identity brings in its token.
#[derive(Debug, Clone, Default)]
pub struct SessionMarks {
    /// Session tags.
    pub tags: BTreeMap<String, String>,
    /// The keys of those that go on to further roles.
    pub transitive: Vec<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes from the operating system")]
pub struct NoRandomness;

/// `N` random bytes.
///
/// # Errors
/// The operating system has none.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// An identifier as IAM makes them: the prefix says the kind, sixteen characters follow.
pub(super) fn unique_id(prefix: &str) -> Result<String, NoRandomness> {
    let letters = random::<16>()?.map(|byte| char::from(b'A' + byte % 26));
    Ok(format!("{prefix}{}", letters.iter().collect::<String>()))
}

/// Forty characters, as IAM's secrets are.
pub(super) fn secret() -> Result<String, NoRandomness> {
    Ok(STANDARD.encode(random::<30>()?))
}

/// An opaque session token.
pub(super) fn token() -> Result<String, NoRandomness> {
    Ok(format!("FwoGZXIvYXdz{}", STANDARD.encode(random::<96>()?)))
}
