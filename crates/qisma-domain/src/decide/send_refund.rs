//! Send a refund: write down that the acquirer is about to be asked, before it is. Of many who want to,
//! one may.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, PaymentNotFound};
use crate::attempt::CardAttempt;
use crate::changes::Changes;
use crate::ids::{PaymentId, RefundId};
use crate::limits;
use crate::money::Amount;
use crate::refund::{RefundState, first_open, given_back};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Send a refund.
#[derive(Clone, Copy, Debug)]
pub struct SendRefund {
    /// The payment.
    pub payment: PaymentId,
    /// The refund's number.
    pub number: u16,
    /// Whether the acquirer has just said that nothing came of the last time it was asked. Without that,
    /// only a refund that was never sent is.
    pub nothing_came_of_it: bool,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Ask the acquirer for this.
    Ask {
        /// The order that was paid.
        card: Box<CardAttempt>,
        /// How much to give back.
        amount: Amount,
        /// What a repetition is told by.
        id: RefundId,
        /// When it was written down that the acquirer is asked.
        sent_at: Timestamp,
        /// What the acquirer had given back of the order before, as far as we know.
        given_back_millimes: i64,
        /// Whether it was never asked before.
        is_first: bool,
    },
    /// Nothing: it is final, under way, or stands behind another one.
    Wait,
}

impl Decide for SendRefund {
    type Answer = Sending;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.refunds.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Sending, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut refund = change.before().refund(self.number).ok_or(PaymentNotFound)?.clone();
        let paid_by = change.before().captured_attempt().ok_or(PaymentNotFound)?;
        let card = paid_by.card().ok_or(PaymentNotFound)?.clone();
        let is_next =
            first_open(&change.before().refunds).is_some_and(|open| open.number == self.number);
        let may_be_sent = match refund.state {
            RefundState::Pending => true,
            RefundState::Sent { .. } | RefundState::Unknown { .. } => {
                self.nothing_came_of_it && refund.may_be_sent_again(now)
            }
            RefundState::Succeeded { .. } | RefundState::Failed { .. } => false,
        };
        if !is_next || !may_be_sent {
            return Ok((Sending::Wait, Changes::none()));
        }
        let is_first = refund.state == RefundState::Pending;
        refund.state = RefundState::Sent { at: now };
        // If we die before the acquirer answers, this look finds out what it did.
        refund.next_look_at = Some(now.plus_secs(limits::INQUIRY_STEP_SECS));
        let (amount, id) = (refund.amount, refund.id);
        let given_back_millimes = given_back(&change.before().refunds).millimes();
        change.put_refund(refund);
        let card = Box::new(card);
        let ask = Sending::Ask { card, amount, id, sent_at: now, given_back_millimes, is_first };
        Ok((ask, change.finish()))
    }
}
