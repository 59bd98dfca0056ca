//! What a token must be like: the settings of an issuer's verifier.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{keys::PinnedKeys, url::KeysUrl};

/// What is expected of the tokens of one issuer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the keys are.
    pub keys: Keys,
    /// The accepted values of `aud` (of `client_id` in a Cognito access token).
    pub audiences: BTreeSet<String>,
    /// The accepted values of `azp`; `None` accepts any, and none.
    pub authorized_parties: Option<BTreeSet<String>>,
    /// The accepted signature algorithms.
    pub algorithms: BTreeSet<Algorithm>,
    /// Claims that must be there, beside `sub`, `iss`, `aud`, `iat` and `exp`.
    pub required_claims: BTreeSet<String>,
    /// Seconds since `iat` after which a token is too old, whatever its `exp`.
    pub max_token_age_seconds: u32,
    /// Seconds by which clocks may differ.
    pub leeway_seconds: u32,
    /// For a Cognito user pool: which of its tokens is accepted.
    pub token_use: Option<TokenUse>,
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone)]
pub enum Keys {
    /// Where `<issuer>/.well-known/openid-configuration` says.
    Discovered,
    /// There.
    At(KeysUrl),
    /// Here: nothing is fetched.
    Pinned(PinnedKeys),
}

/// Which token of a Cognito user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TokenUse {
    /// The ID token; its client is in `aud`.
    Id,
    /// The access token; its client is in `client_id`.
    Access,
}

/// A signature algorithm of RFC 7518 or RFC 8037. Symmetric ones are not on the list: a key that verifies
/// must not be able to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}
