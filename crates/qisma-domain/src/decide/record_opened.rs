//! Record that the bank has opened its page for a card attempt.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use crate::attempt::{AttemptState, Opened};
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::limits;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Record the bank's page.
#[derive(Clone, Debug)]
pub struct RecordOpened {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
    /// What the bank answered.
    pub opened: Opened,
}

/// The attempt has ended meanwhile: the page must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptEnded;

impl Decide for RecordOpened {
    type Answer = ();
    type Refusal = AttemptEnded;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), AttemptEnded> {
        let mut change = PaymentChange::begin(see, &self.payment, now).map_err(|_| AttemptEnded)?;
        let mut attempt = change.before().attempt(self.attempt).ok_or(AttemptEnded)?.clone();
        if !attempt.state.is_open() {
            return Err(AttemptEnded);
        }
        attempt.state = AttemptState::Sent;
        let at = change.now;
        let card = attempt.card_mut().ok_or(AttemptEnded)?;
        card.opened = Some(self.opened.clone());
        card.next_look_at = Some(at.plus_secs(limits::INQUIRY_STEP_SECS));
        change.put_attempt(attempt);
        Ok(((), change.finish()))
    }
}
