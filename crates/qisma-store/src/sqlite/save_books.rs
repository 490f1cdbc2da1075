//! Writes the books: entries, their lines, what is held, and the balances that are folded from them.

use qisma_domain::hold::Hold;
use qisma_domain::ids::HoldId;
use qisma_domain::journal::{JournalEntry, LineKey, UnfoldedLine};
use rusqlite::{Connection, params};

use super::save::{Step, StepError, one_row};
use super::sql;
use crate::fold::{Delta, Write};

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
    for line in entry.unfolded_lines() {
        insert_unfolded_line(connection, &line)?;
    }
    Ok(())
}

fn insert_unfolded_line(connection: &Connection, line: &UnfoldedLine) -> Step {
    let (account, id) = (&line.account, line.account.id());
    connection.prepare_cached(sql::INSERT_UNFOLDED_LINE)?.execute(params![
        line.key.entry.shard().0,
        line.key.entry.as_bytes(),
        line.key.line,
        id.shard().0,
        id.as_bytes(),
        account.owner_text(),
        account.kind.as_str(),
        account.mode.as_str(),
        account.currency.code(),
        line.amount_millimes,
        line.hold.as_ref().map(HoldId::as_bytes),
        line.at.micros(),
    ])?;
    Ok(())
}

/// Writes which lines are folded now, and which no longer wait for it.
pub(super) fn save_fold(
    connection: &Connection,
    folded: &[UnfoldedLine],
    no_longer_unfolded: &[LineKey],
) -> Step {
    for line in folded {
        let account = line.account.id();
        connection.prepare_cached(sql::INSERT_ACCOUNT_LINE)?.execute(params![
            account.shard().0,
            account.as_bytes(),
            line.key.entry.as_bytes(),
            line.key.line,
            line.amount_millimes,
            line.at.micros(),
        ])?;
    }
    for line in no_longer_unfolded {
        let key = (line.entry.shard().0, line.entry.as_bytes(), line.line);
        let changed = connection.prepare_cached(sql::DELETE_UNFOLDED_LINE)?.execute(key)?;
        one_row(changed, "line to be folded")?;
    }
    Ok(())
}

/// Writes a hold.
pub(super) fn save_hold(connection: &Connection, write: &Write<Hold>) -> Step {
    let (row, account) = (&write.row, &write.row.account);
    let shard = row.id.shard().0;
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_HOLD)?.execute(params![
            shard,
            row.id.as_bytes(),
            row.state.as_str(),
            row.version,
            write.expected_version,
            row.look_at.micros(),
        ])?;
        return one_row(changed, "hold");
    }
    connection.prepare_cached(sql::INSERT_HOLD)?.execute(params![
        shard,
        row.id.as_bytes(),
        account.id().as_bytes(),
        account.owner_text(),
        account.kind.as_str(),
        account.mode.as_str(),
        account.currency.code(),
        row.amount.millimes(),
        row.payment.as_bytes(),
        row.attempt,
        row.state.as_str(),
        row.opened_at.micros(),
        row.version,
        row.look_at.micros(),
    ])?;
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
            delta.held_millimes,
        ],
        |row| row.get(0),
    )?;
    if available < 0 && delta.available_millimes() < 0 && !account.kind.may_be_negative() {
        return Err(StepError::Guard("an account would fall below zero".into()));
    }
    Ok(())
}
