//! The bare side: the rows that the lane wrote, written again by prepared statements alone, in the
//! transactions that the lane put them in. Its clock moved once a batch, so equal times are a batch.

use qisma_store::sqlite::sql;
use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};
use std::collections::BTreeMap;
use std::path::Path;

/// One statement and what it is given.
type Write = (&'static str, Vec<Value>);

/// What is to be written, transaction by transaction.
pub struct Rows {
    transactions: BTreeMap<i64, Vec<Write>>,
}

/// Copies a database as it stands.
pub fn copy(from: &Path, to: &Path) {
    let connection = Connection::open(from).expect("the lane's file");
    let to = to.to_str().expect("a folder of ours is text");
    connection.execute("VACUUM INTO ?1", [to]).expect("there is room for a copy");
}

impl Rows {
    /// What the lane wrote when it created payments. The first column is the batch.
    pub fn created(from: &Path) -> Self {
        let mut rows = Self { transactions: BTreeMap::new() };
        rows.read(
            from,
            sql::INSERT_PAYMENT,
            "SELECT created_us, vshard, id, merchant_id, app_id,
            mode, amount_millimes, currency, status, captured_attempt, end_reason, ended_us,
            created_us, updated_us, expires_us, success_link, fail_link, webhook,
            developer_tracking_id, accept_card, image_url, sequence, version, channel, terminal,
            client_ref, captured_millimes, hold_secs, authorized, authorized_look_us FROM payments",
        );
        rows.read(
            from,
            sql::INSERT_LEG,
            "SELECT p.created_us, l.vshard, l.payment_id, l.number,
            l.destination, l.amount_millimes, l.kind
            FROM legs l JOIN payments p ON p.vshard = l.vshard AND p.id = l.payment_id",
        );
        rows
    }

    /// What the lane wrote when it captured them: payment, attempt, entry, postings, event, and the
    /// balance of each account once a batch.
    pub fn captured(from: &Path) -> Self {
        let mut rows = Self { transactions: BTreeMap::new() };
        rows.read(
            from,
            sql::UPDATE_PAYMENT,
            "SELECT updated_us, vshard, id, status,
            captured_attempt, end_reason, ended_us, updated_us, sequence, version, version - 1,
            captured_millimes, authorized, authorized_look_us FROM payments",
        );
        rows.read(
            from,
            sql::UPDATE_ATTEMPT,
            "SELECT updated_us, vshard, payment_id, number, status,
            state, rail, next_look_us, needs_operator, updated_us, version, version - 1
            FROM attempts",
        );
        rows.read(
            from,
            sql::INSERT_ENTRY,
            "SELECT at_us, vshard, id, kind, reference, payment_id,
            mode, currency, at_us FROM journal_entries",
        );
        rows.read(
            from,
            sql::INSERT_POSTING,
            "SELECT e.at_us, p.vshard, p.entry_id, p.line,
            p.account_vshard, p.account_id, p.amount_millimes
            FROM postings p JOIN journal_entries e ON e.vshard = p.vshard AND e.id = p.entry_id",
        );
        rows.read(
            from,
            sql::ADD_TO_ACCOUNT,
            "SELECT e.at_us, a.vshard, a.id, a.owner, a.kind,
            a.mode, a.currency, sum(p.amount_millimes), 0
            FROM postings p JOIN journal_entries e ON e.vshard = p.vshard AND e.id = p.entry_id
            JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
            GROUP BY e.at_us, a.vshard, a.id",
        );
        rows.read(
            from,
            sql::INSERT_EVENT,
            "SELECT at_us, vshard, id, payment_id, sequence, kind,
            body, at_us FROM events",
        );
        rows
    }

    fn read(&mut self, from: &Path, statement: &'static str, select: &str) {
        let connection = Connection::open(from).expect("the lane's file");
        let mut found = connection.prepare(select).expect("the schema is known");
        let columns = found.column_count();
        let mut rows = found.query([]).expect("it can be read");
        while let Some(row) = rows.next().expect("it can be read") {
            let batch = row.get(0).expect("the batch comes first");
            let values = (1..columns).map(|column| row.get(column).expect("any value"));
            let writes = self.transactions.entry(batch).or_default();
            writes.push((statement, values.collect()));
        }
    }

    /// How many transactions there are.
    pub fn commits(&self) -> usize {
        self.transactions.len()
    }

    /// Writes them, as durably as the lane does.
    pub fn write(&self, to: &Path) {
        let mut connection = Connection::open(to).expect("a copy of ours");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                 PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;
                 PRAGMA wal_autocheckpoint = 1000;",
            )
            .expect("known pragmas");
        connection.set_prepared_statement_cache_capacity(16);
        for writes in self.transactions.values() {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .expect("nobody else writes");
            for (statement, values) in writes {
                let mut statement = transaction.prepare_cached(statement).expect("known SQL");
                // The balance is read back, as the lane does.
                if statement.column_count() > 0 {
                    let balance = statement.query_row(params_from_iter(values), |row| row.get(0));
                    let _: i64 = balance.expect("the row takes it");
                } else {
                    let changed = statement.execute(params_from_iter(values));
                    assert_eq!(changed.expect("the row takes it"), 1);
                }
            }
            transaction.commit().expect("the disk takes it");
        }
    }
}
