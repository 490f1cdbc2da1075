//! Ports that stay ours over a restart.

use anyhow::Context as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the range from which the kernel takes ports for outgoing connections: while a killed server
/// is away, one of those would otherwise be given its port.
const PORTS: std::ops::Range<u16> = 18_000..28_000;

/// A free port of this machine, other than those before it.
pub fn free(taken: &[SocketAddr]) -> anyhow::Result<SocketAddr> {
    // Two harnesses at once begin at different places.
    let begin = PORTS.start + u16::try_from(std::process::id() % 9_000).expect("below 9,000");
    let candidates = (begin..PORTS.end).chain(PORTS.start..begin);
    let mut addresses = candidates.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    addresses
        .find(|address| !taken.contains(address) && TcpListener::bind(address).is_ok())
        .context("no port of this machine is free between 18,000 and 28,000")
}
