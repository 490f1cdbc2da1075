//! What the auditor reads from: one moment of a database of either engine, for as long as it takes.

use std::cell::Cell;
use std::path::Path;

use rusqlite::{Connection, Rows};

use crate::error::{OpenError, ReadError};
use crate::postgres::{self, Target};
use crate::row::Row;
use crate::session::Value;
use crate::sqlite::open_reader;
use crate::{Engine, migrate};

type Read<T> = Result<T, ReadError>;

/// Sorting a million postings wants more pages at hand than answering a request.
const CACHE_KIB: i64 = 65_536;

/// The database.
pub(crate) enum Source {
    Sqlite(Connection),
    /// With the number of the next cursor.
    Postgres(Box<postgres::Connection>, Cell<u64>),
}

impl Source {
    /// Opens the database for reading, and stays at this moment of it.
    pub(crate) fn open(engine: &Engine) -> Result<Self, OpenError> {
        match engine {
            Engine::Sqlite(path) => of_file(path).map(Self::Sqlite),
            Engine::Postgres(options) => {
                let connection = postgres::Connection::open_for_audit(&Target::new(options)?)?;
                Ok(Self::Postgres(Box::new(connection), Cell::new(0)))
            }
        }
    }

    /// The one number that a statement answers.
    pub(crate) fn number(&self, sql: &str, values: &[Value<'_>]) -> Read<i64> {
        let mut found = None;
        self.some(sql, values, &mut |row| {
            found = Some(row.get::<i64>(0)?);
            Ok(())
        })?;
        found.ok_or_else(|| ReadError::Corrupt("a count".into()))
    }

    /// Shows the rows of a statement that answers few.
    pub(crate) fn some(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Read<()>,
    ) -> Read<()> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    each(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(connection, _) => {
                for row in &connection.read_long(&in_its_words(sql), values)? {
                    each(&Row::Postgres(row))?;
                }
                Ok(())
            }
        }
    }

    /// Shows the rows of a statement that may answer millions; they are streamed, never gathered.
    pub(crate) fn all(&self, sql: &str, each: &mut dyn FnMut(&Row<'_>) -> Read<()>) -> Read<()> {
        match self {
            Self::Sqlite(_) => self.some(sql, &[], each),
            Self::Postgres(connection, cursors) => {
                let mut stream = Cursor::open(connection, cursors, sql)?;
                while let Some(row) = stream.next()? {
                    each(&Row::Postgres(&row))?;
                }
                stream.close()
            }
        }
    }
}

/// Rows that are read while others are, one after the other.
pub(crate) trait Stream {
    /// What is made of the next row, if there is one.
    fn read_next<T>(&mut self, read: impl Fn(&Row<'_>) -> Read<T>) -> Read<Option<T>>;
}

impl Stream for Rows<'_> {
    fn read_next<T>(&mut self, read: impl Fn(&Row<'_>) -> Read<T>) -> Read<Option<T>> {
        self.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
    }
}

/// A statement whose rows a server gives piece by piece.
pub(crate) struct Cursor<'c> {
    connection: &'c postgres::Connection,
    name: String,
    rows: std::vec::IntoIter<tokio_postgres::Row>,
}

impl<'c> Cursor<'c> {
    pub(crate) fn open(
        connection: &'c postgres::Connection,
        cursors: &Cell<u64>,
        sql: &str,
    ) -> Read<Self> {
        cursors.set(cursors.get() + 1);
        let name = format!("audit_{}", cursors.get());
        let declare = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", in_its_words(sql));
        connection.execute_reading(&declare)?;
        Ok(Self { connection, name, rows: vec![].into_iter() })
    }

    fn next(&mut self) -> Read<Option<tokio_postgres::Row>> {
        if self.rows.len() == 0 {
            let fetch = format!("FETCH 5000 FROM {}", self.name);
            self.rows = self.connection.read_long(&fetch, &[])?.into_iter();
        }
        Ok(self.rows.next())
    }

    fn close(self) -> Read<()> {
        Ok(self.connection.execute_reading(&format!("CLOSE {}", self.name))?)
    }
}

impl Stream for Cursor<'_> {
    fn read_next<T>(&mut self, read: impl Fn(&Row<'_>) -> Read<T>) -> Read<Option<T>> {
        self.next()?.map(|row| read(&Row::Postgres(&row))).transpose()
    }
}

/// The one thing that the engines say differently: to PostgreSQL, our JSON is text until it is told.
pub(crate) fn in_its_words(sql: &str) -> String {
    ["rail", "answer", "authorized"].into_iter().fold(sql.to_owned(), |sql, column| {
        sql.replace(&format!(".{column} ->> "), &format!(".{column}::jsonb ->> "))
    })
}

/// Opens a file for reading, and stays at this moment of it.
pub(crate) fn of_file(path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.display().to_string()));
    }
    let database = |cause| OpenError::Database { path: path.display().to_string(), cause };
    let connection = open_reader(path)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(database)?;
    connection.execute_batch("BEGIN").map_err(database)?;
    // The first read fixes the moment.
    migrate::check_is_current(&connection)?;
    Ok(connection)
}
