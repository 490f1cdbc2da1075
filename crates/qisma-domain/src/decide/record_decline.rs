//! Record that the bank declined an order, and count it for the card that was declined, in one change
//! (ADR 0021).

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentNotFound;
use super::record_outcome::{Outcome, RecordOutcome};
use crate::attempt::Attempt;
use crate::card::{CardFingerprint, CardWindow};
use crate::changes::Changes;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Record a decline.
#[derive(Clone, Debug)]
pub struct RecordDecline {
    /// What the bank says.
    pub outcome: RecordOutcome,
    /// The card that it says it of.
    pub card: CardFingerprint,
}

impl Decide for RecordDecline {
    type Answer = Outcome;
    type Refusal = PaymentNotFound;

    fn keys(&self, keys: &mut Keys) {
        self.outcome.keys(keys);
        keys.card_windows.insert(self.card);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Outcome, Changes), PaymentNotFound> {
        let (outcome, mut changes) = self.outcome.decide(see, now, rng)?;
        let number = self.outcome.attempt;
        let attempt = changes.attempts.iter_mut().find(|attempt| attempt.number == number);
        // The same news again changes no attempt, and an attempt counts once.
        let card = attempt.filter(|_| outcome == Outcome::Declined).and_then(Attempt::card_mut);
        if let Some(card) = card.filter(|card| card.declined_card.is_none()) {
            card.declined_card = Some(Box::new(self.card));
            let old = see.card_windows.get(&self.card);
            changes.card_windows.push(CardWindow::declined(old, self.card, now));
        }
        Ok((outcome, changes))
    }
}
