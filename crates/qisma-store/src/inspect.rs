//! What can be done with a database without opening a store on it.

use qisma_domain::time::Timestamp;
use rusqlite::OptionalExtension;
use std::path::Path;

use crate::error::OpenError;
use crate::ledger::Unfolded;
use crate::migrate::MigrateReport;
use crate::sqlite::{self, sql};
use crate::{Engine, postgres};

/// The version of the SQLite in this binary.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Brings a database's schema up to date; creates an absent file. The caller holds the lock of its
/// data directory.
pub fn migrate_engine(engine: &Engine, now: Timestamp) -> Result<MigrateReport, OpenError> {
    match engine {
        Engine::Sqlite(path) => sqlite::open_migrated(path, now).map(|(_, report)| report),
        Engine::Postgres(options) => {
            apart(|| postgres::migrate(&postgres::Target::new(options)?, now))
        }
    }
}

/// The version of a database's schema, read without changing anything; `None` for one that is not
/// there, or that no qisma has written to yet.
pub fn schema_version(engine: &Engine) -> Result<Option<i64>, OpenError> {
    match engine {
        Engine::Sqlite(path) => of_file(path, "schema_version", |connection| {
            connection.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))
        }),
        Engine::Postgres(options) => {
            apart(|| postgres::schema_version(&postgres::Target::new(options)?))
        }
    }
}

/// Refuses a schema that only a newer binary can read. An older one is brought up to date by `serve`.
pub fn check_schema(engine: &Engine, found: Option<i64>) -> Result<(), OpenError> {
    let known = match engine {
        Engine::Sqlite(_) => crate::migrate::known(),
        Engine::Postgres(_) => postgres::KNOWN,
    };
    match found {
        Some(found) if known < found => Err(OpenError::SchemaNewer { found, known }),
        _ => Ok(()),
    }
}

/// What a server says of itself; `None` for the embedded engine, which is no server.
pub fn examine_server(
    engine: &Engine,
    now: impl Fn() -> Timestamp + Send,
) -> Result<Option<postgres::ServerHealth>, OpenError> {
    match engine {
        Engine::Sqlite(_) => Ok(None),
        Engine::Postgres(options) => {
            apart(|| postgres::examine(&postgres::Target::new(options)?, now)).map(Some)
        }
    }
}

/// The id of the master key that a database was written under, read without changing anything; `None`
/// for one that no gateway has opened yet.
pub fn key_id(engine: &Engine) -> Result<Option<String>, OpenError> {
    match engine {
        Engine::Sqlite(path) => of_file(path, "master_key", find_key_id),
        Engine::Postgres(options) => apart(|| postgres::key_id(&postgres::Target::new(options)?)),
    }
}

/// How far the balances of a database are behind its journal, read without changing anything; `None` for
/// one that is not there.
pub fn unfolded(engine: &Engine) -> Result<Option<Unfolded>, OpenError> {
    let unfolded = |lines, oldest_us: Option<i64>| Unfolded {
        lines,
        oldest_at: oldest_us.map(Timestamp::from_micros),
    };
    match engine {
        Engine::Sqlite(path) => of_file(path, "unfolded_lines", |connection| {
            let read = |row: &rusqlite::Row<'_>| Ok(Some(unfolded(row.get(0)?, row.get(1)?)));
            connection.query_row(sql::SUM_UP_UNFOLDED, [], read)
        }),
        Engine::Postgres(options) => apart(|| {
            let found = postgres::unfolded(&postgres::Target::new(options)?)?;
            Ok(found.map(|(lines, oldest_us)| unfolded(lines, oldest_us)))
        }),
    }
}

/// Reads from a file that may not be there, or not have this table yet.
fn of_file<T>(
    path: &Path,
    table: &str,
    read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<Option<T>>,
) -> Result<Option<T>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = sqlite::open_reader(path)?;
    let found = connection
        .table_exists(None, table)
        .and_then(|exists| if exists { read(&connection) } else { Ok(None) });
    found.map_err(|cause| OpenError::Database { path: path.display().to_string(), cause })
}

/// Proof that a database belongs to a master key. It is held until the store is open: the last
/// connection that goes copies the whole WAL into the database, and that would take its time.
#[must_use]
pub struct KeyClaim {
    _connection: Option<rusqlite::Connection>,
}

/// Brings the schema up to date, and remembers the master key's id if none is remembered yet; refuses
/// another key than the remembered one. The caller holds the lock of a database that is a file.
pub fn claim(engine: &Engine, now: Timestamp, key_id: &str) -> Result<KeyClaim, OpenError> {
    let (found, connection) = match engine {
        Engine::Sqlite(path) => {
            let (connection, _) = sqlite::open_migrated(path, now)?;
            let database = |cause| OpenError::Database { path: engine.place(), cause };
            connection.execute(sql::INSERT_KEY_ID, [key_id]).map_err(database)?;
            (find_key_id(&connection).map_err(database)?, Some(connection))
        }
        Engine::Postgres(options) => {
            let target = postgres::Target::new(options)?;
            let claimed = || {
                postgres::migrate(&target, now)?;
                postgres::claim(&target, key_id)
            };
            (apart(claimed)?, None)
        }
    };
    match found {
        Some(written_under) if written_under != key_id => {
            let (path, in_use) = (engine.place(), key_id.to_owned());
            Err(OpenError::OtherKey { path, written_under, in_use })
        }
        _ => Ok(KeyClaim { _connection: connection }),
    }
}

fn find_key_id(connection: &rusqlite::Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row(sql::FIND_KEY_ID, [], |row| row.get(0)).optional()
}

/// Waits for a server on a thread of its own: the caller's may belong to a runtime, whose other work
/// would wait too.
pub(crate) fn apart<T: Send>(
    work: impl FnOnce() -> Result<T, OpenError> + Send,
) -> Result<T, OpenError> {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
