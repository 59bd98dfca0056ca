//! The ways into a pool, which say what a check looks at.

use serde::Deserialize;

/// A way into the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SignUpKind {
    /// A person signs up.
    SignUp,
    /// An administrator creates a user. Migration may fire this one too, so a check that looks at it can
    /// keep out the users who were to be moved in.
    AdminCreateUser,
    /// A first sign-in through an external provider.
    ExternalProvider,
}
