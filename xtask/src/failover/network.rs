//! Where the nodes are: on the loopback, or each behind a cable of its own that can be pulled.

use anyhow::Context as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use throwaway_postgres::Account;

use super::world::tool;
use crate::client::process::Process;

/// How many nodes there are.
pub const NODES: usize = 3;

/// A network inside a world.
pub enum Network {
    /// Everybody on the loopback, each node with an address of its own.
    Loopback,
    /// Each node in a network namespace, all of them plugged into one bridge.
    Cables([Process; NODES]),
}

impl Network {
    /// Lays cables.
    ///
    /// Fails where the machine's kernel has no bridges or no pairs of devices.
    pub fn cables(directory: &Path) -> anyhow::Result<Self> {
        tool("ip", &["link", "add", "bridge", "type", "bridge"])?;
        tool("ip", &["addr", "add", "10.77.0.10/24", "dev", "bridge"])?;
        tool("ip", &["link", "set", "bridge", "up"])?;
        let cable = |node: usize| -> anyhow::Result<Process> {
            // A namespace lives as long as somebody is in it.
            let mut holder = Command::new("unshare");
            holder.args(["--net", "sleep", "infinity"]);
            let holder = Process::start(&mut holder, &directory.join("network.log"))?;
            plug(node, holder.id()).with_context(|| format!("the cable of node {node}"))?;
            Ok(holder)
        };
        Ok(Self::Cables([cable(0)?, cable(1)?, cable(2)?]))
    }

    /// Where etcd, the gateway and the clients are.
    pub fn centre(&self) -> Ipv4Addr {
        self.address_of(10)
    }

    /// Where a node is.
    pub fn node(&self, node: usize) -> Ipv4Addr {
        self.address_of(11 + u8::try_from(node).expect("there are few nodes"))
    }

    fn address_of(&self, last: u8) -> Ipv4Addr {
        match self {
            Self::Loopback => Ipv4Addr::new(127, 0, 0, last),
            Self::Cables(_) => Ipv4Addr::new(10, 77, 0, last),
        }
    }

    /// A command run on a node as the servers' account.
    pub fn command_on(&self, node: usize, account: Account, program: &str) -> Command {
        let Self::Cables(holders) = self else { return account.command(program) };
        let mut command = Command::new("nsenter");
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC");
        command.args(["--target", &holders[node].id().to_string(), "--net"]);
        command.args(["--setuid", &account.user().to_string()]);
        command.args(["--setgid", &account.group().to_string(), "--no-fork", "--", program]);
        command
    }

    /// Pulls a node's cable: what is sent either way is gone without a word.
    pub fn cut(node: usize) -> anyhow::Result<()> {
        tool("ip", &["link", "set", &format!("cable{node}"), "nomaster"])
    }

    /// Plugs it in again.
    pub fn mend(node: usize) -> anyhow::Result<()> {
        tool("ip", &["link", "set", &format!("cable{node}"), "master", "bridge"])
    }
}

/// Lays a cable from the bridge into the namespace of a process.
fn plug(node: usize, holder: u32) -> anyhow::Result<()> {
    let (here, there) = (format!("cable{node}"), format!("node{node}"));
    tool("ip", &["link", "add", &here, "type", "veth", "peer", "name", &there])?;
    // The holder enters its namespace before it becomes `sleep`.
    let holder = holder.to_string();
    let own = format!("/proc/{holder}/ns/net");
    while std::fs::read_link(&own)? == std::fs::read_link("/proc/self/ns/net")? {
        std::thread::yield_now();
    }
    tool("ip", &["link", "set", &there, "netns", &holder])?;
    tool("ip", &["link", "set", &here, "master", "bridge", "up"])?;
    let inside = |arguments: &[&str]| {
        tool("nsenter", &[&["--target", &holder, "--net", "ip"], arguments].concat())
    };
    inside(&["link", "set", "lo", "up"])?;
    inside(&["addr", "add", &format!("10.77.0.{}/24", 11 + node), "dev", &there])?;
    inside(&["link", "set", &there, "up"])
}
