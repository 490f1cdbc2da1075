//! Migrations: numbered files, run once each, in order, and never changed afterwards.

use qisma_domain::time::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::OpenError;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "first",
    sql: include_str!("../migrations/sqlite/0001_first.sql"),
}];

const CREATE_VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version     INTEGER NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    applied_us  INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS epochs (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch  INTEGER NOT NULL
) STRICT;";

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrateReport {
    /// The schema's version now.
    pub version: i64,
    /// Migrations that ran, by name.
    pub applied: Vec<String>,
}

/// Brings the schema up to date. Each migration is one transaction: after a crash the file holds it
/// whole or not at all.
pub fn migrate(connection: &mut Connection, now: Timestamp) -> Result<MigrateReport, OpenError> {
    let database = |cause| OpenError::Database { path: path_of(connection), cause };
    connection.execute_batch(CREATE_VERSIONS).map_err(database)?;
    let known = known();
    let found: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(database)?;
    if known < found {
        return Err(OpenError::SchemaNewer { found, known });
    }
    let mut applied = vec![];
    for migration in MIGRATIONS {
        let digest = hex(&Sha256::digest(migration.sql.as_bytes()));
        if migration.version <= found {
            check_unchanged(connection, migration.version, &digest)?;
            continue;
        }
        let path = path_of(connection);
        let database = |cause| OpenError::Database { path: path.clone(), cause };
        let transaction = connection.transaction().map_err(database)?;
        transaction.execute_batch(migration.sql).map_err(database)?;
        transaction
            .execute(
                "INSERT INTO schema_version (version, name, sha256, applied_us)
                 VALUES (?1, ?2, ?3, ?4)",
                (migration.version, migration.name, &digest, now.micros()),
            )
            .map_err(database)?;
        transaction.commit().map_err(database)?;
        applied.push(format!("{:04}_{}", migration.version, migration.name));
    }
    Ok(MigrateReport { version: known, applied })
}

/// The newest schema that this binary knows.
pub fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |last| last.version)
}

/// Whether a database that is only read has the schema that this binary reads.
pub fn check_is_current(connection: &Connection) -> Result<(), OpenError> {
    let known = known();
    let found: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(|cause| OpenError::Database { path: path_of(connection), cause })?;
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(OpenError::SchemaOlder { found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::SchemaNewer { found, known }),
    }
}

fn check_unchanged(connection: &Connection, version: i64, digest: &str) -> Result<(), OpenError> {
    let ran: String = connection
        .query_row("SELECT sha256 FROM schema_version WHERE version = ?1", [version], |row| {
            row.get(0)
        })
        .map_err(|cause| OpenError::Database { path: path_of(connection), cause })?;
    if ran == digest { Ok(()) } else { Err(OpenError::MigrationChanged(version)) }
}

fn path_of(connection: &Connection) -> String {
    connection.path().unwrap_or("(memory)").to_owned()
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
