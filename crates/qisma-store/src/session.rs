//! A reading connection of either engine, at one moment of its database.

use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::ReadError;
use crate::postgres;
use crate::row::Row;

type Read<T> = Result<T, ReadError>;

/// A statement in the words of each engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// The statement of this name, which both engines' lists have.
macro_rules! statement {
    ($name:ident) => {
        $crate::session::Statement {
            sqlite: $crate::sqlite::sql::$name,
            postgres: $crate::postgres::sql::$name,
        }
    };
}
pub(crate) use statement;

/// A parameter of a statement that reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'v> {
    Shard(u8),
    Number(i64),
    Text(&'v str),
    Id(&'v [u8; 16]),
    /// The shards that a worker's read is for: always the last, and left out for the embedded engine,
    /// where one node owns them all.
    Shards(&'v [i16]),
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Shard(shard) => ValueRef::Integer(i64::from(*shard)),
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Id(id) => ValueRef::Blob(id.as_slice()),
            Self::Shards(_) => ValueRef::Null,
        }))
    }
}

/// The connection.
#[derive(Clone, Copy)]
pub(crate) enum Session<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c postgres::Connection),
}

fn without_shards<'a, 'v>(values: &'a [Value<'v>]) -> impl Iterator<Item = &'a Value<'v>> {
    values.iter().filter(|value| !matches!(value, Value::Shards(_)))
}

impl Session<'_> {
    /// The one row of a statement, if there is one.
    pub(crate) fn find<T>(
        self,
        statement: Statement,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        match self {
            Self::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite)?;
                let mut found =
                    prepared.query(rusqlite::params_from_iter(without_shards(values)))?;
                found.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
            }
            Self::Postgres(connection) => {
                let rows = connection.read(statement.postgres, values)?;
                rows.first().map(|row| read(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// All rows of a statement.
    pub(crate) fn list<T>(
        self,
        statement: Statement,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        match self {
            Self::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite)?;
                let mut found =
                    prepared.query(rusqlite::params_from_iter(without_shards(values)))?;
                let mut all = vec![];
                while let Some(row) = found.next()? {
                    all.push(read(&Row::Sqlite(row))?);
                }
                Ok(all)
            }
            Self::Postgres(connection) => {
                let rows = connection.read(statement.postgres, values)?;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }
}
