//! Start a card attempt where the payment and its cards have not been tried too often (ADR 0021).

use rand_core::Rng;

use super::Decide;
use super::start_card::{CardStarted, StartCard, StartRefusal};
use crate::card::CardLimits;
use crate::changes::Changes;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Start a card attempt within these limits.
#[derive(Clone, Debug)]
pub struct StartLimitedCard {
    /// The attempt.
    pub start: StartCard,
    /// How much may be tried.
    pub limits: CardLimits,
}

impl Decide for StartLimitedCard {
    type Answer = CardStarted;
    type Refusal = StartRefusal;

    fn keys(&self, keys: &mut Keys) {
        self.start.keys(keys);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CardStarted, Changes), StartRefusal> {
        // First whatever else is in the way: a payment that has ended says so.
        let started = self.start.decide(see, now, rng)?;
        let aggregate = see.payments.get(&self.start.payment).ok_or(StartRefusal::NotFound)?;
        if self.limits.are_used_up(aggregate, &see.card_windows, now) {
            return Err(StartRefusal::TooManyCardAttempts);
        }
        Ok(started)
    }
}
