//! Record that the bank wants the holder of a saved card before it charges the card.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use super::record_opened::AttemptEnded;
use crate::binding::HolderStep;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Record what the holder has to do. The attempt's next look stays as it was planned.
#[derive(Clone, Debug)]
pub struct RecordHolderStep {
    /// The payment.
    pub payment: PaymentId,
    /// Its attempt.
    pub attempt: u16,
    /// What the bank wants.
    pub step: HolderStep,
}

impl Decide for RecordHolderStep {
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
        let saved = attempt.card_mut().and_then(|card| card.saved.as_mut()).ok_or(AttemptEnded)?;
        saved.step = Some(self.step.clone());
        change.put_attempt(attempt);
        Ok(((), change.finish()))
    }
}
