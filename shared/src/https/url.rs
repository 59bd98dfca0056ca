//! URLs that may be requested.

use std::{fmt, str::FromStr};

use serde::Deserialize;

/// An absolute `https` URL, or an `http` one of this machine. No user, no fragment.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HttpsUrl(#[cfg_attr(feature = "schema", schemars(url))] String);

/// A text that is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an https URL without user and fragment (http to 127.0.0.1, [::1] or localhost only)"
)]
pub struct InvalidUrl;

impl HttpsUrl {
    /// The URL, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.parse::<http::Uri>();
        host.is_ok_and(|uri| uri.host().is_some_and(is_loopback))
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

impl FromStr for HttpsUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let uri: http::Uri = text.parse().map_err(|_| InvalidUrl)?;
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(InvalidUrl)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => is_loopback(host),
            _ => false,
        };
        if secure && !text.contains(['#', '@', ' ']) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUrl)
        }
    }
}

impl TryFrom<String> for HttpsUrl {
    type Error = InvalidUrl;

    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        text.parse()
    }
}

impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_can_be_requested() {
        for (url, good) in [
            ("https://a.example", true),
            ("https://a.example/login?tenant=1", true),
            ("http://127.0.0.1:4000/oidc", true),
            ("http://[::1]:4000", true),
            ("http://localhost", true),
            ("http://a.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("https://user@a.example", false),
            ("https://a.example#x", false),
            ("ftp://a.example", false),
            ("a.example", false),
            ("/path", false),
            ("", false),
        ] {
            assert_eq!(url.parse::<HttpsUrl>().is_ok(), good, "{url}");
        }
    }
}
