//! Which addresses a call made for a merchant may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the address of a receiver must be, decided from its URL before its name is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRule {
    /// Any address of the public internet, and nothing else.
    Global,
    /// Test mode: a public address, or this machine.
    GlobalOrLoopback,
    /// Test mode with an unusual port or scheme: this machine only.
    Loopback,
}

impl AddressRule {
    /// Whether a connection to this address is allowed.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Global => is_global_unicast(address),
            Self::GlobalOrLoopback => is_global_unicast(address) || address.is_loopback(),
            Self::Loopback => address.is_loopback(),
        }
    }
}

/// Whether an address belongs to one host of the public internet.
///
/// Follows the IANA special-purpose address registries (RFC 6890), and is stricter where a block
/// can carry another address inside it: a translated or tunnelled address is refused whatever it
/// holds, because we cannot know where the translator sends it.
pub fn is_global_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !is_special_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// Network and prefix length of every IPv4 block that is not the public internet.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8), // "This network"; Linux connects 0.0.0.0 to itself.
    (Ipv4Addr::new(10, 0, 0, 0), 8), // Private.
    (Ipv4Addr::new(100, 64, 0, 0), 10), // Carrier-grade NAT, also used inside clouds.
    (Ipv4Addr::new(127, 0, 0, 0), 8), // Loopback.
    (Ipv4Addr::new(169, 254, 0, 0), 16), // Link-local, where clouds keep their metadata.
    (Ipv4Addr::new(172, 16, 0, 0), 12), // Private.
    (Ipv4Addr::new(192, 0, 0, 0), 24), // Protocol assignments.
    (Ipv4Addr::new(192, 0, 2, 0), 24), // Documentation.
    (Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relays, retired.
    (Ipv4Addr::new(192, 168, 0, 0), 16), // Private.
    (Ipv4Addr::new(198, 18, 0, 0), 15), // Benchmarking.
    (Ipv4Addr::new(198, 51, 100, 0), 24), // Documentation.
    (Ipv4Addr::new(203, 0, 113, 0), 24), // Documentation.
    (Ipv4Addr::new(224, 0, 0, 0), 4), // Multicast.
    (Ipv4Addr::new(240, 0, 0, 0), 4), // Class E and broadcast.
];

fn is_special_v4(address: Ipv4Addr) -> bool {
    SPECIAL_V4.iter().any(|(network, prefix)| {
        let mask = u32::MAX << (32 - prefix);
        address.to_bits() & mask == network.to_bits() & mask
    })
}

/// Network and prefix length of the blocks inside `2000::/3` that are not the public internet.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Teredo, benchmarking, ORCHID and the other protocol assignments.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32), // Documentation.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),      // 6to4 carries any IPv4 address.
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),      // Documentation.
];

/// Only `2000::/3` was ever given out as global unicast. This one test refuses loopback, mapped and
/// compatible IPv4, NAT64 in both spellings, unique local, link-local, site-local and multicast.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let global = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    let inside = |(network, prefix): (Ipv6Addr, u32)| {
        let mask = u128::MAX << (128 - prefix);
        address.to_bits() & mask == network.to_bits() & mask
    };
    inside(global) && !SPECIAL_V6.into_iter().any(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: bool, addresses: &[&str]) {
        for text in addresses {
            let address: IpAddr = text.parse().expect("the table holds addresses");
            assert_eq!(is_global_unicast(address), expected, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_global() {
        check(
            true,
            &[
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "41.226.11.252",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "191.255.255.255",
                "192.0.1.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
                "2001:200::1",
                "2001:4860:4860::8888",
                "2606:4700:4700::1111",
                "2a00:1450:4007::200e",
                "3ffe::1",
            ],
        );
    }

    #[test]
    fn special_ipv4_addresses_are_not_global() {
        check(
            false,
            &[
                "0.0.0.0",
                "0.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.100.100.200",
                "100.127.255.255",
                "127.0.0.1",
                "127.0.0.2",
                "127.255.255.255",
                "169.254.0.0",
                "169.254.169.254",
                "169.254.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.0.0.1",
                "192.0.0.170",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.0",
                "192.168.255.255",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.7",
                "203.0.113.9",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.254",
                "255.255.255.255",
            ],
        );
    }

    #[test]
    fn special_ipv6_addresses_are_not_global() {
        check(
            false,
            &[
                "::",
                "::1",
                "::8.8.8.8",
                "::127.0.0.1",
                "::ffff:127.0.0.1",
                "::ffff:8.8.8.8",
                "::ffff:0:8.8.8.8",
                "64:ff9b::8.8.8.8",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                "2001:2::1",
                "2001:10::1",
                "2001:20::1",
                "2001:db8::1",
                "2002:7f00:1::1",
                "2002:808:808::1",
                "3fff::1",
                "4000::1",
                "5f00::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "ff0e::1",
            ],
        );
    }

    #[test]
    fn the_loopback_rule_allows_this_machine_only() {
        for (address, allowed) in [("127.0.0.2", true), ("::1", true), ("8.8.8.8", false)] {
            let address = address.parse().expect("the table holds addresses");
            assert_eq!(AddressRule::Loopback.allows(address), allowed);
        }
    }

    #[test]
    fn test_mode_does_not_open_private_networks() {
        let address = "192.168.1.1".parse().expect("an address");
        assert!(!AddressRule::GlobalOrLoopback.allows(address));
    }
}
