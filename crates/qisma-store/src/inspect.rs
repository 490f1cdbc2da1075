//! What can be done with a database file without opening a store on it.

use qisma_domain::time::Timestamp;
use std::path::Path;

use crate::error::OpenError;
use crate::migrate::MigrateReport;
use crate::sqlite;

/// The version of the SQLite in this binary.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Brings a database's schema up to date; creates the file when absent. The caller holds the lock of
/// its data directory.
pub fn migrate_file(path: &Path, now: Timestamp) -> Result<MigrateReport, OpenError> {
    sqlite::open_migrated(path, now).map(|(_, report)| report)
}

/// The version of a database's schema, read without changing anything; `None` for a file that no
/// qisma has written yet.
pub fn schema_version(path: &Path) -> Result<Option<i64>, OpenError> {
    let connection = sqlite::open_reader(path)?;
    let read = || -> rusqlite::Result<Option<i64>> {
        if !connection.table_exists(None, "schema_version")? {
            return Ok(None);
        }
        connection.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))
    };
    read().map_err(|cause| OpenError::Database { path: path.display().to_string(), cause })
}
