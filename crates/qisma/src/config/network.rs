//! A network of IP addresses, to say which proxies are ours.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that share their first bits, written `10.0.0.0/8`; a lone address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    // Invariant: the bits behind the prefix are zero.
    first: IpAddr,
    prefix_bits: u32,
}

/// Not an address, not a network, or one with bits behind its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

impl Network {
    /// Whether the address belongs to it. An IPv4 address that arrived as IPv6 (`::ffff:10.1.2.3`)
    /// counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                first == masked_v4(address, self.prefix_bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                first == masked_v6(address, self.prefix_bits)
            }
            _ => false,
        }
    }

    /// Whether it is every address there is.
    pub const fn is_everything(&self) -> bool {
        self.prefix_bits == 0
    }
}

fn masked_v4(address: Ipv4Addr, prefix_bits: u32) -> Ipv4Addr {
    // Shifting by the full width is no shift at all, hence the checked one.
    let mask = u32::MAX.checked_shl(32 - prefix_bits).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}

fn masked_v6(address: Ipv6Addr, prefix_bits: u32) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - prefix_bits).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let width_bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| NotANetwork)?,
            None => width_bits,
        };
        if prefix_bits > width_bits {
            return Err(NotANetwork);
        }
        let network = Self { first, prefix_bits };
        // 10.1.2.3/8 is more often a slip than a wish, and a slip here trusts strangers.
        if network.contains(first) { Ok(network) } else { Err(NotANetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_belongs_to_the_network_that_shares_its_first_bits() {
        assert!(contains("10.0.0.0/8", "10.200.1.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
    }

    #[test]
    fn an_address_alone_is_a_network_of_one() {
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_recognised() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    }

    #[test]
    fn a_prefix_of_nothing_holds_every_address() {
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.1.2.3/8", "proxy.example", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }
}
