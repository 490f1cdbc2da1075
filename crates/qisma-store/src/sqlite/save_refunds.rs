//! Writes refunds and what they take from the legs.

use qisma_domain::refund::Refund;
use qisma_domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::save::{Step, json, one_row};
use super::sql;
use crate::fold::Write;

pub(super) fn save_refund(connection: &Connection, write: &Write<Refund>) -> Step {
    let row = &write.row;
    let shard = row.payment.shard().0;
    let next_look = row.next_look_at.map(Timestamp::micros);
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_REFUND)?.execute(params![
            shard,
            row.payment.as_bytes(),
            row.number,
            row.state.as_str(),
            json(&row.state),
            next_look,
            row.looks,
            row.needs_operator,
            row.updated_at.micros(),
            row.version,
            write.expected_version,
        ])?;
        return one_row(changed, "refund");
    }
    connection.prepare_cached(sql::INSERT_REFUND)?.execute(params![
        shard,
        row.payment.as_bytes(),
        row.number,
        row.id.to_string(),
        row.amount.millimes(),
        row.state.as_str(),
        json(&row.state),
        next_look,
        row.looks,
        row.needs_operator,
        row.asked_at.micros(),
        row.updated_at.micros(),
        row.version,
    ])?;
    let mut insert_part = connection.prepare_cached(sql::INSERT_REFUND_PART)?;
    for part in &row.parts {
        insert_part.execute(params![
            shard,
            row.payment.as_bytes(),
            row.number,
            part.leg,
            part.destination.number(),
            part.amount.millimes(),
            part.credited_to.as_str(),
            part.from_credited.millimes(),
            part.from_available.millimes(),
            part.from_debt.millimes(),
        ])?;
    }
    Ok(())
}
