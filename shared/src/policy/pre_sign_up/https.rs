//! `https`: a check of your own, behind an endpoint.

use std::ops::Range;

use serde::Deserialize;

use super::super::Findings;
use crate::https::HttpsUrl;

/// A check of your own (docs/sign-up-check.openapi.yaml).
#[derive(Debug, Clone)]
pub struct HttpsCheck {
    /// Where it is.
    pub url: HttpsUrl,
    /// The name of the secret that signs each question; none to this machine.
    pub hmac: Option<String>,
}

/// A check of your own, behind an endpoint (docs/sign-up-check.openapi.yaml).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "HttpsCheck")
)]
pub(super) struct WrittenHttpsCheck {
    /// Where it is: https, or http on this machine.
    url: HttpsUrl,
    /// The name of the secret that signs each question.
    hmac: Option<String>,
}

impl WrittenHttpsCheck {
    pub(super) fn compile(self, at: &Range<usize>, findings: &mut Findings) -> HttpsCheck {
        if self.hmac.is_none() && !self.url.is_loopback() {
            let text = "expected hmac: who is asked must know that we ask";
            findings.at(at.clone(), text);
        }
        HttpsCheck {
            url: self.url,
            hmac: self.hmac,
        }
    }
}
