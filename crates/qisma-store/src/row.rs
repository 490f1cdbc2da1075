//! A row of either engine, and how its columns become values: one place for what a row means.

use rusqlite::types::FromSql as SqliteFromSql;
use tokio_postgres::types::{FromSql as PostgresFromSql, Type};

use crate::error::ReadError;

type Read<T> = Result<T, ReadError>;

/// A row that an engine has answered.
#[derive(Clone, Copy)]
pub enum Row<'r> {
    /// Of the embedded engine.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of a PostgreSQL server.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column, counted from 0. A value of another kind than the schema's is an error.
    pub fn get<T: Column>(&self, column: usize) -> Read<T> {
        T::read(self, column)
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    /// Reads it.
    fn read(row: &Row<'_>, column: usize) -> Read<Self>;
}

fn both<T>(row: &Row<'_>, column: usize) -> Read<T>
where
    T: SqliteFromSql + for<'a> PostgresFromSql<'a>,
{
    match row {
        Row::Sqlite(row) => Ok(row.get(column)?),
        Row::Postgres(row) => Ok(row.try_get(column)?),
    }
}

macro_rules! same_in_both {
    ($($type:ty),*) => {
        $(impl Column for $type {
            fn read(row: &Row<'_>, column: usize) -> Read<Self> {
                both(row, column)
            }
        })*
    };
}
same_in_both!(String, Option<String>, bool);

/// A whole number of any width that the server has.
struct Whole(i64);

impl<'a> PostgresFromSql<'a> for Whole {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT2 => i16::from_sql(kind, raw)?.into(),
            Type::INT4 => i32::from_sql(kind, raw)?.into(),
            _ => i64::from_sql(kind, raw)?,
        }))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

impl Column for Option<i64> {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => {
                Ok(row.try_get::<_, Option<Whole>>(column)?.map(|Whole(number)| number))
            }
        }
    }
}

impl Column for i64 {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        Option::<Self>::read(row, column)?.ok_or_else(|| ReadError::Corrupt("a number".into()))
    }
}

macro_rules! narrower {
    ($($type:ty),*) => {
        $(impl Column for $type {
            fn read(row: &Row<'_>, column: usize) -> Read<Self> {
                Self::try_from(i64::read(row, column)?)
                    .map_err(|_| ReadError::Corrupt("a number out of its range".into()))
            }
        })*
    };
}
narrower!(u8, u16, u32);

impl Column for Option<u16> {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        let number = Option::<i64>::read(row, column)?;
        number
            .map(u16::try_from)
            .transpose()
            .map_err(|_| ReadError::Corrupt("a number out of its range".into()))
    }
}

/// Bytes as they are, of an id or of anything else.
struct Raw(Vec<u8>);

impl<'a> PostgresFromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(kind: &Type) -> bool {
        // A NULL that stands for no id has no type of its own.
        matches!(*kind, Type::BYTEA | Type::UUID | Type::TEXT)
    }
}

impl Column for Option<Vec<u8>> {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => {
                Ok(row.try_get::<_, Option<Raw>>(column)?.map(|Raw(bytes)| bytes))
            }
        }
    }
}

impl Column for Vec<u8> {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        Option::<Self>::read(row, column)?.ok_or_else(|| ReadError::Corrupt("bytes".into()))
    }
}

/// The 16 bytes of an id: a BLOB here, a `uuid` there.
struct SixteenBytes([u8; 16]);

impl<'a> PostgresFromSql<'a> for SixteenBytes {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
}

impl Column for Option<[u8; 16]> {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => {
                Ok(row.try_get::<_, Option<SixteenBytes>>(column)?.map(|SixteenBytes(id)| id))
            }
        }
    }
}

impl Column for [u8; 16] {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        Option::<Self>::read(row, column)?.ok_or_else(|| ReadError::Corrupt("an id".into()))
    }
}

impl Column for [u8; 32] {
    fn read(row: &Row<'_>, column: usize) -> Read<Self> {
        let bytes: Vec<u8> = row.get(column)?;
        bytes.try_into().map_err(|_| ReadError::Corrupt("a hash".into()))
    }
}
