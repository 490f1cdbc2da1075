//! Rows and what they mean. A row that no version of this schema writes is an error, never a guess.

mod people;

use qisma_domain::account::Account;
use qisma_domain::attempt::{Attempt, AttemptState, RailAttempt};
use qisma_domain::challenge::Challenge;
use qisma_domain::delivery::{Delivery, DeliveryMethod, DeliveryState};
use qisma_domain::event::{Event, EventKind};
use qisma_domain::fees::FeePlan;
use qisma_domain::hold::{Hold, HoldState};
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyRow, IdempotencyScope};
use qisma_domain::ids::{
    AccountId, AppId, ChallengeId, DeliveryId, EntryId, EventId, HoldId, MerchantId, Mode,
    PaymentId,
};
use qisma_domain::journal::{LineKey, UnfoldedLine};
use qisma_domain::link::Link;
use qisma_domain::money::{Amount, Currency};
use qisma_domain::split::{Leg, LegKind};
use qisma_domain::time::Timestamp;
use serde::de::DeserializeOwned;

pub use people::{
    app_from, card_from, card_window_from, key_pair_from, merchant_from, phone_window_from,
    terminal_from, wallet_from,
};

use crate::error::ReadError;
pub use crate::payment_rows::{
    MoneyColumns, payment_from, payment_state_columns, saved_card_from, settlement_columns,
};
use crate::row::Row;

pub(crate) type Read<T> = Result<T, ReadError>;

pub(crate) fn known<T>(value: Option<T>, what: &str) -> Read<T> {
    value.ok_or_else(|| ReadError::Corrupt(what.to_owned()))
}

pub(crate) fn json<T: DeserializeOwned>(text: &str, what: &str) -> Read<T> {
    serde_json::from_str(text).map_err(|_| ReadError::Corrupt(what.to_owned()))
}

pub(crate) fn at(row: &Row<'_>, column: usize) -> Read<Timestamp> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

pub(crate) fn mode(row: &Row<'_>, column: usize) -> Read<Mode> {
    known(Mode::parse(&row.get::<String>(column)?), "mode")
}

pub(crate) fn merchant_id(row: &Row<'_>, column: usize) -> Read<MerchantId> {
    known(MerchantId::from_number(row.get(column)?), "merchant id")
}

pub(crate) fn link(row: &Row<'_>, column: usize) -> Read<Option<Link>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Link::from_stored(&text).map_err(|_| ReadError::Corrupt("link".into())))
        .transpose()
}

pub(crate) fn fee_plan(row: &Row<'_>, column: usize) -> Read<Option<FeePlan>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| json(&text, "fee plan")).transpose()
}

/// A leg.
pub fn leg_from(row: &Row<'_>) -> Read<Leg> {
    Ok(Leg {
        number: row.get(0)?,
        destination: merchant_id(row, 1)?,
        amount: known(Amount::from_millimes(row.get(2)?).ok(), "leg amount")?,
        kind: known(LegKind::parse(&row.get::<String>(3)?), "leg kind")?,
        captured: row
            .get::<Option<i64>>(4)?
            .map(|millimes| known(Amount::from_millimes(millimes).ok(), "leg share"))
            .transpose()?,
    })
}

/// An attempt.
pub fn attempt_from(row: &Row<'_>) -> Read<Attempt> {
    Ok(Attempt {
        payment: PaymentId::from_bytes(row.get(0)?),
        number: row.get(1)?,
        state: json::<AttemptState>(&row.get::<String>(2)?, "attempt state")?,
        rail: json::<RailAttempt>(&row.get::<String>(3)?, "attempt rail")?,
        started_at: at(row, 4)?,
        updated_at: at(row, 5)?,
        version: row.get(6)?,
    })
}

/// A code that was sent.
pub fn challenge_from(row: &Row<'_>) -> Read<Challenge> {
    Ok(Challenge {
        id: ChallengeId::from_bytes(row.get(0)?),
        payment: PaymentId::from_bytes(row.get(1)?),
        attempt: row.get(2)?,
        code_hash: row.get(3)?,
        sent_at: at(row, 4)?,
        expires_at: at(row, 5)?,
        tries: row.get(6)?,
        ended: row.get(7)?,
        version: row.get(8)?,
    })
}

/// What is remembered of an idempotency key: first where it counts.
pub fn idempotency_from(row: &Row<'_>) -> Read<IdempotencyRow> {
    Ok(IdempotencyRow {
        scope: idempotency_scope_from(row)?,
        fingerprint: row.get(4)?,
        payment: PaymentId::from_bytes(row.get(5)?),
        answer: row.get(6)?,
        request_id: row.get(7)?,
        created_at: at(row, 8)?,
        route: row.get(9)?,
    })
}

/// An account: its id in this column, and owner, kind, mode and currency in the next.
fn account(row: &Row<'_>, id: usize) -> Read<Account> {
    let (owner, kind): (String, String) = (row.get(id + 1)?, row.get(id + 2)?);
    let currency = known(Currency::parse(&row.get::<String>(id + 4)?), "currency")?;
    let kept = (mode(row, id + 3)?, currency);
    let found = Account::from_stored(&owner, &kind, kept, &AccountId::from_bytes(row.get(id)?));
    known(found, "account")
}

/// A line that waits for its fold.
pub fn unfolded_line_from(row: &Row<'_>) -> Read<UnfoldedLine> {
    Ok(UnfoldedLine {
        key: LineKey { entry: EntryId::from_bytes(row.get(0)?), line: row.get(1)? },
        account: account(row, 2)?,
        amount_millimes: row.get(7)?,
        hold: row.get::<Option<[u8; 16]>>(8)?.map(HoldId::from_bytes),
        at: at(row, 9)?,
    })
}

/// A hold.
pub fn hold_from(row: &Row<'_>) -> Read<Hold> {
    Ok(Hold {
        id: HoldId::from_bytes(row.get(0)?),
        account: account(row, 1)?,
        amount: known(Amount::from_millimes(row.get(6)?).ok(), "held amount")?,
        payment: PaymentId::from_bytes(row.get(7)?),
        attempt: row.get(8)?,
        state: known(HoldState::parse(&row.get::<String>(9)?), "hold state")?,
        opened_at: at(row, 10)?,
        look_at: at(row, 12)?,
        version: row.get(11)?,
    })
}

/// How a receiver takes deliveries.
pub fn delivery_method_from(row: &Row<'_>, column: usize) -> Read<DeliveryMethod> {
    known(DeliveryMethod::parse(&row.get::<String>(column)?), "delivery method")
}

/// Where an idempotency key counts.
pub fn idempotency_scope_from(row: &Row<'_>) -> Read<IdempotencyScope> {
    let about: String = row.get(2)?;
    let about = (!about.is_empty()).then(|| PaymentId::parse(&about).ok());
    Ok(IdempotencyScope {
        merchant: merchant_id(row, 0)?,
        mode: mode(row, 1)?,
        about: about.map(|id| known(id, "payment of a key")).transpose()?,
        key: known(IdempotencyKey::from_stored(&row.get::<String>(3)?).ok(), "idempotency key")?,
    })
}

/// An event.
pub fn event_from(row: &Row<'_>) -> Read<Event> {
    Ok(Event {
        id: EventId::from_bytes(row.get(0)?),
        payment: PaymentId::from_bytes(row.get(1)?),
        sequence: row.get(2)?,
        kind: known(EventKind::parse(&row.get::<String>(3)?), "event kind")?,
        body: row.get(4)?,
        at: at(row, 5)?,
    })
}

/// A delivery.
pub fn delivery_from(row: &Row<'_>) -> Read<Delivery> {
    let state_at = at(row, 9)?;
    let state = match row.get::<String>(8)?.as_str() {
        "pending" => Some(DeliveryState::Pending { next_at: state_at }),
        "delivered" => Some(DeliveryState::Delivered { at: state_at }),
        "dead" => Some(DeliveryState::Dead { at: state_at }),
        "gone" => Some(DeliveryState::Gone { at: state_at }),
        _ => None,
    };
    Ok(Delivery {
        id: DeliveryId::from_bytes(row.get(0)?),
        event: EventId::from_bytes(row.get(1)?),
        payment: PaymentId::from_bytes(row.get(2)?),
        app: AppId::from_bytes(row.get(3)?),
        url: row.get(4)?,
        post_url: row.get(5)?,
        origin: row.get(6)?,
        method: delivery_method_from(row, 7)?,
        state: known(state, "delivery status")?,
        tries: row.get(10)?,
        last_result: row.get(11)?,
        replay: row.get(12)?,
        created_at: at(row, 13)?,
        version: row.get(14)?,
    })
}

/// The moment in a delivery's state.
pub const fn delivery_state_at(state: &DeliveryState) -> Timestamp {
    match state {
        DeliveryState::Pending { next_at: at }
        | DeliveryState::Delivered { at }
        | DeliveryState::Dead { at }
        | DeliveryState::Gone { at } => *at,
    }
}
