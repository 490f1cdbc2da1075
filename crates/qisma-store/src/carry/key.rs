//! How far a table got, as the target remembers it: the key of the last row, as JSON.

use serde_json::Value;

use super::cell::Cell;
use super::columns::{Kind, Table};
use crate::migrate::hex;

/// The key of a row as text. People may read it, so ids are in hexadecimal.
pub fn written(table: &Table, row: &[Cell]) -> String {
    let values = row.iter().take(table.key_columns).map(|cell| match cell {
        Cell::Number(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Bytes(bytes) => Value::from(hex(bytes)),
        Cell::Null | Cell::Truth(_) => unreachable!("no key holds one"),
    });
    values.collect::<Value>().to_string()
}

/// The key that this text was written of; `None` where it is of another table or of another version.
pub fn read(table: &Table, text: &str) -> Option<Vec<Cell>> {
    let values: Vec<Value> = serde_json::from_str(text).ok()?;
    let key = table.columns.get(..table.key_columns)?;
    if values.len() != key.len() {
        return None;
    }
    let cell = |(value, kind): (&Value, Kind)| match kind {
        Kind::Shard | Kind::Number => value.as_i64().map(Cell::Number),
        Kind::Text => value.as_str().map(|text| Cell::Text(text.to_owned())),
        Kind::Bytes | Kind::Id => bytes(value.as_str()?).map(Cell::Bytes),
        Kind::Truth => None,
    };
    values.iter().zip(key.iter().map(|column| column.kind)).map(cell).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::super::TABLES;
    use super::*;

    #[test]
    fn the_key_of_every_table_is_read_as_it_was_written() {
        for table in TABLES {
            let key =
                table.columns.iter().take(table.key_columns).map(|column| match column.kind {
                    Kind::Text => Cell::Text("a \"quoted\", one".to_owned()),
                    Kind::Bytes | Kind::Id => Cell::Bytes((240..=255).collect()),
                    _ => Cell::Number(i64::MAX),
                });
            let key: Vec<Cell> = key.collect();
            assert_eq!(read(table, &written(table, &key)), Some(key), "{}", table.name);
        }
    }

    #[test]
    fn what_is_no_key_is_not_read_as_one() {
        let merchants = TABLES.iter().find(|table| table.name == "merchants").unwrap();
        for text in ["", "[]", "[1,2]", "[\"1\"]", "7"] {
            assert_eq!(read(merchants, text), None, "{text}");
        }
    }
}
