//! JSON Web Tokens of other issuers, verified.
//!
//! The types tell what is known: an [`UnverifiedJwt`] has claims that nobody vouches for and lends out
//! only what is needed to find the keys; [`Issuer::verify`] turns it into [`VerifiedClaims`]. Issuers are
//! a static list: an `iss` that is not on it is never asked for keys.

mod check;
mod claims;
mod fetch;
mod issuer;
mod keys;
mod rejected;
mod ring_provider;
mod settings;
mod unverified;
mod url;

pub use self::{
    claims::VerifiedClaims,
    fetch::Fetcher,
    issuer::{Issuer, VerifyError},
    keys::{KeysUnavailable, PinnedKeys},
    rejected::{MalformedJwt, Part, Rejected},
    ring_provider::install as install_crypto_provider,
    settings::{Algorithm, Keys, Settings, TokenUse},
    unverified::UnverifiedJwt,
    url::{IssuerUrl, KeysUrl, RuntimeApi},
};
