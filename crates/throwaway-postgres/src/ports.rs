//! Free ports of this machine.

use anyhow::Context as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the kernel takes ports for outgoing connections, so that a server can
/// come back on its port, and beside the one that the harnesses of xtask use.
const PORTS: std::ops::Range<u16> = 28_000..32_000;

/// How many were given out, so that two servers of a process begin to look at different places.
static GIVEN: AtomicU16 = AtomicU16::new(0);

/// A port of the loopback that is free now; somebody else may be faster.
pub fn free() -> anyhow::Result<u16> {
    // Neighbouring processes begin far from each other.
    let process =
        std::process::id().wrapping_mul(97) + u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
    let begin = PORTS.start + u16::try_from(process % 4_000).expect("below 4,000");
    let mut candidates = (begin..PORTS.end).chain(PORTS.start..begin);
    candidates
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no port of this machine is free between 28,000 and 32,000")
}
