//! Send a capture: write down that the acquirer is about to be asked for held money, before it is. Of many
//! who want to, one may.

use rand_core::Rng;

use super::Decide;
use super::payment_change::{PaymentChange, PaymentNotFound};
use crate::attempt::CardAttempt;
use crate::authorization::Step;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::limits;
use crate::money::Amount;
use crate::payment::PaymentState;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Send a capture.
#[derive(Clone, Copy, Debug)]
pub struct SendCapture {
    /// The payment.
    pub payment: PaymentId,
    /// Whether the acquirer has just said that it took nothing the last time it was asked. Without that,
    /// only a capture that was never sent is.
    pub nothing_came_of_it: bool,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capturing {
    /// Ask the acquirer for this.
    Ask {
        /// The order that is held.
        card: Box<CardAttempt>,
        /// How much to take of it.
        amount: Amount,
        /// When it was written down that the acquirer is asked.
        sent_at: Timestamp,
        /// Whether it was never asked before.
        is_first: bool,
    },
    /// Nothing: it is over, or under way.
    Wait,
}

impl Decide for SendCapture {
    type Answer = Capturing;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Capturing, Changes), PaymentNotFound> {
        let mut change = PaymentChange::begin(see, &self.payment, now)?;
        let mut held = change.payment.authorization.clone().ok_or(PaymentNotFound)?;
        let attempt = change.before().authorized_attempt().ok_or(PaymentNotFound)?;
        let card = attempt.card().ok_or(PaymentNotFound)?.clone();
        let is_first = matches!(held.step, Step::CapturePending { .. });
        let may_be_sent = is_first || self.nothing_came_of_it && held.may_be_sent_again(now);
        let amount = held
            .step
            .capturing()
            .filter(|_| may_be_sent && change.payment.state == PaymentState::Authorized);
        let Some(amount) = amount else { return Ok((Capturing::Wait, Changes::none())) };
        held.step = Step::CaptureSent { amount, sent_at: now };
        // If we die before the acquirer answers, this look finds out what it did.
        held.next_look_at = Some(now.plus_secs(limits::INQUIRY_STEP_SECS));
        change.put_authorization(held);
        let card = Box::new(card);
        Ok((Capturing::Ask { card, amount, sent_at: now, is_first }, change.finish()))
    }
}
