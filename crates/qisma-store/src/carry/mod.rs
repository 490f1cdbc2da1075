//! Moves the data of a stopped gateway from its file to a PostgreSQL server.
//!
//! The source is only read. The target remembers in a marker which source is being moved and how far
//! each table got; a batch of rows and that position are one transaction, so a run that is cut off
//! anywhere goes on where it stopped. Until both sides have been compared and found equal, no gateway
//! opens the target.

mod cell;
mod columns;
mod compare;
mod error;
mod key;
mod report;
mod tables;
mod words;

use qisma_domain::time::Timestamp;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::path::Path;

pub(crate) use cell::Cell;
pub use columns::{Column, Kind, Table};
pub use error::CarryError;
pub(crate) use key::read as key_from;
pub use report::{AccountCompared, BalanceCompared, CarryReport, TableCompared};
pub use tables::{NOT_CARRIED, TABLES};
pub use words::statements_on_server;

use crate::audit::source::{Source, of_file};
use crate::error::{OpenError, ReadError};
use crate::migrate::hex;
use crate::postgres::{MoveTarget, PostgresOptions, Target};
use crate::row::Row;
use crate::{Engine, sqlite};

/// Rows that are copied in one transaction.
pub const BATCH_ROWS_MAX: i64 = 2_000;

/// What a move is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are copied.
    Copying,
    /// Both sides are read and compared.
    Comparing,
}

/// How far a move is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What it is doing.
    pub stage: Stage,
    /// With which table.
    pub table: &'static str,
    /// Rows of this stage that are done.
    pub rows_done: i64,
    /// Rows of this stage, of all tables.
    pub rows_total: i64,
}

/// Counts the rows of a stage, and tells.
pub(crate) struct Telling<'t> {
    stage: Stage,
    rows_done: i64,
    rows_total: i64,
    tell: &'t mut dyn FnMut(Progress),
}

impl Telling<'_> {
    /// So many rows more of this table are done.
    fn more(&mut self, table: &'static str, rows: i64) {
        self.rows_done = self.rows_done.saturating_add(rows);
        (self.tell)(Progress {
            stage: self.stage,
            table,
            rows_done: self.rows_done,
            rows_total: self.rows_total,
        });
    }
}

/// What tells a source from any other, and from itself after it was used again.
pub(crate) struct Identity {
    /// Of the master key and the moment at which its schema was made.
    pub(crate) name: String,
    /// Raised each time that a gateway opens it.
    pub(crate) epoch: i64,
    /// The id of the master key it was written under, if any gateway ever opened it.
    pub(crate) key_id: Option<String>,
}

/// Copies everything from a file to a server, then compares. The caller holds the lock of the file.
///
/// Where the two sides differ, that is in the report, and the target stays closed to gateways. A move that
/// was finished before is only compared, and its target stays open.
pub fn carry(
    from: &Path,
    to: &PostgresOptions,
    now: impl Fn() -> Timestamp,
    tell: &mut dyn FnMut(Progress),
) -> Result<CarryReport, CarryError> {
    let source_place = from.display().to_string();
    let file = of_file(from)?;
    let identity = identity(&file)?;
    let server = Target::new(to)?;
    let mut target = MoveTarget::open(&server, now())?;
    let begun = target.begin(&source_place, &identity, now())?;
    let rows_total = count(&file)?;
    let mut telling = Telling { stage: Stage::Copying, rows_done: 0, rows_total, tell: &mut *tell };
    let mut rows_copied = 0;
    if !begun.is_finished {
        for table in TABLES {
            rows_copied += copy(&file, &mut target, table, &mut telling)?;
        }
        target.analyze()?;
    }
    let rows_total = rows_total.saturating_mul(2);
    let mut telling = Telling { stage: Stage::Comparing, rows_done: 0, rows_total, tell };
    let source = Source::Sqlite(file);
    let written = Source::open(&Engine::Postgres(to.clone()))?;
    let tables = compare::tables(&source, &written, &mut telling)?;
    let balances = compare::balances(&source, &written)?;
    let ok = tables.iter().all(|table| table.same) && balances.differing_count == 0;
    if ok && !begun.is_finished {
        target.finish(&server, now())?;
    }
    Ok(CarryReport {
        from: source_place,
        to: target.place().to_owned(),
        master_key_id: identity.key_id,
        resumed: begun.is_resumed,
        had_ended: begun.is_finished,
        rows_copied,
        accounts_compared: balances.accounts(),
        accounts_differing: balances.differing_count,
        ok,
        tables,
        balances: balances.sums(),
        differing_accounts: balances.differing,
    })
}

/// Copies the rows of a table that the target does not say it has, and gives how many.
fn copy(
    file: &Connection,
    target: &mut MoveTarget,
    table: &'static Table,
    tell: &mut Telling<'_>,
) -> Result<i64, CarryError> {
    let step = target.step(table);
    tell.more(table.name, step.rows);
    let insert = table.insert();
    let after = step.after.unwrap_or_default();
    let in_order = table.read_in_order(!after.is_empty());
    let mut statement = file.prepare(&in_order).map_err(ReadError::from)?;
    let mut rows = statement.query(rusqlite::params_from_iter(&after)).map_err(ReadError::from)?;
    let (mut total, mut copied) = (step.rows, 0);
    let mut batch: Vec<Vec<Cell>> = vec![];
    loop {
        let next = rows.next().map_err(ReadError::from)?;
        let is_last = next.is_none();
        if let Some(row) = next {
            batch.push(cell::read_row(table, &Row::Sqlite(row))?);
        }
        let count = i64::try_from(batch.len()).unwrap_or(BATCH_ROWS_MAX);
        if let Some(last) = batch.last().filter(|_| is_last || BATCH_ROWS_MAX <= count) {
            (total, copied) = (total + count, copied + count);
            target.save(table, &insert, &batch, &key::written(table, last), total)?;
            tell.more(table.name, count);
            batch.clear();
        }
        if is_last {
            return Ok(copied);
        }
    }
}

/// How many rows there are in all tables.
fn count(file: &Connection) -> Result<i64, ReadError> {
    let mut rows = 0;
    for table in TABLES {
        rows += file.query_row(&table.count(), [], |row| row.get::<_, i64>(0))?;
    }
    Ok(rows)
}

fn identity(file: &Connection) -> Result<Identity, ReadError> {
    let (key_id, made_us, epoch) = file.query_row(sqlite::sql::FIND_IDENTITY, [], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut digest = Sha256::new();
    digest.update(key_id.as_deref().unwrap_or_default());
    digest.update(made_us.to_be_bytes());
    Ok(Identity { name: format!("sqlite {}", hex(&digest.finalize())), epoch, key_id })
}

/// Whether a move into a database has begun and not come to its end. Where it has, no gateway may open
/// it.
pub fn is_unfinished(engine: &Engine) -> Result<bool, OpenError> {
    match engine {
        Engine::Sqlite(_) => Ok(false),
        Engine::Postgres(options) => crate::postgres::is_moving(&Target::new(options)?),
    }
}
