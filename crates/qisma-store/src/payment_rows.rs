//! The rows of payments, and what they mean: where a payment stands, what was taken and what is held.

use qisma_domain::attempt::{CardAttempt, RailAttempt};
use qisma_domain::authorization::Authorization;
use qisma_domain::binding::{BindingId, ClientRef};
use qisma_domain::ids::{AppId, PaymentId};
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::{Canceler, Channel, FailureReason, Payment, PaymentState, Settlement};
use qisma_domain::time::Timestamp;

use crate::row::Row;
use crate::rows::{Read, at, fee_plan, json, known, link, merchant_id, mode};

/// A payment, still without its legs.
pub fn payment_from(row: &Row<'_>) -> Read<Payment> {
    Ok(Payment {
        id: PaymentId::from_bytes(row.get(0)?),
        merchant: merchant_id(row, 1)?,
        app: AppId::from_bytes(row.get(2)?),
        mode: mode(row, 3)?,
        amount: known(Amount::from_millimes(row.get(4)?).ok(), "amount")?,
        currency: known(Currency::parse(&row.get::<String>(5)?), "currency")?,
        legs: vec![],
        state: payment_state(row)?,
        created_at: at(row, 10)?,
        updated_at: at(row, 11)?,
        expires_at: at(row, 12)?,
        channel: channel(row)?,
        success_link: link(row, 13)?,
        fail_link: link(row, 14)?,
        webhook: link(row, 15)?,
        developer_tracking_id: row.get(16)?,
        accept_card: row.get(17)?,
        image_url: link(row, 18)?,
        client: client(row, 26)?,
        hold_secs: row.get(28)?,
        authorization: authorization(row)?,
        sequence: row.get(19)?,
        version: row.get(20)?,
        fee_plan: fee_plan(row, 23)?,
        settlement: settlement(row)?,
    })
}

fn settlement(row: &Row<'_>) -> Read<Option<Settlement>> {
    let (at_us, is_booked): (Option<i64>, bool) = (row.get(24)?, row.get(25)?);
    Ok(at_us.map(|at_us| Settlement { at: Timestamp::from_micros(at_us), is_booked }))
}

/// The columns of a payment's settlement: when, and whether it is booked.
pub fn settlement_columns(payment: &Payment) -> (Option<i64>, bool) {
    let settlement = payment.settlement;
    let at_us = settlement.map(|settlement| settlement.at.micros());
    (at_us, settlement.is_some_and(|settlement| settlement.is_booked))
}

fn client(row: &Row<'_>, column: usize) -> Read<Option<ClientRef>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| known(ClientRef::parse(&text).ok(), "client of a payment")).transpose()
}

/// A card that was saved when it paid, and when that was; nothing where none was saved.
pub fn saved_card_from(row: &Row<'_>) -> Read<Option<(BindingId, Timestamp)>> {
    let rail = json::<RailAttempt>(&row.get::<String>(0)?, "attempt rail")?;
    let paid_at = at(row, 1)?;
    let RailAttempt::Card(CardAttempt { card: Some(card), .. }) = rail else { return Ok(None) };
    Ok(BindingId::parse(&card.binding_id).ok().map(|binding| (binding, paid_at)))
}

fn authorization(row: &Row<'_>) -> Read<Option<Authorization>> {
    let text: Option<String> = row.get(29)?;
    text.map(|text| json(&text, "authorization")).transpose()
}

fn channel(row: &Row<'_>) -> Read<Channel> {
    let (word, terminal): (String, Option<String>) = (row.get(21)?, row.get(22)?);
    known(Channel::from_stored(&word, terminal.as_deref()), "channel")
}

fn payment_state(row: &Row<'_>) -> Read<PaymentState> {
    let status: String = row.get(6)?;
    let attempt: Option<u16> = row.get(7)?;
    let reason: Option<String> = row.get(8)?;
    let ended: Option<i64> = row.get(9)?;
    let at = ended.map(Timestamp::from_micros);
    let state = match (status.as_str(), at, reason.as_deref()) {
        ("created", None, None) => Some(PaymentState::Created),
        ("processing", None, None) => Some(PaymentState::Processing),
        ("requires_action", None, None) => Some(PaymentState::RequiresAction),
        ("authorized", None, None) => Some(PaymentState::Authorized),
        ("captured", Some(at), None) => {
            let amount = row.get::<Option<i64>>(27)?.map(Amount::from_millimes);
            attempt
                .zip(amount.transpose().ok().flatten())
                .map(|(attempt, amount)| PaymentState::Captured { attempt, amount, at })
        }
        ("failed", Some(at), Some("declined")) => {
            Some(PaymentState::Failed { reason: FailureReason::Declined, at })
        }
        ("failed", Some(at), Some("unresolved")) => {
            Some(PaymentState::Failed { reason: FailureReason::Unresolved, at })
        }
        ("expired", Some(at), None) => Some(PaymentState::Expired { at }),
        ("canceled", Some(at), Some("payer")) => {
            Some(PaymentState::Canceled { by: Canceler::Payer, at })
        }
        ("canceled", Some(at), Some("merchant")) => {
            Some(PaymentState::Canceled { by: Canceler::Merchant, at })
        }
        _ => None,
    };
    known(state, "payment state")
}

/// The columns of a payment's state: attempt, reason, time.
pub fn payment_state_columns(
    state: &PaymentState,
) -> (Option<u16>, Option<&'static str>, Option<i64>) {
    match state {
        PaymentState::Created
        | PaymentState::Processing
        | PaymentState::RequiresAction
        | PaymentState::Authorized => (None, None, None),
        PaymentState::Captured { attempt, at, .. } => (Some(*attempt), None, Some(at.micros())),
        PaymentState::Failed { reason: FailureReason::Declined, at } => {
            (None, Some("declined"), Some(at.micros()))
        }
        PaymentState::Failed { reason: FailureReason::Unresolved, at } => {
            (None, Some("unresolved"), Some(at.micros()))
        }
        PaymentState::Expired { at } => (None, None, Some(at.micros())),
        PaymentState::Canceled { by: Canceler::Payer, at } => {
            (None, Some("payer"), Some(at.micros()))
        }
        PaymentState::Canceled { by: Canceler::Merchant, at } => {
            (None, Some("merchant"), Some(at.micros()))
        }
    }
}

/// The columns of what was taken of a payment, and of what is held for it.
pub struct MoneyColumns {
    /// What was taken.
    pub captured_millimes: Option<i64>,
    /// What is held, or was, as JSON.
    pub authorized: Option<String>,
    /// When that is looked after.
    pub look_us: Option<i64>,
}

impl MoneyColumns {
    /// Those of a payment.
    pub fn of(payment: &Payment) -> Self {
        let held = payment.authorization.as_ref();
        let is_captured = matches!(payment.state, PaymentState::Captured { .. });
        Self {
            captured_millimes: is_captured.then(|| payment.captured().millimes()),
            authorized: held
                .map(|held| serde_json::to_string(held).expect("plain structs are JSON")),
            look_us: held.and_then(|held| held.next_look_at).map(Timestamp::micros),
        }
    }
}
