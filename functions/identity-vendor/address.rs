//! The address that a request comes from.

use std::net::{IpAddr, Ipv6Addr};

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

/// An address, as failures are counted by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// Of whom `event` comes from, where `trusted_hops` proxies of ours stand before the API.
    ///
    /// API Gateway knows whom it was asked by, and puts that at the end of `X-Forwarded-For`. What stands left of it
    /// was said by that peer, and is believed only if the peer is ours; and so on, hop by hop.
    pub(crate) fn of(event: &ApiGatewayV2httpRequest, trusted_hops: usize) -> Option<Self> {
        let peer = event.request_context.http.source_ip.as_deref()?;
        let forwarded = event.headers.get_all("x-forwarded-for").iter();
        let forwarded = forwarded.filter_map(|value| value.to_str().ok());
        let listed: Vec<&str> = forwarded
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        // A function URL's list may lack the peer.
        let before = match listed.split_last() {
            Some((last, before)) if *last == peer => before,
            _ => &listed,
        };
        let hop = trusted_hops.checked_sub(1);
        let named = hop.and_then(|hop| before.iter().rev().nth(hop));
        let address = named.copied().and_then(parse).or_else(|| parse(peer));
        address.map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address; of IPv6 its network, for whoever has one address has 2^64.
fn parse(text: &str) -> Option<String> {
    match text.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            Some(format!("{}/64", Ipv6Addr::from_bits(network)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn address(peer: &str, forwarded: &str, trusted_hops: usize) -> Option<String> {
        let event = json!({
            "headers": {"x-forwarded-for": forwarded},
            "requestContext": {"http": {"method": "GET", "sourceIp": peer}},
        });
        let event: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
        Address::of(&event, trusted_hops).map(|address| address.0)
    }

    #[test]
    fn nobody_is_believed_who_is_no_proxy_of_ours() {
        let forwarded = "198.51.100.1, 203.0.113.7,192.0.2.10";
        for (trusted_hops, expected) in [
            (0, "192.0.2.10"),
            (1, "203.0.113.7"),
            (2, "198.51.100.1"),
            // There are fewer than there should be: the peer counts.
            (3, "192.0.2.10"),
        ] {
            let found = address("192.0.2.10", forwarded, trusted_hops);
            assert_eq!(found.as_deref(), Some(expected), "{trusted_hops}");
        }
        assert_eq!(address("192.0.2.10", "", 1).as_deref(), Some("192.0.2.10"));
        let nonsense = address("192.0.2.10", "unknown,192.0.2.10", 1);
        assert_eq!(nonsense.as_deref(), Some("192.0.2.10"));
        assert_eq!(address("canary", "", 0), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let one = address("2001:db8:1:2:aaaa::1", "", 0);
        assert_eq!(one.as_deref(), Some("2001:db8:1:2::/64"));
        assert_eq!(one, address("2001:db8:1:2::2", "", 0));
        assert_ne!(one, address("2001:db8:1:3::2", "", 0));
        assert_eq!(
            address("::ffff:192.0.2.10", "", 0).as_deref(),
            Some("192.0.2.10")
        );
    }
}
