//! Start a card attempt: take the payment's lock and mint the order number, before the bank is
//! called.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::account::Acquirer;
use crate::attempt::{Attempt, AttemptState, CardAttempt, RailAttempt};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::limits;
use crate::money::Amount;
use crate::payment::PaymentState;
use crate::snapshot::{Keys, PaymentAggregate, Snapshot};
use crate::time::Timestamp;

/// Start a card attempt.
#[derive(Clone, Debug)]
pub struct StartCard {
    /// The payment.
    pub payment: PaymentId,
    /// Who is to acquire it.
    pub acquirer: Acquirer,
}

/// A card attempt has begun: now the bank may be asked for its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardStarted {
    /// The attempt's number.
    pub attempt: u16,
    /// Our reference at the bank.
    pub order_number: String,
    /// What is to be paid.
    pub amount: Amount,
    /// Whether the bank is only to hold it.
    pub is_hold: bool,
    /// How long the bank's session may last.
    pub session_timeout_secs: i64,
}

/// Why no attempt was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartRefusal {
    /// No such payment.
    NotFound,
    /// Somebody is paying it already.
    AttemptOpen,
    /// It has ended, or its money is held.
    Ended,
    /// Its time is over, though nobody has said so yet.
    TimeOver,
    /// It cannot be paid this way.
    RailNotAccepted,
    /// No further attempt may be made.
    TooManyAttempts,
    /// No further card may be tried, or not within this hour.
    TooManyCardAttempts,
}

/// What stands in the way of a new attempt, on any rail.
pub fn check_can_start(aggregate: &PaymentAggregate, now: Timestamp) -> Result<(), StartRefusal> {
    let payment = &aggregate.payment;
    if !payment.state.awaits_payer() {
        return Err(StartRefusal::Ended);
    }
    if aggregate.open_attempt().is_some() {
        return Err(StartRefusal::AttemptOpen);
    }
    if !payment.is_payable(now) {
        return Err(StartRefusal::TimeOver);
    }
    // A terminal is asked once: its first answer is the transaction's.
    let at_terminal = payment.channel.terminal().is_some();
    let started_max = if at_terminal { 1 } else { limits::ATTEMPTS_STARTED_MAX };
    if started_max <= aggregate.attempts.len() {
        return Err(StartRefusal::TooManyAttempts);
    }
    Ok(())
}

/// The number of a payment's next attempt.
pub fn next_number(aggregate: &PaymentAggregate) -> u16 {
    aggregate.attempts.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1
}

impl Decide for StartCard {
    type Answer = CardStarted;
    type Refusal = StartRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(CardStarted, Changes), StartRefusal> {
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| StartRefusal::NotFound)?;
        if !change.payment.accept_card {
            return Err(StartRefusal::RailNotAccepted);
        }
        check_can_start(change.before(), now)?;
        let number = next_number(change.before());
        let order_number = CardAttempt::order_number_of(&self.payment, number);
        let expires_at = change.payment.expires_at;
        change.put_attempt(Attempt {
            payment: self.payment,
            number,
            rail: RailAttempt::Card(CardAttempt::begin(
                self.acquirer,
                order_number.clone(),
                expires_at,
                change.now,
            )),
            state: AttemptState::Init,
            started_at: change.now,
            updated_at: change.now,
            version: 0,
        });
        change.become_state(PaymentState::Processing);
        let answer = CardStarted {
            attempt: number,
            order_number,
            amount: change.payment.amount,
            is_hold: change.payment.hold_secs.is_some(),
            session_timeout_secs: expires_at.secs_left(now),
        };
        Ok((answer, change.finish()))
    }
}
