//! Record what became of a refund at the acquirer. The same news twice changes nothing.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, PaymentNotFound};
use crate::account::Acquirer;
use crate::changes::Changes;
use crate::event::EventKind;
use crate::ids::PaymentId;
use crate::journal::EntryKind;
use crate::postings::{Source, of_refund_failed, of_refund_paid};
use crate::refund::{Refund, RefundState, first_open};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What the acquirer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundReport {
    /// The money is back with the payer.
    Done,
    /// It refuses, and has given nothing back.
    Refused {
        /// Why, in its number.
        code: i64,
    },
    /// It did not answer, or not in a way that can be understood.
    NoAnswer,
    /// It knows nothing of the refund.
    NotDone,
    /// What it gave back in all is neither what we know of nor that with this refund.
    SumsDiffer,
}

/// Record what became of a refund.
#[derive(Clone, Copy, Debug)]
pub struct RecordRefund {
    /// The payment.
    pub payment: PaymentId,
    /// The refund's number.
    pub number: u16,
    /// What the acquirer says.
    pub report: RefundReport,
    /// To which asking it says so; none: to a look of ours. A refusal of an earlier asking says nothing
    /// of a later one.
    pub sent_at: Option<Timestamp>,
}

impl Decide for RecordRefund {
    /// Where the refund stands now.
    type Answer = RefundState;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.refunds.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(RefundState, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut refund = change.before().refund(self.number).ok_or(PaymentNotFound)?.clone();
        let paid_by = change.before().captured_attempt().ok_or(PaymentNotFound)?;
        let acquirer = paid_by.card().ok_or(PaymentNotFound)?.acquirer;
        // One that was never sent has nothing to be told of, and the end stays what it is.
        let Some(sent_at) = refund.state.asked_at() else {
            return Ok((refund.state, Changes::none()));
        };
        let is_of_another = self.sent_at.is_some_and(|of| of != sent_at);
        match self.report {
            RefundReport::Refused { .. } if is_of_another => {
                return Ok((refund.state, Changes::none()));
            }
            RefundReport::Done => succeed(&mut change, refund, acquirer, rng),
            RefundReport::Refused { code } => fail(&mut change, refund, code, rng),
            RefundReport::NoAnswer | RefundReport::NotDone | RefundReport::SumsDiffer => {
                refund.state = RefundState::Unknown { sent_at };
                refund.plan_next_look(now);
                refund.needs_operator |= self.report == RefundReport::SumsDiffer;
                change.put_refund(refund);
            }
        }
        let after = change.refunds().iter().find(|refund| refund.number == self.number);
        let state = after.map(|refund| refund.state).ok_or(PaymentNotFound)?;
        if state.is_final() {
            call_up_next(&mut change, now);
        }
        Ok((state, change.finish()))
    }
}

/// The payer has the money.
pub(super) fn succeed(
    change: &mut PaymentChange<'_>,
    mut refund: Refund,
    acquirer: Acquirer,
    rng: &mut dyn Rng,
) {
    let (number, reference) = (refund.number, refund.id.to_string());
    let postings = of_refund_paid(&change.payment, &refund, Source::Card(acquirer));
    change.post(EntryKind::RefundPaid, reference, postings, rng);
    end(&mut refund, RefundState::Succeeded { at: change.now });
    change.put_refund(refund);
    change.emit_refund(EventKind::RefundSucceeded, number, rng);
}

/// The payer has nothing: the legs have their parts again.
pub(super) fn fail(
    change: &mut PaymentChange<'_>,
    mut refund: Refund,
    code: i64,
    rng: &mut dyn Rng,
) {
    let (number, reference) = (refund.number, refund.id.to_string());
    let postings = of_refund_failed(&change.payment, &refund);
    change.post(EntryKind::RefundFailed, reference, postings, rng);
    end(&mut refund, RefundState::Failed { at: change.now, code });
    change.put_refund(refund);
    change.emit_refund(EventKind::RefundFailed, number, rng);
}

const fn end(refund: &mut Refund, state: RefundState) {
    refund.state = state;
    refund.next_look_at = None;
    refund.needs_operator = false;
}

/// The refund that stood behind this one is sent now.
pub(super) fn call_up_next(change: &mut PaymentChange<'_>, now: Timestamp) {
    let Some(next) = first_open(change.refunds()).cloned() else { return };
    change.put_refund(Refund { next_look_at: Some(now), ..next });
}
