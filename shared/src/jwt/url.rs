//! URLs of issuers and of their keys: https, or http to a loopback address.

use std::fmt;

use http::Uri;
use serde::Deserialize;

/// An issuer: an https URL without query; http only to a loopback address, for tests on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IssuerUrl(#[cfg_attr(feature = "schema", schemars(url))] String);

impl IssuerUrl {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IssuerUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let error =
            "expected an https URL without query or fragment (http to 127.0.0.1 or localhost only)";
        let url = secure(&text).ok_or(error)?;
        if url.query().is_some() {
            return Err(error);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Where an issuer's keys are: an https URL, as it is written, for it may end in a slash and have a query;
/// http only to a loopback address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeysUrl(#[cfg_attr(feature = "schema", schemars(url))] String);

impl KeysUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a document of `issuer` may name this URL: http to this machine is for an issuer on this machine.
    pub(super) fn may_be_named_by(&self, issuer: &IssuerUrl) -> bool {
        let is_local = |text: &str| text.parse().is_ok_and(|url| is_loopback(&url));
        self.0.starts_with("https:") || is_local(issuer.as_str())
    }
}

impl TryFrom<String> for KeysUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let expected =
            "expected an https URL without fragment (http to 127.0.0.1 or localhost only)";
        secure(&text).ok_or(expected)?;
        Ok(Self(text))
    }
}

/// The Lambda Runtime API's host and port: no issuer may send us there, where the next invocation's event is
/// to be had and any answer can be given.
#[derive(Clone, PartialEq, Eq)]
pub struct RuntimeApi(Uri);

impl RuntimeApi {
    /// Of `AWS_LAMBDA_RUNTIME_API`, `host:port`.
    pub fn new(authority: &str) -> Option<Self> {
        Some(Self(format!("http://{authority}").parse().ok()?))
    }

    /// Whether a request to `url` would reach it, by any name of this machine.
    pub(super) fn is_meant_by(&self, url: &str) -> bool {
        let Ok(url) = url.parse::<Uri>() else {
            return false;
        };
        let same_host = url.host() == self.0.host() || (is_loopback(&url) && is_loopback(&self.0));
        same_host && port(&url) == port(&self.0)
    }
}

impl fmt::Debug for RuntimeApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuntimeApi({})", self.0)
    }
}

fn port(url: &Uri) -> u16 {
    let standard = if url.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    url.port_u16().unwrap_or(standard)
}

/// `text` as a URL that may be fetched from: https, or http to this machine; no user, no fragment.
fn secure(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let secure = match url.scheme_str()? {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    let plain = !text.contains(['#', '@', ' ']);
    let host = url.host().is_some_and(|host| !host.is_empty());
    (secure && plain && host).then_some(url)
}

fn is_loopback(url: &Uri) -> bool {
    matches!(url.host(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> KeysUrl {
        KeysUrl::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_url_of_keys_is_kept_as_it_is_written() {
        let written = "https://a.example/keys/?tenant=7";
        assert_eq!(keys(written).as_str(), written);
        for wrong in [
            "http://a.example/keys",
            "https://a.example/#x",
            "https://user@a.example/",
            "https:///keys",
            "file:///keys",
        ] {
            assert!(KeysUrl::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_an_issuer_on_this_machine_names_keys_on_this_machine() {
        let issuer = |text: &str| IssuerUrl::try_from(text.to_owned()).unwrap();
        let local = keys("http://127.0.0.1:8080/keys");
        assert!(local.may_be_named_by(&issuer("http://localhost:8080")));
        assert!(!local.may_be_named_by(&issuer("https://a.example")));
        assert!(keys("https://b.example/keys").may_be_named_by(&issuer("https://a.example")));
    }

    #[test]
    fn the_runtime_api_is_known_by_every_name_of_this_machine() {
        let runtime_api = RuntimeApi::new("127.0.0.1:9001").unwrap();
        for url in [
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "http://localhost:9001/",
            "https://[::1]:9001/",
        ] {
            assert!(runtime_api.is_meant_by(url), "{url}");
        }
        for url in ["http://127.0.0.1:9002/", "https://a.example:9001/"] {
            assert!(!runtime_api.is_meant_by(url), "{url}");
        }
    }
}
