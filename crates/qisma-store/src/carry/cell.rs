//! One value of a row, the same whichever engine it was read from.

use sha2::{Digest, Sha256};

use super::columns::{Column, Kind, Table};
use crate::error::ReadError;
use crate::row::Row;

type Read<T> = Result<T, ReadError>;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes, of an id or of anything else.
    Bytes(Vec<u8>),
    /// Yes or no.
    Truth(bool),
}

impl Cell {
    fn read(row: &Row<'_>, at: usize, column: &Column) -> Read<Self> {
        let found = match column.kind {
            Kind::Shard | Kind::Number => row.get::<Option<i64>>(at)?.map(Self::Number),
            Kind::Text => row.get::<Option<String>>(at)?.map(Self::Text),
            Kind::Bytes | Kind::Id => row.get::<Option<Vec<u8>>>(at)?.map(Self::Bytes),
            Kind::Truth => Some(Self::Truth(row.get(at)?)),
        };
        match found {
            None if !column.may_be_null => {
                Err(ReadError::Corrupt(format!("{} holds nothing", column.name)))
            }
            found => Ok(found.unwrap_or(Self::Null)),
        }
    }

    /// Adds the value to a digest: what kind it is, how long, and its bytes, so that no two rows have
    /// the same ones.
    pub fn digest_into(&self, digest: &mut Sha256) {
        match self {
            Self::Null => digest.update([0]),
            Self::Number(number) => {
                digest.update([1]);
                digest.update(number.to_be_bytes());
            }
            Self::Text(text) => sized(digest, 2, text.as_bytes()),
            Self::Bytes(bytes) => sized(digest, 3, bytes),
            Self::Truth(truth) => digest.update([4, u8::from(*truth)]),
        }
    }
}

fn sized(digest: &mut Sha256, kind: u8, bytes: &[u8]) {
    digest.update([kind]);
    digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

/// The row of a statement that names all columns of a table.
pub fn read_row(table: &Table, row: &Row<'_>) -> Read<Vec<Cell>> {
    let cells = (0..).zip(table.columns).map(|(at, column)| Cell::read(row, at, column));
    let named = |error| match error {
        ReadError::Corrupt(what) => ReadError::Corrupt(format!("{} in {}", what, table.name)),
        other => other,
    };
    cells.collect::<Read<Vec<_>>>().map_err(named)
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(rusqlite::types::Null.into()),
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
            Self::Truth(truth) => truth.to_sql(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::hex;

    fn digest(cells: &[Cell]) -> String {
        let mut digest = Sha256::new();
        for cell in cells {
            cell.digest_into(&mut digest);
        }
        hex(&digest.finalize())
    }

    #[test]
    fn rows_with_the_same_letters_in_other_columns_have_other_digests() {
        let row = |first: &str, second: &str| {
            digest(&[Cell::Text(first.to_owned()), Cell::Text(second.to_owned())])
        };
        assert_ne!(row("ab", "c"), row("a", "bc"));
    }

    #[test]
    fn nothing_is_not_an_empty_text_nor_zero() {
        let all = [Cell::Null, Cell::Text(String::new()), Cell::Bytes(vec![]), Cell::Number(0)];
        let digests: std::collections::BTreeSet<_> =
            all.iter().map(|cell| digest(std::slice::from_ref(cell))).collect();
        assert_eq!(digests.len(), all.len());
    }
}
