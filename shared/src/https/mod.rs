//! The one client for hosts that are not AWS's: an issuer's keys, a legacy store, a hook.
//!
//! HTTPS only (HTTP to loopback), no redirects, no proxy, a bound on the body, a deadline. An error holds
//! nothing of what was sent or received.

mod certificate;
mod client;
mod signature;
mod url;

pub use self::{
    certificate::CertificateFault,
    client::{Https, HttpsError, Request, Response},
    signature::{SIGNATURE, signature},
    url::{HttpsUrl, InvalidUrl},
};
