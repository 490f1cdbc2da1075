//! What is done to the servers, and how soon writes have to be back.

use std::fmt;
use std::time::Duration;

/// Something that happens to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The primary's postmaster is killed; Patroni lives.
    Postmaster,
    /// The primary's machine is gone: Patroni and PostgreSQL are killed.
    Node,
    /// The operator moves the primary.
    Switchover,
    /// The primary's machine stands still for a minute and then goes on as if nothing had been.
    Frozen,
    /// The primary is cut off from everybody, and lives.
    Partition,
    /// Both standbys stand still for a while, then the primary's machine is gone and they go on.
    Lagging,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Postmaster,
        Self::Node,
        Self::Switchover,
        Self::Frozen,
        Self::Partition,
        Self::Lagging,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postmaster => "postmaster",
            Self::Node => "node",
            Self::Switchover => "switchover",
            Self::Frozen => "frozen",
            Self::Partition => "partition",
            Self::Lagging => "lagging",
        }
    }

    /// How long it lasts, where it does: then it is undone.
    pub fn lasts(self) -> Duration {
        match self {
            Self::Postmaster | Self::Node | Self::Switchover => Duration::ZERO,
            Self::Frozen | Self::Partition => Duration::from_mins(1),
            Self::Lagging => Duration::from_secs(8),
        }
    }

    /// How much longer it is watched: past the second standstill, the one for a new standby.
    pub fn watched(self) -> Duration {
        match self {
            Self::Postmaster | Self::Switchover => Duration::from_secs(25),
            Self::Node | Self::Lagging => Duration::from_secs(45),
            Self::Frozen | Self::Partition => Duration::from_secs(20),
        }
    }

    /// The longest that writes may stand still, all standstills together.
    pub fn standstill_max(self) -> Duration {
        match self {
            Self::Postmaster => Duration::from_secs(10),
            Self::Switchover => Duration::from_secs(5),
            Self::Node | Self::Frozen | Self::Partition => Duration::from_secs(30),
            // Nobody can write while no standby takes anything.
            Self::Lagging => Duration::from_secs(30) + self.lasts(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
