//! Throw-away PostgreSQL servers, from the binaries of this machine, for tests and benchmarks.
//!
//! A [`Cluster`] listens on a free port of the loopback and lives in a directory of its own. It and
//! its directory are gone when its owner is, however that ended: a supervisor waits for a lock
//! that the kernel takes from the dead. [`Cluster::shared`] gives all processes of a test run the same
//! one, which ends some seconds after the last of them. [`Stand`] is what a suite runs on: a cluster
//! in one of the [`Profile`]s, with a [`Pooler`] in front where the profile has one.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use throwaway_postgres::{Profile, Stand};
//!
//! let stand = Stand::shared(Profile::Plain)?;
//! let database = stand.database().await?;
//! println!("postgres is at {}", database.url());
//! # Ok(())
//! # }
//! ```

mod account;
mod binaries;
mod cluster;
mod database;
mod lent;
mod place;
mod pooler;
mod ports;
mod profile;
mod supervisor;

pub use crate::account::Account;
pub use crate::binaries::{Binaries, Version};
pub use crate::cluster::{Cluster, Options, Stop};
pub use crate::database::Database;
pub use crate::lent::{Lent, PROFILE_VARIABLE};
pub use crate::pooler::Pooler;
pub use crate::profile::{Profile, Stand};
