//! What can be done with a database without opening a store on it.

use qisma_domain::time::Timestamp;

use crate::error::OpenError;
use crate::migrate::MigrateReport;
use crate::{Engine, postgres, sqlite};

/// The version of the SQLite in this binary.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Brings a database's schema up to date; creates an absent file. The caller holds the lock of its
/// data directory.
pub fn migrate_engine(engine: &Engine, now: Timestamp) -> Result<MigrateReport, OpenError> {
    match engine {
        Engine::Sqlite(path) => sqlite::open_migrated(path, now).map(|(_, report)| report),
        Engine::Postgres(options) => postgres::migrate(&postgres::Target::new(options)?, now),
    }
}

/// The version of a database's schema, read without changing anything; `None` for one that is not
/// there, or that no qisma has written to yet.
pub fn schema_version(engine: &Engine) -> Result<Option<i64>, OpenError> {
    let path = match engine {
        Engine::Sqlite(path) if !path.exists() => return Ok(None),
        Engine::Sqlite(path) => path,
        Engine::Postgres(options) => {
            return postgres::schema_version(&postgres::Target::new(options)?);
        }
    };
    let connection = sqlite::open_reader(path)?;
    let read = || -> rusqlite::Result<Option<i64>> {
        if !connection.table_exists(None, "schema_version")? {
            return Ok(None);
        }
        connection.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))
    };
    read().map_err(|cause| OpenError::Database { path: path.display().to_string(), cause })
}
