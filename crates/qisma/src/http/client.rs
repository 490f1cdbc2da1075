//! Which client a request comes from. It is whoever opened the connection, or, behind proxies that the
//! settings name, whom they say they were called by. Anybody else's word on it is not listened to.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A client, as far as limits tell clients apart: an IPv4 address, or the first 64 bits of an IPv6 one.
/// The other 64 are the client's to choose, so each of them would be a fresh budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The client of a request that came over this connection, with these headers.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[Network]) -> Self {
        let is_trusted =
            |address: &IpAddr| trusted_proxies.iter().any(|proxy| proxy.contains(*address));
        let mut client = peer;
        // Each proxy adds its own client at the end, so what a stranger wrote stands further left.
        let mut hops = forwarded_for(headers);
        while is_trusted(&client) {
            // Something that is no address was not written by a proxy of ours.
            let Some(hop) = hops.pop().flatten() else { break };
            client = hop;
        }
        Self::network_of(client)
    }

    const fn network_of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }

    /// The address as acquirers take it: of IPv6 only the network is known.
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// The client of a request with these parts.
    pub fn of_parts(parts: &Parts, trusted_proxies: &[Network]) -> Self {
        // Absent only where a router is served without it: then all clients are one.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Self::of(peer, &parts.headers, trusted_proxies)
    }
}

/// The hops that the headers name, in their order; several headers are one list (RFC 9110, section
/// 5.3).
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(X_FORWARDED_FOR).iter();
    values.flat_map(|value| value.to_str().unwrap_or_default().split(',').map(address_of)).collect()
}

/// An address, also with a port behind it, as some proxies write.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Set by the middleware around every request; without it no proxy is trusted.
        let known = parts.extensions.get::<Self>().copied();
        Ok(known.unwrap_or_else(|| Self::of_parts(parts, &[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// The client of a peer that sent these headers, behind proxies in 10.0.0.0/8.
    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        ClientAddress::of(peer.parse().unwrap(), &headers, &proxies).0.to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_says_who_called_it() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_of_ours_is_the_client() {
        let forwarded = ["198.51.100.1, 203.0.113.9", "10.0.0.2 , 10.0.0.3"];
        assert_eq!(client("10.0.0.1", &forwarded), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_way_back() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, <script>, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn ipv6_clients_are_told_apart_by_64_bits() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(client("10.0.0.1", &["[2001:db8:1:2::9]:443"]), "2001:db8:1:2::");
        assert_eq!(client("10.0.0.1", &["[2001:db8:1:2::9]"]), "2001:db8:1:2::");
    }
}
