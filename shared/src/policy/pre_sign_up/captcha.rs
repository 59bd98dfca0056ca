//! `captcha`: that a service takes whoever signs up for a person.

use serde::Deserialize;

use super::super::bounded::Bounded;
use crate::https::HttpsUrl;

/// That a service takes whoever signs up for a person.
#[derive(Debug, Clone)]
pub struct Captcha {
    /// Whose token it is.
    pub provider: CaptchaProvider,
    /// Where it is verified.
    pub url: HttpsUrl,
    /// The name of the secret by which the service knows us.
    pub secret: String,
    /// The sites on which the token may have been made; any where there is no list.
    pub hostnames: Option<Vec<String>>,
    /// The least score, in hundredths, where the service gives one.
    pub min_score: Option<u32>,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CaptchaProvider {
    /// Cloudflare Turnstile.
    Turnstile,
    /// hCaptcha.
    Hcaptcha,
    /// Google reCAPTCHA, v2 or v3.
    Recaptcha,
}

/// That a service takes whoever signs up for a person. The token comes as `captcha` in the validation data, or
/// else in the client metadata.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Captcha")
)]
pub(super) struct WrittenCaptcha {
    /// Whose token it is.
    provider: CaptchaProvider,
    /// The name of the secret by which the service knows us.
    secret: String,
    /// The sites on which the token may have been made. Left out: any for which the service makes tokens.
    hostnames: Option<Vec<String>>,
    /// The least score in hundredths, of reCAPTCHA v3 and hCaptcha Enterprise. An answer without a score passes
    /// only without this.
    min_score: Option<Bounded<1, 100>>,
    /// Where tokens are verified. Left out: where the service documents it.
    url: Option<HttpsUrl>,
}

impl CaptchaProvider {
    /// Where it documents that tokens are verified.
    fn url(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
            Self::Hcaptcha => "https://api.hcaptcha.com/siteverify",
            Self::Recaptcha => "https://www.google.com/recaptcha/api/siteverify",
        }
    }
}

impl WrittenCaptcha {
    /// `None` for a URL of ours that is none, which a test excludes.
    pub(super) fn compile(self) -> Option<Captcha> {
        Some(Captcha {
            provider: self.provider,
            url: self.url.or_else(|| self.provider.url().parse().ok())?,
            secret: self.secret,
            hostnames: self.hostnames,
            min_score: self.min_score.map(Bounded::get),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_asked_over_https() {
        use CaptchaProvider::{Hcaptcha, Recaptcha, Turnstile};
        for provider in [Turnstile, Hcaptcha, Recaptcha] {
            let url: HttpsUrl = provider.url().parse().unwrap();
            assert!(!url.is_loopback());
        }
    }
}
