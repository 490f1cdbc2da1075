//! Writes a batch's changes in one transaction: state, journal, events and idempotency rows, or none
//! of it.

use qisma_domain::attempt::Attempt;
use qisma_domain::changes::Changes;
use qisma_domain::delivery::Delivery;
use qisma_domain::event::Event;
use qisma_domain::idempotency::{IdempotencyRow, IdempotencyScope};
use qisma_domain::payment::Payment;
use qisma_domain::time::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::save_books::{add_to_account, insert_entry, save_fold, save_hold};
use super::save_people::save_people;
use super::save_refunds::save_refund;
use super::{Writer, sql};
use crate::fold::{Write, fold_books, fold_rows};
use crate::rows::{MoneyColumns, delivery_state_at, payment_state_columns, settlement_columns};
use crate::save_error::SaveError;

/// A failure inside the transaction: what was written so far is rolled back.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    /// A row was not at the version that was loaded, or an account fell below zero.
    #[error("{0}")]
    Guard(String),
}

pub(super) type Step = Result<(), StepError>;

impl Writer {
    /// Saves a batch's changes. On any error but `Unknown` nothing of it is kept.
    pub(super) fn save_changes(&mut self, changes: Changes) -> Result<(), SaveError> {
        let epoch = self.epoch;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| before_commit(&error))?;
        let written = check_epoch(&transaction, epoch).and_then(|()| write(&transaction, changes));
        if let Err(error) = written {
            return Err(match error {
                StepError::Database(cause) => before_commit(&cause),
                StepError::Guard(why) if why == EPOCH_LOST => SaveError::Unknown(why),
                StepError::Guard(why) => SaveError::Statement(why),
            });
        }
        match transaction.commit() {
            Ok(()) => Ok(()),
            // A full disk at the commit: SQLite has rolled back, and says so by leaving the
            // transaction.
            Err(error) if is(&error, ErrorCode::DiskFull) && self.connection.is_autocommit() => {
                Err(SaveError::StorageFull)
            }
            Err(error) => Err(SaveError::Unknown(error.to_string())),
        }
    }
}

const EPOCH_LOST: &str = "another process has taken over this database";

fn check_epoch(connection: &Connection, epoch: i64) -> Step {
    let mut statement = connection.prepare_cached(sql::FIND_EPOCH)?;
    let found: i64 = statement.query_row([], |row| row.get(0))?;
    if found == epoch { Ok(()) } else { Err(StepError::Guard(EPOCH_LOST.into())) }
}

/// An error before the commit: the transaction rolls back, so nothing of it can be on the disk.
/// But a disk that fails once is not to be trusted with the next batch.
fn before_commit(error: &rusqlite::Error) -> SaveError {
    if is(error, ErrorCode::DiskFull) {
        SaveError::StorageFull
    } else if is(error, ErrorCode::DatabaseBusy)
        || is(error, ErrorCode::DatabaseLocked)
        || is(error, ErrorCode::OutOfMemory)
    {
        // Not the fault of any one command, so there is no culprit to look for.
        SaveError::Busy(error.to_string())
    } else if is(error, ErrorCode::SystemIoFailure)
        || is(error, ErrorCode::DatabaseCorrupt)
        || is(error, ErrorCode::NotADatabase)
        || is(error, ErrorCode::ReadOnly)
    {
        SaveError::Unknown(error.to_string())
    } else {
        SaveError::Statement(error.to_string())
    }
}

fn is(error: &rusqlite::Error, code: ErrorCode) -> bool {
    error.sqlite_error_code() == Some(code)
}

/// Checks that a guarded write found its row.
pub(super) fn one_row(changed: usize, what: &str) -> Step {
    if changed == 1 {
        return Ok(());
    }
    Err(StepError::Guard(format!("a {what} was not at the version that was loaded")))
}

fn write(connection: &Connection, mut changes: Changes) -> Step {
    let deltas = fold_books(&changes);
    save_people(connection, &mut changes)?;
    for write in fold_rows(changes.payments, |row| row.id, |row| row.version) {
        save_payment(connection, &write)?;
    }
    for share in &changes.leg_shares {
        let (payment, millimes) = (share.payment, share.amount.millimes());
        let key = (payment.shard().0, payment.as_bytes(), share.leg, millimes);
        one_row(connection.prepare_cached(sql::UPDATE_LEG)?.execute(key)?, "leg")?;
    }
    // In order of their numbers: an attempt ends before the next one of its payment begins, or the
    // one-open-attempt index would refuse both.
    for write in fold_rows(changes.attempts, |row| (row.payment, row.number), |row| row.version) {
        save_attempt(connection, &write)?;
    }
    for write in fold_rows(changes.challenges, |row| row.id, |row| row.version) {
        save_challenge(connection, &write)?;
    }
    for write in fold_rows(changes.refunds, |row| (row.payment, row.number), |row| row.version) {
        save_refund(connection, &write)?;
    }
    for scope in &changes.idempotency_pruned {
        delete_idempotency_key(connection, scope)?;
    }
    for row in &changes.idempotency {
        insert_idempotency_key(connection, row)?;
    }
    for entry in &changes.entries {
        insert_entry(connection, entry)?;
    }
    save_fold(connection, &changes.folded, &changes.no_longer_unfolded)?;
    for write in fold_rows(changes.holds, |row| row.id, |row| row.version) {
        save_hold(connection, &write)?;
    }
    for delta in deltas.values() {
        add_to_account(connection, delta)?;
    }
    #[cfg(feature = "mutants")]
    if crate::mutants::is_on("forget_outbox_row") {
        return Ok(());
    }
    for event in &changes.events {
        insert_event(connection, event)?;
    }
    for write in fold_rows(changes.deliveries, |row| row.id, |row| row.version) {
        save_delivery(connection, &write)?;
    }
    for learned in &changes.learned {
        connection.prepare_cached(sql::PUT_LEARNED_METHOD)?.execute(params![
            learned.app.shard().0,
            learned.app.as_bytes(),
            learned.origin,
            learned.method.as_str()
        ])?;
    }
    Ok(())
}

fn save_payment(connection: &Connection, write: &Write<Payment>) -> Step {
    let row = &write.row;
    let shard = row.id.shard().0;
    let (attempt, reason, ended) = payment_state_columns(&row.state);
    let (settles_us, is_settled) = settlement_columns(row);
    let money = MoneyColumns::of(row);
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_PAYMENT)?.execute(params![
            shard,
            row.id.as_bytes(),
            row.state.as_str(),
            attempt,
            reason,
            ended,
            row.updated_at.micros(),
            row.sequence,
            row.version,
            write.expected_version,
            settles_us,
            is_settled,
            money.captured_millimes,
            money.authorized,
            money.look_us,
        ])?;
        return one_row(changed, "payment");
    }
    connection.prepare_cached(sql::INSERT_PAYMENT)?.execute(params![
        shard,
        row.id.as_bytes(),
        row.merchant.number(),
        row.app.as_bytes(),
        row.mode.as_str(),
        row.amount.millimes(),
        row.currency.code(),
        row.state.as_str(),
        attempt,
        reason,
        ended,
        row.created_at.micros(),
        row.updated_at.micros(),
        row.expires_at.micros(),
        row.success_link.as_ref().map(qisma_domain::link::Link::as_str),
        row.fail_link.as_ref().map(qisma_domain::link::Link::as_str),
        row.webhook.as_ref().map(qisma_domain::link::Link::as_str),
        row.developer_tracking_id,
        row.accept_card,
        row.image_url.as_ref().map(qisma_domain::link::Link::as_str),
        row.sequence,
        row.version,
        row.channel.as_str(),
        row.channel.terminal().map(qisma_domain::terminal::TerminalId::as_str),
        row.fee_plan.as_ref().map(json),
        settles_us,
        is_settled,
        row.client.as_ref().map(qisma_domain::binding::ClientRef::as_str),
        money.captured_millimes,
        row.hold_secs,
        money.authorized,
        money.look_us,
    ])?;
    insert_legs(connection, row)
}

fn insert_legs(connection: &Connection, row: &Payment) -> Step {
    let shard = row.id.shard().0;
    let mut insert_leg = connection.prepare_cached(sql::INSERT_LEG)?;
    for leg in &row.legs {
        insert_leg.execute(params![
            shard,
            row.id.as_bytes(),
            leg.number,
            leg.destination.number(),
            leg.amount.millimes(),
            leg.kind.as_str(),
        ])?;
    }
    Ok(())
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs are JSON")
}

fn save_attempt(connection: &Connection, write: &Write<Attempt>) -> Step {
    let row = &write.row;
    let shard = row.payment.shard().0;
    let card = row.card();
    let next_look = card.and_then(|card| card.next_look_at).map(Timestamp::micros);
    let needs_operator = card.is_some_and(|card| card.needs_operator);
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_ATTEMPT)?.execute(params![
            shard,
            row.payment.as_bytes(),
            row.number,
            row.state.as_str(),
            json(&row.state),
            json(&row.rail),
            next_look,
            needs_operator,
            row.updated_at.micros(),
            row.version,
            write.expected_version,
        ])?;
        return one_row(changed, "attempt");
    }
    connection.prepare_cached(sql::INSERT_ATTEMPT)?.execute(params![
        shard,
        row.payment.as_bytes(),
        row.number,
        row.state.as_str(),
        json(&row.state),
        json(&row.rail),
        card.map(|card| &card.order_number),
        next_look,
        needs_operator,
        row.started_at.micros(),
        row.updated_at.micros(),
        row.version,
    ])?;
    Ok(())
}

fn save_challenge(
    connection: &Connection,
    write: &Write<qisma_domain::challenge::Challenge>,
) -> Step {
    let row = &write.row;
    let shard = row.payment.shard().0;
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_CHALLENGE)?.execute(params![
            shard,
            row.payment.as_bytes(),
            row.id.as_bytes(),
            row.tries,
            row.ended,
            row.version,
            write.expected_version,
        ])?;
        return one_row(changed, "code");
    }
    connection.prepare_cached(sql::INSERT_CHALLENGE)?.execute(params![
        shard,
        row.id.as_bytes(),
        row.payment.as_bytes(),
        row.attempt,
        row.code_hash,
        row.sent_at.micros(),
        row.expires_at.micros(),
        row.tries,
        row.ended,
        row.version,
    ])?;
    Ok(())
}

fn delete_idempotency_key(connection: &Connection, scope: &IdempotencyScope) -> Step {
    let (merchant, mode) = (scope.merchant.number(), scope.mode.as_str());
    let key = (scope.shard().0, merchant, mode, scope.about_text(), scope.key.as_str());
    let changed = connection.prepare_cached(sql::DELETE_IDEMPOTENCY_KEY)?.execute(key)?;
    one_row(changed, "idempotency key")
}

fn insert_idempotency_key(connection: &Connection, row: &IdempotencyRow) -> Step {
    connection.prepare_cached(sql::INSERT_IDEMPOTENCY_KEY)?.execute(params![
        row.scope.shard().0,
        row.scope.merchant.number(),
        row.scope.mode.as_str(),
        row.scope.about_text(),
        row.scope.key.as_str(),
        row.fingerprint,
        row.payment.as_bytes(),
        row.answer,
        row.request_id,
        row.created_at.micros(),
        row.route,
    ])?;
    Ok(())
}

fn insert_event(connection: &Connection, event: &Event) -> Step {
    connection.prepare_cached(sql::INSERT_EVENT)?.execute(params![
        event.id.shard().0,
        event.id.as_bytes(),
        event.payment.as_bytes(),
        event.sequence,
        event.kind.as_str(),
        event.body,
        event.at.micros(),
    ])?;
    Ok(())
}

fn save_delivery(connection: &Connection, write: &Write<Delivery>) -> Step {
    let row = &write.row;
    let shard = row.id.shard().0;
    let state_at = delivery_state_at(&row.state).micros();
    if write.expected_version > 0 {
        let changed = connection.prepare_cached(sql::UPDATE_DELIVERY)?.execute(params![
            shard,
            row.id.as_bytes(),
            row.method.as_str(),
            row.state.as_str(),
            state_at,
            row.tries,
            row.last_result,
            row.replay,
            row.version,
            write.expected_version,
        ])?;
        return one_row(changed, "delivery");
    }
    connection.prepare_cached(sql::INSERT_DELIVERY)?.execute(params![
        shard,
        row.id.as_bytes(),
        row.event.as_bytes(),
        row.payment.as_bytes(),
        row.app.as_bytes(),
        row.url,
        row.post_url,
        row.origin,
        row.method.as_str(),
        row.state.as_str(),
        state_at,
        row.tries,
        row.last_result,
        row.replay,
        row.created_at.micros(),
        row.version,
    ])?;
    Ok(())
}
