//! Migrations of a server's schema: numbered files, executed statement by statement, because some
//! engines that speak the protocol take one change of the schema a transaction. A run that was cut
//! off goes on where it stopped.

use std::time::Duration;

use qisma_domain::time::Timestamp;
use sha2::{Digest, Sha256};

use super::citus::distribution_of;
use super::connection::Connection;
use super::moves::find_move;
use super::param::Param;
use super::target::Target;
use super::trouble::Trouble;
use super::{sets, sql};
use crate::error::{OpenError, ReadError};
use crate::migrate::{MigrateReport, hex};
use crate::session::Value;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "first",
    sql: include_str!("../../migrations/postgres/0001_first.sql"),
}];

/// The newest schema this binary knows.
pub const KNOWN: i64 = 1;
/// After this long whoever was migrating is taken to have died.
const LEASE: Duration = Duration::from_hours(1);

const CREATE_VERSIONS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS schema_version (
        version     bigint  NOT NULL PRIMARY KEY,
        name        text    NOT NULL,
        sha256      text    NOT NULL,
        statements  bigint  NOT NULL,
        applied_us  bigint
    )",
    "CREATE TABLE IF NOT EXISTS migration_lease (
        id          bigint  NOT NULL PRIMARY KEY CHECK (id = 1),
        expires_us  bigint  NOT NULL
    )",
];
const TAKE_LEASE: &str = "INSERT INTO migration_lease (id, expires_us) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET expires_us = excluded.expires_us
    WHERE migration_lease.expires_us < $2 RETURNING id";
const END_LEASE: &str = "UPDATE migration_lease SET expires_us = 0 WHERE id = 1";
const FIND_VERSION: &str = "SELECT coalesce(max(version), 0) FROM schema_version
    WHERE applied_us IS NOT NULL";
const FIND_MIGRATION: &str =
    "SELECT sha256, statements, applied_us IS NOT NULL FROM schema_version WHERE version = $1";
const BEGIN_MIGRATION: &str = "INSERT INTO schema_version (version, name, sha256, statements)
    VALUES ($1, $2, $3, 0) ON CONFLICT (version) DO NOTHING";
const STEP_MIGRATION: &str = "UPDATE schema_version SET statements = $2 WHERE version = $1";
const END_MIGRATION: &str = "UPDATE schema_version SET applied_us = $2 WHERE version = $1";

/// Brings a server's schema up to date.
pub fn migrate(target: &Target, now: Timestamp) -> Result<MigrateReport, OpenError> {
    let connection = Connection::open(target)?;
    let failed = |trouble: Trouble| refused(target, &trouble);
    // A role that may not change the schema can still start on one that is up to date.
    let found = version(&connection).map_err(failed)?;
    if KNOWN < found {
        return Err(OpenError::SchemaNewer { found, known: KNOWN });
    }
    if found == KNOWN {
        check_unchanged(&connection).map_err(failed)??;
        return Ok(MigrateReport { version: KNOWN, applied: vec![] });
    }
    let encoding = connection.simple("SHOW server_encoding").map_err(failed)?.unwrap_or_default();
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { server: target.name(), encoding });
    }
    for sql in CREATE_VERSIONS {
        // Two nodes that start at once may both find nothing there.
        if connection.execute_batch(sql).is_err() {
            connection.execute_batch(sql).map_err(failed)?;
        }
        if let Some(call) = distribution_of(sql).filter(|_| target.is_citus())
            && connection.execute_reading(&call).is_err()
        {
            connection.execute_reading(&call).map_err(failed)?;
        }
    }
    let lease_us = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
    let until = now.micros().saturating_add(lease_us);
    let lease = [Param::Number(until), Param::Number(now.micros())];
    if connection.query(TAKE_LEASE, &lease).map_err(failed)?.is_empty() {
        return Err(OpenError::BeingMigrated(target.name()));
    }
    let applied = run(&connection, target.is_citus(), now);
    // Kept, it would only keep others waiting.
    let ended = connection.execute_batch(END_LEASE);
    let applied = applied.map_err(failed)??;
    ended.map_err(failed)?;
    Ok(MigrateReport { version: KNOWN, applied })
}

/// Whether a database has the schema that this binary reads.
pub(super) fn check_is_current(connection: &Connection, target: &Target) -> Result<(), OpenError> {
    let found = version(connection).map_err(|trouble| refused(target, &trouble))?;
    match found.cmp(&KNOWN) {
        std::cmp::Ordering::Less => Err(OpenError::SchemaOlder { found, known: KNOWN }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::SchemaNewer { found, known: KNOWN }),
    }
}

/// Forgets the markers of batches that were committed before this moment.
pub fn prune_batches(target: &Target, before: Timestamp) -> Result<(), OpenError> {
    let connection = Connection::open(target)?;
    let pruned = connection.read_long(sets::PRUNE_BATCHES, &[Value::Number(before.micros())]);
    let cause =
        |error: ReadError| OpenError::Server { server: target.name(), cause: error.to_string() };
    pruned.map(drop).map_err(cause)
}

/// The id of the master key that a database was written under; `None` where no gateway has been.
pub fn key_id(target: &Target) -> Result<Option<String>, OpenError> {
    let connection = Connection::open(target)?;
    let read = || {
        if connection.simple("SELECT to_regclass('master_key')")?.is_none() {
            return Ok(None);
        }
        find_key_id(&connection)
    };
    read().map_err(|trouble| refused(target, &trouble))
}

/// Remembers a master key's id where none is remembered; gives the one that is. Refused while data is
/// being moved into the database: with it comes the key's id.
pub fn claim(target: &Target, key_id: &str) -> Result<Option<String>, OpenError> {
    let connection = Connection::open(target)?;
    let moving = find_move(&connection).map_err(|trouble| refused(target, &trouble))?;
    if moving.is_some_and(|moving| !moving.is_finished) {
        return Err(OpenError::MoveUnfinished(target.name()));
    }
    let claimed = || {
        connection.query(sets::INSERT_KEY_ID, &[Param::Text(key_id)])?;
        find_key_id(&connection)
    };
    claimed().map_err(|trouble| refused(target, &trouble))
}

pub(super) fn find_key_id(connection: &Connection) -> Result<Option<String>, Trouble> {
    Ok(connection.query(sets::FIND_KEY_ID, &[])?.first().map(|row| row.get(0)))
}

/// How many lines wait for their fold, and when the first was written; `None` where no qisma has been.
pub fn unfolded(target: &Target) -> Result<Option<(i64, Option<i64>)>, OpenError> {
    let connection = Connection::open(target)?;
    let read = || {
        if connection.simple("SELECT to_regclass('unfolded_lines')")?.is_none() {
            return Ok(None);
        }
        let all: Vec<i16> = (0..256).collect();
        let rows = connection.query(sql::SUM_UP_UNFOLDED, &[Param::Shards(all)])?;
        Ok(rows.first().map(|row| (row.get(0), row.get(1))))
    };
    read().map_err(|trouble| refused(target, &trouble))
}

pub(super) fn refused(target: &Target, trouble: &Trouble) -> OpenError {
    OpenError::Server { server: target.name(), cause: trouble.to_string() }
}

/// What names this schema and no other: a template of a database carries it.
pub fn schema_digest() -> String {
    MIGRATIONS.last().map(digest).unwrap_or_default().chars().take(16).collect()
}

/// The version of a server's schema; `None` where no qisma has been.
pub fn schema_version(target: &Target) -> Result<Option<i64>, OpenError> {
    let connection = Connection::open(target)?;
    let found = version(&connection).map_err(|trouble| refused(target, &trouble))?;
    Ok(Some(found).filter(|version| 0 < *version))
}

/// The version of the schema; 0 where no qisma has been.
pub(super) fn version(connection: &Connection) -> Result<i64, Trouble> {
    if connection.simple("SELECT to_regclass('schema_version')")?.is_none() {
        return Ok(0);
    }
    let rows = connection.query(FIND_VERSION, &[])?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

type Checked<T> = Result<Result<T, OpenError>, Trouble>;

fn run(connection: &Connection, is_citus: bool, now: Timestamp) -> Checked<Vec<String>> {
    let mut applied = vec![];
    for migration in MIGRATIONS {
        let digest = digest(migration);
        let version = || Param::Number(migration.version);
        let begin = [version(), Param::Text(migration.name), Param::Text(&digest)];
        connection.query(BEGIN_MIGRATION, &begin)?;
        let rows = connection.query(FIND_MIGRATION, &[version()])?;
        let Some(row) = rows.first() else { continue };
        let (sha256, done, is_applied): (String, i64, bool) = (row.get(0), row.get(1), row.get(2));
        if sha256 != digest {
            return Ok(Err(OpenError::MigrationChanged(migration.version)));
        }
        if is_applied {
            continue;
        }
        for (number, statement) in (1_i64..).zip(statements(migration.sql)) {
            if done < number {
                connection.execute_reading(&resumable(&statement))?;
                if let Some(call) = distribution_of(&statement).filter(|_| is_citus) {
                    connection.execute_reading(&call)?;
                }
                connection.query(STEP_MIGRATION, &[version(), Param::Number(number)])?;
            }
        }
        connection.query(END_MIGRATION, &[version(), Param::Number(now.micros())])?;
        applied.push(format!("{:04}_{}", migration.version, migration.name));
    }
    Ok(Ok(applied))
}

fn check_unchanged(connection: &Connection) -> Checked<()> {
    for migration in MIGRATIONS {
        let rows = connection.query(FIND_MIGRATION, &[Param::Number(migration.version)])?;
        if rows.first().is_some_and(|row| row.get::<_, String>(0) != digest(migration)) {
            return Ok(Err(OpenError::MigrationChanged(migration.version)));
        }
    }
    Ok(Ok(()))
}

fn digest(migration: &Migration) -> String {
    hex(&Sha256::digest(migration.sql.as_bytes()))
}

/// The statements of a file, without its comments: no statement of ours holds a semicolon.
fn statements(sql: &str) -> Vec<String> {
    let is_comment = |line: &&str| line.trim_start().starts_with("--");
    let code: Vec<&str> = sql.lines().filter(|line| !is_comment(line)).collect();
    let all = code.join("\n");
    let found = all.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    found.map(str::to_owned).collect()
}

/// A statement that was executed but not counted, because the run was cut off between the two, must
/// not fail when it comes again.
fn resumable(statement: &str) -> String {
    statement
        .replacen("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)
        .replacen("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1)
        .replacen("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS ", 1)
}
