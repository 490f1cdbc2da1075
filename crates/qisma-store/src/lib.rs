//! Keeps what the domain decides: lanes, transactions, SQL.
//!
//! The only gateway crate that names SQLite or PostgreSQL. A change of state goes through [`Store::run`]: the lane
//! loads what the command names, lets the domain decide, and writes state, journal, event and
//! idempotency row in one transaction before anybody is answered. A read goes through
//! [`Store::read`], straight to a read connection.

pub mod audit;
mod cards;
pub mod carry;
mod error;
mod find;
mod fold;
mod history;
mod inspect;
mod job;
mod lane;
mod lane_writer;
mod leases;
mod ledger;
mod migrate;
#[cfg(feature = "mutants")]
mod mutants;
mod operations;
mod outbox;
mod payment_rows;
mod pool;
pub mod postgres;
mod reader;
mod refunds;
mod row;
mod rows;
mod save_error;
mod saved_cards;
mod session;
mod settlements;
pub mod sqlite;
mod stopping;

pub use error::{OpenError, ReadError, RunError};
pub use history::{History, HistoryChannel, HistoryFound, Place};
pub use inspect::{
    KeyClaim, check_schema, claim, examine_server, key_id, migrate_engine, schema_version,
    sqlite_version, unfolded,
};
pub use lane::{Lane, LaneOptions, QUEUE_MAX};
pub use lane_writer::LaneWriter;
pub use leases::{Fence, LeaseOptions, Shards};
pub use ledger::{HoldWanted, OpenHold, Unfolded};
pub use migrate::{MigrateReport, migrate};
pub use operations::OperationsBefore;
pub use outbox::{Receiver, Waiting};
pub use postgres::{PostgresOptions, ServerHealth};
pub use reader::{AuthRow, JournalLine, Reader};
pub use save_error::SaveError;
pub use settlements::ToSettle;
pub use stopping::Stopping;

use qisma_domain::calendar::Calendar;
use qisma_domain::decide::Decide;
use qisma_domain::snapshot::Keys;
use qisma_domain::time::Timestamp;
use rand_core::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

use pool::ReadPool;

/// Where the database is.
#[derive(Clone)]
pub enum Engine {
    /// A file of the embedded engine; created when absent.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(PostgresOptions),
}

impl Engine {
    /// Where the database is, as it may be shown.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(options) => postgres::Target::new(options)
                .map_or_else(|_| "a PostgreSQL server".to_owned(), |target| target.name()),
        }
    }

    /// The engine's name, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// When balances follow the journal (ADR 0018).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// In the transaction that writes the entry.
    #[default]
    Inline,
    /// Afterwards, by a worker, as far as nothing is taken that is not reserved.
    Deferred,
}

/// How to open a store.
pub struct StoreOptions {
    /// The database.
    pub engine: Engine,
    /// Read connections.
    pub read_connections_max: usize,
    /// How the work is shared, where the engine is one that several gateways may use.
    pub leases: LeaseOptions,
    /// When balances follow the journal.
    pub fold: Fold,
    /// Which days banks work.
    pub calendar: Arc<Calendar>,
    /// The clock of commands.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The chance of commands, for one lane after the other.
    pub rng: Box<dyn FnMut() -> Box<dyn Rng + Send> + Send>,
    /// Called once by each lane that finds a commit's outcome unknown for good: the process must end
    /// (exit 70), because what the disk holds can only be known by opening it again.
    pub on_fatal: Arc<dyn Fn(String) + Send + Sync>,
    /// Called after each commit with a delivery to send. Thousands of other commits a second must
    /// wake nobody.
    pub on_delivery: Arc<dyn Fn() + Send + Sync>,
}

/// The store: lanes for changes, several connections for reads.
#[derive(Clone)]
pub struct Store {
    lanes: Arc<Vec<Lane>>,
    next_lane: Arc<AtomicUsize>,
    reads: Arc<ReadPool>,
    server: Option<Arc<postgres::Target>>,
    /// None: the engine is one gateway's.
    keeper: Option<Arc<postgres::Keeper>>,
    shard_changes: watch::Receiver<u64>,
    unfolded: watch::Receiver<u64>,
    callers_version: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database, bringing its schema up to date.
    ///
    /// Refuses a database that is not ours, a schema newer than this binary, and an engine or
    /// settings that would not survive a power cut.
    pub fn open(mut options: StoreOptions) -> Result<Self, OpenError> {
        let now = (options.now)();
        let (tell, unfolded) = watch::channel(0_u64);
        let tell: Arc<dyn Fn() + Send + Sync> =
            Arc::new(move || tell.send_modify(|count| *count = count.wrapping_add(1)));
        let callers_version = Arc::new(AtomicU64::new(0));
        let tell = Tell { on_unfolded: tell, callers_version: callers_version.clone() };
        let (lanes, reads, server) = match options.engine.clone() {
            Engine::Sqlite(path) => {
                let writer = sqlite::open_writer(&path, now)?;
                let reads = ReadPool::of_file(&path, options.read_connections_max)?;
                (vec![options.lane(writer, &tell)?], reads, None)
            }
            Engine::Postgres(given) => {
                let target = postgres::Target::new(&given)?;
                let rng = &mut options.rng;
                let writers = inspect::apart(|| {
                    postgres::migrate(&target, now)?;
                    let open = |_| postgres::Writer::open(&target, rng());
                    (0..given.lanes.max(1)).map(open).collect::<Result<Vec<_>, _>>()
                })?;
                let mut lanes = vec![];
                for writer in writers {
                    lanes.push(options.lane(writer, &tell)?);
                }
                let reads = ReadPool::of_server(&target, options.read_connections_max);
                (lanes, reads, Some(Arc::new(target)))
            }
        };
        let keeper = server.as_deref().map(|target| Arc::new(options.keeper(target)));
        let shard_changes =
            keeper.as_ref().map_or_else(|| watch::channel(0).1, |keeper| keeper.changes());
        let (lanes, reads) = (Arc::new(lanes), Arc::new(reads));
        Ok(Self {
            lanes,
            next_lane: Arc::default(),
            reads,
            server,
            keeper,
            shard_changes,
            unfolded,
            callers_version,
        })
    }

    /// Runs a command for a caller: refused at once when the lane is too busy.
    pub async fn run<D: Decide>(&self, command: D) -> Result<D::Answer, RunError<D::Refusal>> {
        self.lane_of(&command).run(command, false, Fence::none()).await
    }

    /// Runs a command for a worker or an acquirer's outcome: money has moved already, so a quarter
    /// of the queue is kept for these.
    pub async fn run_reserved<D: Decide>(
        &self,
        command: D,
    ) -> Result<D::Answer, RunError<D::Refusal>> {
        self.run_fenced(command, &Fence::none()).await
    }

    /// The lane of a command: one shard, one lane, so that the lanes of one process seldom race; and
    /// whatever no shard ties down, in turn.
    fn lane_of<D: Decide>(&self, command: &D) -> &Lane {
        if let [only] = self.lanes.as_slice() {
            return only;
        }
        let named = || {
            let mut keys = Keys::default();
            command.keys(&mut keys);
            keys.shard()
        };
        // One that cannot name its rows is answered by a lane, like any other bug of a command.
        let shard = catch_unwind(AssertUnwindSafe(named)).ok().flatten();
        let number = shard.map_or_else(
            || self.next_lane.fetch_add(1, Ordering::Relaxed),
            |shard| usize::from(shard.0),
        );
        &self.lanes[number % self.lanes.len()]
    }

    /// Reads from a read connection.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.reads.read(read).await
    }

    /// Forgets what says which batches were committed before this moment, where the engine keeps that:
    /// nobody waits so long for the answer to a commit.
    pub async fn forget_batches(&self, before: Timestamp) -> Result<(), OpenError> {
        let Some(target) = self.server.clone() else { return Ok(()) };
        let pruning = tokio::task::spawn_blocking(move || postgres::prune_batches(&target, before));
        pruning.await.unwrap_or(Ok(()))
    }

    /// Tells when a commit of this gateway has left lines of the journal to be folded.
    pub fn unfolded_changes(&self) -> watch::Receiver<u64> {
        self.unfolded.clone()
    }

    /// A number that grows with each commit of this gateway that changes a merchant, an app or a key,
    /// before that commit is answered: what was read of them under an older number may be out of date.
    pub fn callers_version(&self) -> u64 {
        self.callers_version.load(Ordering::Acquire)
    }

    /// Commands waiting in the lanes.
    pub fn queue_depth(&self) -> usize {
        self.lanes.iter().map(Lane::depth).sum()
    }

    /// Commits the queues and stops the lanes; later commands are refused. Then hands the shards over
    /// to the other gateways.
    pub fn close(&self) {
        for lane in self.lanes.iter() {
            lane.close();
        }
        if let Some(keeper) = &self.keeper {
            // On a thread of its own: the caller's may belong to a runtime.
            std::thread::scope(|scope| {
                scope.spawn(|| keeper.end());
            });
        }
    }
}

/// What the lanes tell the store.
struct Tell {
    on_unfolded: Arc<dyn Fn() + Send + Sync>,
    callers_version: Arc<AtomicU64>,
}

impl StoreOptions {
    fn keeper(&mut self, target: &postgres::Target) -> postgres::Keeper {
        postgres::Keeper::new(target, self.leases, self.now.clone(), &mut *(self.rng)())
    }

    fn lane(&mut self, writer: impl LaneWriter, tell: &Tell) -> Result<Lane, OpenError> {
        let on_fatal = self.on_fatal.clone();
        Lane::start(
            writer,
            LaneOptions {
                now: self.now.clone(),
                rng: (self.rng)(),
                on_fatal: Box::new(move |why| on_fatal(why)),
                on_delivery: self.on_delivery.clone(),
                fold: self.fold,
                calendar: self.calendar.clone(),
                on_unfolded: tell.on_unfolded.clone(),
                callers_version: tell.callers_version.clone(),
            },
        )
    }
}
