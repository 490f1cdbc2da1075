//! Writes the books: entries, their lines, and the balances that are folded from them.

use qisma_domain::journal::JournalEntry;
use rusqlite::{Connection, params};

use super::save::{Step, StepError};
use super::sql;
use crate::fold::Delta;

/// Appends an entry with its lines.
pub(super) fn insert_entry(connection: &Connection, entry: &JournalEntry) -> Step {
    let shard = entry.id.shard().0;
    connection.prepare_cached(sql::INSERT_ENTRY)?.execute(params![
        shard,
        entry.id.as_bytes(),
        entry.kind.as_str(),
        entry.reference,
        entry.payment.as_ref().map(|payment| payment.as_bytes().as_slice()),
        entry.postings.mode().as_str(),
        entry.postings.currency().code(),
        entry.at.micros(),
    ])?;
    let mut insert = connection.prepare_cached(sql::INSERT_POSTING)?;
    for (line, posting) in (1_i64..).zip(entry.postings.lines()) {
        let account = posting.account.id();
        insert.execute(params![
            shard,
            entry.id.as_bytes(),
            line,
            account.shard().0,
            account.as_bytes(),
            posting.amount_millimes,
        ])?;
    }
    Ok(())
}

/// Folds the batch's postings into a balance, and looks once more: the domain decided that the
/// money is there, and the database agrees before the commit.
pub(super) fn add_to_account(connection: &Connection, delta: &Delta) -> Step {
    let account = &delta.account;
    let id = account.id();
    let mut statement = connection.prepare_cached(sql::ADD_TO_ACCOUNT)?;
    let available: i64 = statement.query_row(
        params![
            id.shard().0,
            id.as_bytes(),
            account.owner_text(),
            account.kind.as_str(),
            account.mode.as_str(),
            account.currency.code(),
            delta.posted_millimes,
        ],
        |row| row.get(0),
    )?;
    if available < 0 && delta.posted_millimes < 0 && !account.kind.may_be_negative() {
        return Err(StepError::Guard("an account would fall below zero".into()));
    }
    Ok(())
}
