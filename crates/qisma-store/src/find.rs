//! Reads of one thing, in the words of whichever engine is asked.

use qisma_domain::account::Balance;
use qisma_domain::card::{CardFingerprint, CardWindow};
use qisma_domain::delivery::{Delivery, DeliveryMethod};
use qisma_domain::idempotency::{IdempotencyRow, IdempotencyScope};
use qisma_domain::ids::{AccountId, AppId, DeliveryId, Mode, PaymentId};
use qisma_domain::payment::{Payment, PaymentState};
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::wallet::{PhoneWindow, Wallet};

use crate::error::ReadError;
use crate::session::Value::{Id, Number, Shard, Text};
use crate::session::{Session, Value, statement};
use crate::{refunds, rows};

type Read<T> = Result<T, ReadError>;

/// What every row of a payment is found by.
pub(crate) const fn key(id: &PaymentId) -> [Value<'_>; 2] {
    [Shard(id.shard().0), Id(id.as_bytes())]
}

/// A payment with its legs, attempts and codes.
pub(crate) fn complete(session: Session<'_>, payment: Payment) -> Read<PaymentAggregate> {
    let mut found = without_codes(session, payment)?;
    let key = key(&found.payment.id);
    found.challenges = session.list(statement!(LIST_CHALLENGES), &key, rows::challenge_from)?;
    Ok(found)
}

/// The same for whoever has no use for codes.
pub(crate) fn without_codes(session: Session<'_>, mut payment: Payment) -> Read<PaymentAggregate> {
    let id = payment.id;
    let key = key(&id);
    payment.legs = session.list(statement!(LIST_LEGS), &key, rows::leg_from)?;
    let attempts = session.list(statement!(LIST_ATTEMPTS), &key, rows::attempt_from)?;
    // Nothing is given back of what was not captured.
    let is_captured = matches!(payment.state, PaymentState::Captured { .. });
    let refunds = if is_captured { refunds::of_payment(session, &id)? } else { vec![] };
    Ok(PaymentAggregate { attempts, challenges: vec![], refunds, payment })
}

/// A payment by its id.
pub(crate) fn payment(session: Session<'_>, id: &PaymentId) -> Read<Option<PaymentAggregate>> {
    let found = session.find(statement!(FIND_PAYMENT), &key(id), rows::payment_from)?;
    found.map(|payment| complete(session, payment)).transpose()
}

/// An account's balance; an account nobody has posted to stands at zero.
pub(crate) fn balance(session: Session<'_>, id: &AccountId) -> Read<Balance> {
    let values = [Shard(id.shard().0), Id(id.as_bytes())];
    let found = session.find(statement!(FIND_BALANCE), &values, |row| {
        Ok(Balance { posted_millimes: row.get(0)?, held_millimes: row.get(1)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// What is remembered of an idempotency key.
pub(crate) fn idempotency_row(
    session: Session<'_>,
    scope: &IdempotencyScope,
) -> Read<Option<IdempotencyRow>> {
    let about = scope.about_text();
    let values = [
        Shard(scope.shard().0),
        Number(scope.merchant.number()),
        Text(scope.mode.as_str()),
        Text(&about),
        Text(scope.key.as_str()),
    ];
    session.find(statement!(FIND_IDEMPOTENCY_KEY), &values, rows::idempotency_from)
}

/// A wallet by its phone.
pub(crate) fn wallet(session: Session<'_>, mode: Mode, phone: &Phone) -> Read<Option<Wallet>> {
    let values = [Shard(phone.shard(mode).0), Text(mode.as_str()), Text(phone.as_str())];
    session.find(statement!(FIND_WALLET), &values, rows::wallet_from)
}

/// The window of codes sent to a phone.
pub(crate) fn phone_window(
    session: Session<'_>,
    mode: Mode,
    phone: &Phone,
) -> Read<Option<PhoneWindow>> {
    let values = [Shard(phone.shard(mode).0), Text(mode.as_str()), Text(phone.as_str())];
    session.find(statement!(FIND_PHONE_WINDOW), &values, rows::phone_window_from)
}

/// How often a card was declined.
pub(crate) fn card_window(session: Session<'_>, card: CardFingerprint) -> Read<Option<CardWindow>> {
    let text = String::from(card);
    let values = [Shard(card.shard().0), Text(&text)];
    session.find(statement!(FIND_CARD_WINDOW), &values, rows::card_window_from)
}

/// A delivery.
pub(crate) fn delivery(session: Session<'_>, id: &DeliveryId) -> Read<Option<Delivery>> {
    let values = [Shard(id.shard().0), Id(id.as_bytes())];
    session.find(statement!(FIND_DELIVERY), &values, rows::delivery_from)
}

/// What a receiver was found to take.
pub(crate) fn learned_method(
    session: Session<'_>,
    app: &AppId,
    origin: &str,
) -> Read<Option<DeliveryMethod>> {
    let values = [Shard(app.shard().0), Id(app.as_bytes()), Text(origin)];
    session.find(statement!(FIND_LEARNED_METHOD), &values, |row| rows::delivery_method_from(row, 0))
}
