//! Record how giving back an unwanted approval went.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, PaymentNotFound, bank_is_final};
use crate::attempt::{Attempt, AttemptState, Reversal};
use crate::changes::Changes;
use crate::event::EventKind;
use crate::ids::PaymentId;
use crate::journal::EntryKind;
use crate::payment::PaymentState;
use crate::postings::of_unwanted_reversal;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What the acquirer answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversalReport {
    /// The money is back with the payer.
    GivenBack,
    /// It does not do that; the other way may be tried, or an operator asked.
    Refused,
    /// It keeps holding what it never took: only it, or an operator, can let that go.
    HoldKept,
    /// It did not answer: it is asked what it knows before anything is tried again.
    NoAnswer,
}

/// Record how giving back went.
#[derive(Clone, Debug)]
pub struct RecordReversal {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
    /// What the acquirer answered.
    pub report: ReversalReport,
}

impl Decide for RecordReversal {
    type Answer = Reversal;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Reversal, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut attempt = change.before().attempt(self.attempt).ok_or(PaymentNotFound)?.clone();
        let at = change.now;
        let card = attempt.card_mut().ok_or(PaymentNotFound)?;
        if !matches!(card.reversal, Reversal::Due | Reversal::RefundDue) {
            return Ok((card.reversal, Changes::none()));
        }
        match self.report {
            ReversalReport::GivenBack => {
                record_given_back(&mut change, attempt, rng);
                return Ok((Reversal::Done, change.finish()));
            }
            ReversalReport::Refused if card.reversal == Reversal::Due => {
                card.reversal = Reversal::RefundDue;
                card.next_look_at = Some(at);
            }
            ReversalReport::Refused | ReversalReport::HoldKept => {
                card.needs_operator = true;
                card.plan_next_look(false, at);
            }
            ReversalReport::NoAnswer => card.plan_next_look(true, at),
        }
        let reversal = attempt.card().map_or(Reversal::Done, |card| card.reversal);
        change.put_attempt(attempt);
        Ok((reversal, change.finish()))
    }
}

/// The unwanted money is back with the payer: out of suspense, and told. What was only held never was in
/// suspense; and where the merchant or the time let it go, that was told when it was.
pub(super) fn record_given_back(
    change: &mut PaymentChange<'_>,
    mut attempt: Attempt,
    rng: &mut dyn Rng,
) {
    let Some(card) = attempt.card_mut() else { return };
    card.reversal = Reversal::Done;
    let (acquirer, reference) = (card.acquirer, card.order_number.clone());
    let number = attempt.number;
    attempt.state = AttemptState::Voided { at: change.now };
    bank_is_final(&mut attempt);
    change.put_attempt(attempt);
    if change.payment.hold_secs.is_none() {
        let postings = of_unwanted_reversal(&change.payment, acquirer);
        change.post(EntryKind::UnwantedReversal, reference, postings, rng);
    }
    let authorized_by = change.payment.authorization.as_ref().map(|held| held.attempt);
    if authorized_by == Some(number) {
        return;
    }
    let is_paid =
        matches!(change.payment.state, PaymentState::Captured { .. } | PaymentState::Authorized);
    let kind =
        if is_paid { EventKind::DuplicateSuccessReversed } else { EventKind::LateSuccessReversed };
    change.emit(kind, rng);
}
