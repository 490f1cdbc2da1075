//! The server's side of a move from the embedded engine: its marker, and rows by the batch.

use qisma_domain::time::Timestamp;
use std::collections::BTreeMap;

use super::connection::{Committed, Connection};
use super::migrations::{self, find_key_id, refused};
use super::param::{Id, Param};
use super::sets;
use super::target::Target;
use super::trouble::Trouble;
use crate::carry::{CarryError, Cell, Column, Identity, Kind, TABLES, Table, key_from};
use crate::error::{OpenError, ReadError};
use crate::row::Row;

/// How many tables there are that no migration of ours made.
const COUNT_TABLES: &str = "SELECT count(*) FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'";
/// A gateway that was heard of since then runs.
const HEARD_OF_SECS: i64 = 60;

/// A database that data is moved to.
pub(crate) struct MoveTarget {
    connection: Connection,
    place: String,
    steps: BTreeMap<String, (i64, String)>,
}

/// The marker.
pub(super) struct Move {
    source: String,
    source_epoch: i64,
    pub(super) is_finished: bool,
}

/// What was found when a move began.
pub(crate) struct Begun {
    /// Whether an earlier run had begun.
    pub(crate) is_resumed: bool,
    /// Whether one had come to its end.
    pub(crate) is_finished: bool,
}

/// How far a table got.
pub(crate) struct Step {
    /// Rows that were copied.
    pub(crate) rows: i64,
    /// The key of the last one; `None`: there is none yet.
    pub(crate) after: Option<Vec<Cell>>,
}

/// The marker, where there is one.
pub(super) fn find_move(connection: &Connection) -> Result<Option<Move>, Trouble> {
    if connection.simple("SELECT to_regclass('moves')")?.is_none() {
        return Ok(None);
    }
    let rows = connection.query(sets::FIND_MOVE, &[])?;
    Ok(rows.first().map(|row| Move {
        source: row.get(0),
        source_epoch: row.get(1),
        is_finished: row.get(2),
    }))
}

/// Whether a move has begun and not ended.
pub(crate) fn is_moving(target: &Target) -> Result<bool, OpenError> {
    let connection = Connection::open(target)?;
    let found = find_move(&connection).map_err(|trouble| refused(target, &trouble))?;
    Ok(found.is_some_and(|found| !found.is_finished))
}

impl MoveTarget {
    /// Connects, and brings the schema up to date. A database with tables of somebody else is refused.
    pub(crate) fn open(target: &Target, now: Timestamp) -> Result<Self, CarryError> {
        let place = target.name();
        let connection = Connection::open(target)?;
        let is_foreign = || -> Result<bool, Trouble> {
            let is_ours = connection.simple("SELECT to_regclass('schema_version')")?.is_some();
            Ok(!is_ours && connection.simple(COUNT_TABLES)?.as_deref() != Some("0"))
        };
        if is_foreign().map_err(|trouble| refused(target, &trouble))? {
            return Err(CarryError::NotOurs(place));
        }
        migrations::migrate(target, now)?;
        Ok(Self { connection, place, steps: BTreeMap::new() })
    }

    /// Where it is, as it may be shown.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Makes the marker where the database is empty, or finds it. Refused is what belongs to another
    /// key, to another move, or to nobody knows whom.
    pub(crate) fn begin(
        &mut self,
        source_place: &str,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Begun, CarryError> {
        self.check_key(source_place, identity)?;
        let found = find_move(&self.connection).map_err(|trouble| self.failed(&trouble))?;
        let is_resumed = found.is_some();
        if !is_resumed {
            self.check_empty()?;
            let marker = [
                Param::Text(&identity.name),
                Param::Number(identity.epoch),
                Param::Number(now.micros()),
            ];
            self.ask(sets::INSERT_MOVE, &marker)?;
        }
        // After the marker stands: a gateway looks for it after it has been heard of, so one of both
        // sees the other.
        let since = Param::Number(now.plus_secs(-HEARD_OF_SECS).micros());
        if !self.ask(sets::LIST_NODES, &[since])?.is_empty() {
            if !is_resumed {
                self.ask(sets::FORGET_MOVE, &[])?;
            }
            return Err(CarryError::InUse(self.place.clone()));
        }
        let found = find_move(&self.connection).map_err(|trouble| self.failed(&trouble))?;
        let (source_place, place) = (source_place.to_owned(), self.place.clone());
        let Some(found) = found.filter(|found| found.source == identity.name) else {
            return Err(CarryError::OtherSource { source_place, place });
        };
        if found.source_epoch != identity.epoch {
            return Err(if found.is_finished {
                CarryError::GoneApart { source_place, place }
            } else {
                CarryError::SourceChanged { source_place, place }
            });
        }
        for row in self.ask(sets::LIST_MOVE_STEPS, &[])? {
            self.steps.insert(row.get(0), (row.get(1), row.get(2)));
        }
        Ok(Begun { is_resumed, is_finished: found.is_finished })
    }

    fn check_key(&self, source_place: &str, identity: &Identity) -> Result<(), CarryError> {
        let found = find_key_id(&self.connection).map_err(|trouble| self.failed(&trouble))?;
        match found {
            Some(theirs) if identity.key_id.as_ref() != Some(&theirs) => {
                Err(CarryError::OtherKey {
                    place: self.place.clone(),
                    theirs,
                    source_place: source_place.to_owned(),
                    ours: identity.key_id.clone().unwrap_or_else(|| "none".to_owned()),
                })
            }
            _ => Ok(()),
        }
    }

    /// A gateway that was once started on it has left the id of the same key, and no more.
    fn check_empty(&self) -> Result<(), CarryError> {
        for table in TABLES.iter().filter(|table| table.name != "master_key") {
            let rows = self.connection.read_long(&table.has_rows(), &[])?;
            let count: i64 = rows.first().map_or(Ok(0), |row| Row::Postgres(row).get(0))?;
            if count != 0 {
                let place = self.place.clone();
                return Err(CarryError::NotEmpty { place, table: table.name });
            }
        }
        Ok(())
    }

    /// How far a table got before this run.
    pub(crate) fn step(&self, table: &Table) -> Step {
        // A position that cannot be read means that the table is copied again, which does no harm.
        self.steps
            .get(table.name)
            .and_then(|(rows, key)| Some(Step { rows: *rows, after: Some(key_from(table, key)?) }))
            .unwrap_or(Step { rows: 0, after: None })
    }

    /// Puts rows into a table, and with them, in one transaction, remembers how far it has got.
    pub(crate) fn save(
        &mut self,
        table: &Table,
        insert: &str,
        rows: &[Vec<Cell>],
        last_key: &str,
        rows_total: i64,
    ) -> Result<(), CarryError> {
        let arrays = (0..).zip(table.columns).map(|(at, column)| {
            let no_place = || ReadError::Corrupt(format!("{} in {}", column.name, table.name));
            array(column, rows.iter().filter_map(|row| row.get(at))).ok_or_else(no_place)
        });
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let step = [Param::Text(table.name), Param::Number(rows_total), Param::Text(last_key)];
        let write = || -> Result<(), Trouble> {
            self.connection.begin()?;
            self.connection.write_long(insert, &arrays)?;
            self.connection.query(sets::PUT_MOVE_STEP, &step)?;
            Ok(())
        };
        write().map_err(|trouble| self.failed(&trouble))?;
        match self.connection.commit() {
            Committed::Yes => Ok(()),
            Committed::No(trouble) => Err(self.failed(&trouble)),
            // The next run reads how far it got, and either is well.
            Committed::Unknown(cause) => {
                let place = self.place.clone();
                Err(CarryError::Write { place, cause, advice: GOES_ON })
            }
        }
    }

    /// Counts what is there now, or the first readers would have plans for empty tables.
    pub(crate) fn analyze(&self) -> Result<(), CarryError> {
        for table in TABLES {
            let sql = format!("ANALYZE {}", table.name);
            self.connection.execute_reading(&sql).map_err(|trouble| self.failed(&trouble))?;
        }
        Ok(())
    }

    /// Remembers that the move has come to its end.
    pub(crate) fn finish(&mut self, target: &Target, now: Timestamp) -> Result<(), CarryError> {
        // The comparison may have taken hours, and a server may end who is silent for so long.
        self.connection = Connection::open(target)?;
        self.ask(sets::END_MOVE, &[Param::Number(now.micros())]).map(drop)
    }

    fn ask(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, CarryError> {
        self.connection.query(sql, params).map_err(|trouble| self.failed(&trouble))
    }

    fn failed(&self, trouble: &Trouble) -> CarryError {
        let advice = match trouble {
            Trouble::Gone(_) | Trouble::Conflict(_) => GOES_ON,
            Trouble::Full(_) => {
                "free some space there, then run the same command again, it goes on where it stopped"
            }
            Trouble::Statement(_) => {
                "the same would be refused again: mend that first (whether the role owns the schema, for \
                 one), then run the same command, which goes on where it stopped"
            }
        };
        CarryError::Write { place: self.place.clone(), cause: trouble.to_string(), advice }
    }
}

const GOES_ON: &str = "run the same command again, it goes on where it stopped";

/// The values of a column as an array; `None` where one of them is not what the column holds.
fn array<'r>(column: &Column, cells: impl Iterator<Item = &'r Cell>) -> Option<Param<'r>> {
    match (column.kind, column.may_be_null) {
        (Kind::Shard, _) => cells.map(shard).collect::<Option<_>>().map(Param::Shards),
        (Kind::Number, false) => cells.map(number).collect::<Option<_>>().map(Param::Numbers),
        (Kind::Number, true) => nullable(cells, number).map(Param::MaybeNumbers),
        (Kind::Text, false) => cells.map(text).collect::<Option<_>>().map(Param::Texts),
        (Kind::Text, true) => nullable(cells, text).map(Param::MaybeTexts),
        (Kind::Id, false) => cells.map(id).collect::<Option<_>>().map(Param::Ids),
        (Kind::Id, true) => nullable(cells, id).map(Param::MaybeIds),
        (Kind::Bytes, _) => cells.map(bytes).collect::<Option<_>>().map(Param::Bytes),
        (Kind::Truth, _) => cells.map(truth).collect::<Option<_>>().map(Param::Truths),
    }
}

fn nullable<'r, T>(
    cells: impl Iterator<Item = &'r Cell>,
    read: impl Fn(&'r Cell) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let value = |cell| match cell {
        &Cell::Null => Some(None),
        cell => read(cell).map(Some),
    };
    cells.map(value).collect()
}

fn number(cell: &Cell) -> Option<i64> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn shard(cell: &Cell) -> Option<i16> {
    number(cell).and_then(|number| i16::try_from(number).ok())
}

fn text(cell: &Cell) -> Option<&str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

fn bytes(cell: &Cell) -> Option<&[u8]> {
    if let Cell::Bytes(bytes) = cell { Some(bytes) } else { None }
}

fn id(cell: &Cell) -> Option<Id> {
    bytes(cell).and_then(|bytes| bytes.try_into().ok()).map(Id)
}

fn truth(cell: &Cell) -> Option<bool> {
    if let Cell::Truth(truth) = cell { Some(*truth) } else { None }
}
