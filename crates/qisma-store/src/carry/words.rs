//! The statements of a move, made from the list of tables: each table has the same three.

use super::columns::{Kind, Table};

impl Table {
    /// Its columns, for a statement.
    fn names(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The columns of its key.
    fn key_names(&self) -> Vec<&'static str> {
        self.columns.iter().take(self.key_columns).map(|column| column.name).collect()
    }

    /// How many rows it has; in the words of both engines.
    pub fn count(&self) -> String {
        format!("SELECT count(*) FROM {}", self.name)
    }

    /// Whether it has a row; in the words of both engines.
    pub fn has_rows(&self) -> String {
        format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS first", self.name)
    }

    /// Its rows in the order of the key, those after a key of which each column is a parameter, or all;
    /// in the words of the embedded engine.
    pub fn read_in_order(&self, is_after: bool) -> String {
        let key = self.key_names().join(", ");
        let after = if is_after {
            let values: Vec<String> = (1..=self.key_columns).map(|at| format!("?{at}")).collect();
            format!(" WHERE ({key}) > ({})", values.join(", "))
        } else {
            String::new()
        };
        format!("SELECT {} FROM {}{after} ORDER BY {key}", self.names(), self.name)
    }

    /// All its rows in the same order, in the words of a server: there, text is ordered as its
    /// database's language wants it, until it is told that bytes are meant.
    pub fn read_in_order_on_server(&self) -> String {
        let key = self.columns.iter().take(self.key_columns).map(|column| match column.kind {
            Kind::Text => format!("{} COLLATE \"C\"", column.name),
            _ => column.name.to_owned(),
        });
        let key = key.collect::<Vec<_>>().join(", ");
        format!("SELECT {} FROM {} ORDER BY {key}", self.names(), self.name)
    }

    /// Puts rows into it, a parameter for each column as an array, and leaves out those that are there;
    /// in the words of a server.
    pub fn insert(&self) -> String {
        let names = self.names();
        let (filled, fillings): (Vec<_>, Vec<_>) = self.filled.iter().copied().unzip();
        let all = [vec![names.as_str()], filled].concat().join(", ");
        let values = [vec![names.as_str()], fillings].concat().join(", ");
        let arrays = (1..).zip(self.columns).map(|(at, column)| {
            let kind = match column.kind {
                Kind::Shard => "smallint",
                Kind::Number => "bigint",
                Kind::Text => "text",
                Kind::Bytes => "bytea",
                Kind::Id => "uuid",
                Kind::Truth => "boolean",
            };
            format!("${at}::{kind}[]")
        });
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        format!(
            "INSERT INTO {} ({all}) SELECT {values} FROM unnest({arrays}) AS u ({names}) \
             ON CONFLICT DO NOTHING",
            self.name
        )
    }
}

/// Every statement that a move sends to a server, with a name, for the tests that hold it against the
/// schema and the engines that share it.
pub fn statements_on_server() -> Vec<(String, String)> {
    let of_table = |table: &Table| {
        [
            ("FILL", table.insert()),
            ("READ", table.read_in_order_on_server()),
            ("HAS_ROWS", table.has_rows()),
        ]
        .map(|(verb, sql)| (format!("{verb} {}", table.name), sql))
    };
    super::TABLES.iter().flat_map(of_table).collect()
}
