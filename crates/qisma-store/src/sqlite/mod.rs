//! The embedded engine: SQLite through rusqlite, one writing connection, several reading ones.

mod load;
mod save;
mod save_books;
mod save_people;
mod save_refunds;
pub mod statements;

pub use statements as sql;
pub use statements::ALL as ALL_STATEMENTS;

use qisma_domain::changes::Changes;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use crate::error::{OpenError, ReadError};
use crate::lane_writer::LaneWriter;
use crate::leases::Fence;
use crate::migrate::{MigrateReport, migrate};
use crate::save_error::SaveError;

/// The WAL-reset bug is fixed from here on; 3.52.0 was withdrawn.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
const SQLITE_VERSION_WITHDRAWN: i32 = 3_052_000;
/// Pages in the WAL at which the writing thread checkpoints: 4,000 doubles p99 at saturation.
const CHECKPOINT_PAGES: i32 = 1_000;
/// Pages (64 MiB) at which the writing thread waits for readers, so that the WAL begins anew: under
/// readers without a pause an ordinary checkpoint never gets to its end.
const RESTART_PAGES: i32 = 16_384;
/// How long the writing connection waits for a lock that somebody else holds. The data directory is
/// ours alone, so this is a backup tool or an operator's shell, and commands must not queue behind it.
const WRITER_BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The one writing connection. Its thread checkpoints too, so no second connection ever resets the
/// WAL (durable-commit rule D6).
pub struct Writer {
    connection: Connection,
    /// Raised at each start and checked in each commit: a process that was thawed after another
    /// took over must not write (D7).
    epoch: i64,
    /// Pages in the WAL after the last commit.
    wal_pages: Arc<AtomicI32>,
    /// Pages at which a checkpoint next waits for readers.
    restart_at: i32,
}

/// A checkpoint failed: what the disk holds is not known (durable-commit rule D2).
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint failed: {0}")]
struct CheckpointFailed(rusqlite::Error);

impl Writer {
    /// Lets the database grow to so many pages of 4 KiB and no further: what does not fit is answered
    /// as on a full disk.
    pub fn limit_pages(&self, pages_max: u32) -> Result<(), rusqlite::Error> {
        self.connection.query_row(&format!("PRAGMA max_page_count = {pages_max}"), [], |_| Ok(()))
    }

    /// Copies the WAL into the database when it has grown enough.
    ///
    /// Not done inside the commit (SQLite's hook): there an error would come out of a COMMIT that
    /// has succeeded, and "the disk is full, nothing was written" would be a lie.
    fn checkpoint_when_due(&mut self) -> Result<(), CheckpointFailed> {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            // The WAL has begun anew.
            self.restart_at = RESTART_PAGES;
            return Ok(());
        }
        let waits = self.restart_at <= pages;
        let sql =
            if waits { "PRAGMA wal_checkpoint(RESTART)" } else { "PRAGMA wal_checkpoint(PASSIVE)" };
        match self.connection.query_row(sql, [], |row| row.get::<_, bool>(0)) {
            Ok(busy) => {
                // A reader that is still there after the wait is not waited for at each commit.
                if waits && busy {
                    self.restart_at = pages.saturating_add(RESTART_PAGES);
                }
                Ok(())
            }
            // What was committed is safe in the WAL; the next commit will say if that is full too.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                tracing::warn!(pages, "the disk is full: the WAL could not be checkpointed");
                Ok(())
            }
            Err(error) => Err(CheckpointFailed(error)),
        }
    }
}

impl LaneWriter for Writer {
    fn load(&mut self, keys: &Keys) -> Result<Snapshot, ReadError> {
        self.load_round(keys)
    }

    // A file has one owner, whose lock is the fence.
    fn save(
        &mut self,
        changes: Changes,
        _fences: &[Fence],
        _now: Timestamp,
    ) -> Result<(), SaveError> {
        self.save_changes(changes)
    }

    fn after_answers(&mut self) -> Result<(), String> {
        self.checkpoint_when_due().map_err(|error| error.to_string())
    }
}

/// Opens the writing connection: checks the version, sets and reads back the pragmas, migrates, and
/// raises the epoch.
pub fn open_writer(path: &Path, now: Timestamp) -> Result<Writer, OpenError> {
    let database = |cause| OpenError::Database { path: path.display().to_string(), cause };
    let (mut connection, _) = open_migrated(path, now)?;
    let epoch = connection.query_row(sql::RAISE_EPOCH, [], |row| row.get(0)).map_err(database)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(WRITER_BUSY_TIMEOUT).map_err(database)?;
    let wal_pages = Arc::new(AtomicI32::new(0));
    let counted = wal_pages.clone();
    connection
        .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(pages, Ordering::Relaxed);
            Ok(())
        }))
        .map_err(database)?;
    Ok(Writer { connection, epoch, wal_pages, restart_at: RESTART_PAGES })
}

/// Opens a connection that may write, and brings the schema up to date.
pub fn open_migrated(
    path: &Path,
    now: Timestamp,
) -> Result<(Connection, MigrateReport), OpenError> {
    let version = rusqlite::version_number();
    if version < SQLITE_VERSION_MIN || version == SQLITE_VERSION_WITHDRAWN {
        return Err(OpenError::SqliteVersion(rusqlite::version().to_owned()));
    }
    create_private(path)?;
    let database = |cause| OpenError::Database { path: path.display().to_string(), cause };
    let mut connection = Connection::open(path).map_err(database)?;
    set_pragmas(&connection, path)?;
    let report = migrate(&mut connection, now)?;
    Ok((connection, report))
}

/// Creates an absent file for its owner alone; SQLite gives its companions the same permissions.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let options = &mut OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map(drop).map_err(|cause| OpenError::File { path: path.display().to_string(), cause })
}

/// The pragmas that durability rests on, and how each reads back.
const PRAGMAS: [(&str, &str, &str); 5] = [
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("secure_delete", "ON", "1"),
    ("temp_store", "MEMORY", "2"),
];

fn set_pragmas(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let database = |cause| OpenError::Database { path: path.display().to_string(), cause };
    keep_plans(connection).map_err(database)?;
    // 16 MiB of page cache is enough; autocheckpoint is ours (`checkpoint_when_due`).
    connection
        .execute_batch("PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 0;")
        .map_err(database)?;
    for (pragma, value, wanted) in PRAGMAS {
        #[cfg(feature = "mutants")]
        let (value, wanted) =
            if pragma == "synchronous" && crate::mutants::is_on("synchronous_normal") {
                ("NORMAL", "1")
            } else {
                (value, wanted)
            };
        connection.pragma_update(None, pragma, value).map_err(database)?;
        let found = connection
            .pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0))
            .map_err(database)?;
        let found = match found {
            rusqlite::types::Value::Text(text) => text.to_lowercase(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        if found != wanted {
            return Err(OpenError::Pragma { pragma, wanted, found });
        }
    }
    Ok(())
}

/// Plans a statement once, whatever values it is given. Without this, SQLite plans it anew for each
/// value that a partial index might depend on: a quarter of what it costs to read a payment.
fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens a reading connection: it can change nothing, whatever it is asked.
pub fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let database = |cause| OpenError::Database { path: path.display().to_string(), cause };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database)?;
    keep_plans(&connection).map_err(database)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")
        .map_err(database)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(database)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
