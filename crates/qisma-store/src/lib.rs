//! Keeps what the domain decides: lanes, transactions, SQL.
//!
//! The only gateway crate that names SQLite. A change of state goes through [`Store::run`]: the lane
//! loads what the command names, lets the domain decide, and writes state, journal, event and
//! idempotency row in one transaction before anybody is answered. A read goes through
//! [`Store::read`], straight to a read connection.

pub mod audit;
mod error;
mod fold;
mod inspect;
mod lane;
mod migrate;
#[cfg(feature = "mutants")]
mod mutants;
mod outbox;
mod reader;
pub mod sqlite;

pub use error::{OpenError, ReadError, RunError};
pub use inspect::{KeyClaim, claim, key_id, migrate_file, schema_version, sqlite_version};
pub use lane::{Lane, LaneOptions, QUEUE_MAX};
pub use migrate::{MigrateReport, migrate};
pub use outbox::{Receiver, Waiting};
pub use reader::{AuthRow, JournalLine, Reader};

use qisma_domain::decide::Decide;
use qisma_domain::time::Timestamp;
use rand_core::Rng;
use std::path::PathBuf;
use std::sync::Arc;

/// How to open a store.
pub struct StoreOptions {
    /// The database file; created when absent.
    pub path: PathBuf,
    /// Read connections.
    pub read_connections_max: usize,
    /// The clock of commands.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The chance of commands.
    pub rng: Box<dyn Rng + Send>,
    /// Called once when a commit's outcome is unknown: the process must end (exit 70), because what
    /// the disk holds can only be known by opening it again.
    pub on_fatal: Box<dyn Fn(String) + Send>,
    /// Called after each commit with a delivery to send. Thousands of other commits a second must
    /// wake nobody.
    pub on_delivery: Arc<dyn Fn() + Send + Sync>,
}

/// The store: one lane for changes, several connections for reads.
#[derive(Clone)]
pub struct Store {
    lane: Arc<Lane>,
    reads: Arc<sqlite::ReadPool>,
}

impl Store {
    /// Opens the database, bringing its schema up to date.
    ///
    /// Refuses a file that is not a database, a schema newer than this binary, a SQLite older than
    /// 3.51.3, and settings that would not survive a power cut.
    pub fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let writer = sqlite::open_writer(&options.path, (options.now)())?;
        let reads = sqlite::ReadPool::open(&options.path, options.read_connections_max)?;
        let lane = Lane::start(
            writer,
            LaneOptions {
                now: options.now,
                rng: options.rng,
                on_fatal: options.on_fatal,
                on_delivery: options.on_delivery,
            },
        )?;
        Ok(Self { lane: Arc::new(lane), reads: Arc::new(reads) })
    }

    /// Runs a command for a caller: refused at once when the lane is too busy.
    pub async fn run<D: Decide>(&self, command: D) -> Result<D::Answer, RunError<D::Refusal>> {
        self.lane.run(command, false).await
    }

    /// Runs a command for a worker or an acquirer's outcome: money has moved already, so a quarter
    /// of the queue is kept for these.
    pub async fn run_reserved<D: Decide>(
        &self,
        command: D,
    ) -> Result<D::Answer, RunError<D::Refusal>> {
        self.lane.run(command, true).await
    }

    /// Reads from a read connection.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.reads.read(read).await
    }

    /// Commands waiting in the lane.
    pub fn queue_depth(&self) -> usize {
        self.lane.depth()
    }

    /// Commits the queue and stops the lane; later commands are refused.
    pub fn close(&self) {
        self.lane.close();
    }
}
