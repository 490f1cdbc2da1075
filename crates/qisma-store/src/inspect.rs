//! What can be done with a database file without opening a store on it.

use qisma_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

use crate::error::OpenError;
use crate::migrate::MigrateReport;
use crate::sqlite::{self, sql};

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

/// The id of the master key that a database was written under, read without changing anything; `None`
/// for one that no gateway has opened yet.
pub fn key_id(path: &Path) -> Result<Option<String>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = sqlite::open_reader(path)?;
    let read = || -> rusqlite::Result<Option<String>> {
        if !connection.table_exists(None, "master_key")? {
            return Ok(None);
        }
        find_key_id(&connection)
    };
    read().map_err(|cause| OpenError::Database { path: path.display().to_string(), cause })
}

/// Proof that a database belongs to a master key. It is held until the store is open: the last
/// connection that goes copies the whole WAL into the database, and that would take its time.
#[must_use]
pub struct KeyClaim {
    _connection: Connection,
}

/// Brings the schema up to date, and remembers the master key's id if none is remembered yet; refuses
/// another key than the remembered one. The caller holds the lock of the database.
pub fn claim(path: &Path, now: Timestamp, key_id: &str) -> Result<KeyClaim, OpenError> {
    let (connection, _) = sqlite::open_migrated(path, now)?;
    let remember = || -> rusqlite::Result<Option<String>> {
        let found = find_key_id(&connection)?;
        if found.is_none() {
            connection.execute(sql::INSERT_KEY_ID, [key_id])?;
        }
        Ok(found)
    };
    let path = path.display().to_string();
    match remember() {
        Ok(Some(written_under)) if written_under != key_id => {
            let in_use = key_id.to_owned();
            Err(OpenError::OtherKey { path, written_under, in_use })
        }
        Ok(_) => Ok(KeyClaim { _connection: connection }),
        Err(cause) => Err(OpenError::Database { path, cause }),
    }
}

fn find_key_id(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row(sql::FIND_KEY_ID, [], |row| row.get(0)).optional()
}
