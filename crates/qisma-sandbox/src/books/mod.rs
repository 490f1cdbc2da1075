//! The acquirer's own books: one SQLite file, one connection, every change one transaction.

mod orders;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use self::orders::{
    Filter, Key, find, insert, keep_refund, list, order_number_of, refund_amount, sessions_over,
    update, waiting_at,
};

const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i64 = 2;
/// Version 2 knows terminals.
const SECOND: &str = "ALTER TABLE orders ADD COLUMN terminal TEXT;
    CREATE INDEX orders_of_terminal ON orders (terminal, seq)
        WHERE terminal IS NOT NULL AND status = 0;";

/// The books could not be read or written; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// SQLite refused.
    #[error("the sandbox's books refused a statement: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row that this version cannot have written.
    #[error("the sandbox's books hold an order with status {0}, which does not exist")]
    Status(i64),
    /// The work was cut off by the end of the process, or panicked.
    #[error("the sandbox's books stopped in the middle of a statement")]
    Stopped,
}

/// The open books.
pub struct Books {
    connection: Arc<Mutex<Connection>>,
}

impl Books {
    /// Opens the file; makes the tables when it is new, and brings older ones up to date.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path)
            .with_context(|| format!("the sandbox cannot open its books {}", path.display()))?;
        let journal: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        ensure!(journal == "wal", "the sandbox's books cannot use a write-ahead log: {journal}");
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let steps = match version {
            0 => SCHEMA,
            1 => SECOND,
            SCHEMA_VERSION => "",
            other => anyhow::bail!("the sandbox's books have version {other}, newer than this one"),
        };
        if version != SCHEMA_VERSION {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            ))?;
        }
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` in one transaction, kept if it returns Ok. Taken on a thread that may block.
    pub async fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, BooksError> + Send + 'static,
    ) -> Result<T, BooksError> {
        let connection = Arc::clone(&self.connection);
        let run = move || {
            // A panic of another request rolled its transaction back, so the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| BooksError::Stopped)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn books_of_the_first_version_learn_of_terminals_and_are_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("books.sqlite");
        drop(Books::open(&path).unwrap());
        let old = Connection::open(&path).unwrap();
        let back = "DROP INDEX orders_of_terminal; ALTER TABLE orders DROP COLUMN terminal;
            PRAGMA user_version = 1;";
        old.execute_batch(back).unwrap();
        drop(old);
        for _ in 0..2 {
            let books = Books::open(&path).unwrap();
            let waiting = books.transact(|tx| waiting_at(tx, "1000/till", 0)).await.unwrap();
            assert!(waiting.is_empty());
        }
    }
}
