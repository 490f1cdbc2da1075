//! How the tables that are carried are described.

/// What a column holds, in the words of both engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shard: `INTEGER`, `smallint`.
    Shard,
    /// A whole number, an amount or a time: `INTEGER`, `bigint`.
    Number,
    /// Text.
    Text,
    /// Bytes: `BLOB`, `bytea`.
    Bytes,
    /// An id of 16 bytes: `BLOB`, `uuid`.
    Id,
    /// Yes or no: `INTEGER`, `boolean`.
    Truth,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name, in both engines.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub may_be_null: bool,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, in both engines.
    pub name: &'static str,
    /// How many of the columns, from the first one, are its primary key.
    pub key_columns: usize,
    /// Its columns, those of the key first and in the key's order.
    pub columns: &'static [Column],
    /// Columns that only a server has, each with what stands in it while nobody writes.
    pub filled: &'static [(&'static str, &'static str)],
}

pub(super) const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, may_be_null: false }
}
pub(super) const fn number(name: &'static str) -> Column {
    column(name, Kind::Number)
}
pub(super) const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}
pub(super) const fn bytes(name: &'static str) -> Column {
    column(name, Kind::Bytes)
}
pub(super) const fn id(name: &'static str) -> Column {
    column(name, Kind::Id)
}
pub(super) const fn truth(name: &'static str) -> Column {
    column(name, Kind::Truth)
}
pub(super) const fn or_null(column: Column) -> Column {
    Column { may_be_null: true, ..column }
}
/// The shard, which leads every key.
pub(super) const VSHARD: Column = column("vshard", Kind::Shard);

pub(super) const fn table(
    name: &'static str,
    key_columns: usize,
    columns: &'static [Column],
) -> Table {
    Table { name, key_columns, columns, filled: &[] }
}
